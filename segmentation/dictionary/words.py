"""The words, the columns and the tokens that the seeds are written with."""

from __future__ import annotations

DATA_TYPES = ("text", "number", "integer", "flag", "date")
ROLES = (
    "id",
    "performance",
    "ordinal",
    "nominal",
    "high_cardinality",
    "flag",
    "profile_only",
    "binned",
    "excluded",
)
TRANSFORMS = ("log1p", "signed_log1p", "none")
THEMES = (
    "spending_power",
    "activity",
    "loyalty",
    "scale",
    "category",
    "channel",
    "region",
    "background",
    "risk",
)
DIRECTIONS = ("higher_is_better", "lower_is_better", "neutral")
CURRENCY_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "cny": "CN¥"}
CURRENCIES = tuple(CURRENCY_SIGNS)
UNITS = (
    *CURRENCIES,
    *(f"{currency}_per_month" for currency in CURRENCIES),
    "count",
    "count_per_month",
    "days",
    "months",
    "ratio",
    "index",
    "flag",
)
MISSING_POLICIES = ("median", "zero", "unknown_level", "none")
OUT_OF_RANGE_POLICIES = ("set_null", "clip", "reject")
BOOLEANS = ("true", "false")
BOUND_TYPES = ("lowest", "value", "quantile")
SLOTS = ("tier", "level", "risk", "core", "lifecycle", "behaviour")
"""What a phrase is in a segment's name; of the last four, nouns, only the first is said."""
NUMERIC_TYPES = ("number", "integer")
SELECTION_CRITERIA = (
    "smallest_segment",
    "distinctiveness",
    "uniqueness",
    "actionability",
    "explainability",
)
"""What the business value elbow judges a number of segments by."""
SEGMENTATION_METHODS = ("kprototypes", "famd_kmeans", "famd_gmm", "agglomerative")
"""The methods that a ``segmentation_id`` may begin with."""
PRIORITIES = ("1", "2", "3")
PARAMETER_KINDS = ("setting", "version")
SETTINGS = (
    "report_language",
    "value_attribute",
    "high_spend_share",
    "max_missing_share",
    "training_rows",
    "min_customers",
    "k_values",
    "planned_k",
    "final_k",
    "final_method",
    "final_k_reason",
    "score_margin",
    "max_encoded_features",
    "gamma",
    "kprototypes_engine",
    "n_init",
    "famd_axes",
    "training_rows_slow",
    "n_bootstraps",
    "n_bootstraps_slow",
    "n_references",
    "replicate_rows",
    "replicate_rows_slow",
    "min_agreement",
    "min_label_effect",
    "golden_min_precision",
    "golden_min_recall",
    "tree_depth",
    "min_tree_gain",
    "random_seed",
    "borderline_margin",
    "min_segment_overlap",
)
"""The vars that make the results what they are, as `macros/setting_names.sql` gives them."""

WORDS = {
    "data_type": DATA_TYPES,
    "role": ROLES,
    "transform": TRANSFORMS,
    "theme": ("", *THEMES),
    "direction": DIRECTIONS,
    "unit": ("", *UNITS),
    "is_required": BOOLEANS,
    "missing_policy": MISSING_POLICIES,
    "out_of_range_policy": ("", *OUT_OF_RANGE_POLICIES),
    "bound_type": BOUND_TYPES,
    "slot": SLOTS,
    "criterion": SELECTION_CRITERIA,
    "priority": PRIORITIES,
    "kind": PARAMETER_KINDS,
}
"""The words each column of a seed may hold; ``""`` where it may be blank."""

MISSING_TOKENS = ("", "\\N", "Unknown", "未知", "null", "nan", "n/a", "none", "-")
"""What means missing in every attribute, compared after `normalise_header`."""

DICTIONARY_COLUMNS = (
    "attribute",
    "aliases",
    "label_zh",
    "label_en",
    "definition_zh",
    "definition_en",
    "data_type",
    "role",
    "transform",
    "theme",
    "direction",
    "unit",
    "is_required",
    "missing_policy",
    "missing_tokens",
    "valid_min",
    "valid_max",
    "out_of_range_policy",
    "derivation",
)
LEVEL_COLUMNS = ("attribute", "level", "level_order", "label_zh", "label_en")
BIN_COLUMNS = (
    "feature",
    "level",
    "level_order",
    "label_zh",
    "label_en",
    "bound_type",
    "lower_bound",
)
FLAG_COLUMNS = ("flag", "attribute", "level")
INDICATOR_COLUMNS = ("theme", "attribute", "except_attribute", "except_level")
TRAIT_COLUMNS = (
    "slot",
    "attribute",
    "level",
    "min_effect",
    "max_effect",
    "min_share",
    "min_lift",
    "phrase_zh",
    "phrase_en",
)
NAME_COLUMNS = ("segmentation_id", "segment_id", "name_zh", "name_en", "reason")
LONGEST_NAMES = {"name_zh": 30, "name_en": 60}
"""Characters that a name given by a person may have."""
CRITERION_COLUMNS = (
    "criterion",
    "label_zh",
    "label_en",
    "question_zh",
    "question_en",
    "knock_out_below",
    "worst_value",
    "best_value",
    "weight",
)
REVIEW_COLUMNS = ("reviewer", "segmentation_id", "criterion", "score", "comment")
PLAYBOOK_COLUMNS = (
    "playbook",
    "label_zh",
    "label_en",
    "goal_zh",
    "goal_en",
    "action_zh",
    "action_en",
    "kpi",
    "priority",
)
TRIGGER_COLUMNS = (
    "playbook",
    "attribute",
    "level",
    "min_effect",
    "max_effect",
    "min_share",
    "min_lift",
)
DIMENSION_COLUMNS = ("dimension_order", "dimension", "dimension_en", "theme")
PARAMETER_COLUMNS = ("parameter", "parameter_order", "kind", "label_zh", "label_en")
PHRASE_COLUMNS = ("phrase", "text_zh", "text_en")
VALUE_ATTRIBUTE = "value_attribute"
"""Stands in traits and triggers for the attribute that the var of this name names."""
