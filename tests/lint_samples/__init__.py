"""What dbt would give the SQL files, for sqlfluff: a few rows of every table that models loop over.

sqlfluff renders without dbt and without a database. With these samples the loops of the wide models
have something to go through, so that layout and references are judged on SQL like the real one.
"""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

_PROJECT = yaml.safe_load(
    Path(__file__).resolve().parents[2].joinpath("dbt_project.yml").read_text(encoding="utf-8")
)
_UNDECLARED: dict[str, Any] = {
    "missing_tokens": None,
    "valid_min": None,
    "valid_max": None,
    "out_of_range_policy": None,
    "derivation": None,
    "transform": "none",
}
_ATTRIBUTES: list[dict[str, Any]] = [
    {"attribute": "client_code", "data_type": "text", "role": "id"},
    {"attribute": "amount", "data_type": "number", "role": "performance", "transform": "log1p",
     "missing_tokens": "999", "valid_min": "0", "out_of_range_policy": "reject"},
    {"attribute": "accounts", "data_type": "integer", "role": "performance",
     "valid_min": "0", "valid_max": "9", "out_of_range_policy": "clip"},
    {"attribute": "amount_per_account", "data_type": "number", "role": "profile_only",
     "derivation": "amount / accounts"},
    {"attribute": "size", "data_type": "text", "role": "ordinal"},
    {"attribute": "industry", "data_type": "text", "role": "nominal"},
    {"attribute": "region", "data_type": "text", "role": "high_cardinality"},
    {"attribute": "is_fashion", "data_type": "flag", "role": "flag"},
    {"attribute": "is_games", "data_type": "flag", "role": "flag"},
    {"attribute": "opened_on", "data_type": "date", "role": "excluded"},
    {"attribute": "amount_level", "data_type": "text", "role": "binned", "derivation": "amount"},
    {"attribute": "size_class", "data_type": "text", "role": "binned", "derivation": "accounts"},
]  # fmt: skip
_RELATION_ROWS = {
    "data_dictionary": [_UNDECLARED | attribute for attribute in _ATTRIBUTES],
    "feature_bins": [
        {"feature": "amount_level", "level": "high", "bound_type": "value", "lower_bound": "9"},
        {"feature": "amount_level", "level": "low", "bound_type": "lowest", "lower_bound": None},
        {"feature": "size_class", "level": "big", "bound_type": "quantile", "lower_bound": "0.5"},
    ],
    "category_flags": [{"flag": "is_fashion", "attribute": "industry", "level": "Clothing"}],
    "ml_feature_set_a_parameters": [
        {"attribute": "amount", "encoding": "numeric", "transform": "log1p"},
        {"attribute": "size", "encoding": "ordinal", "transform": "none"},
        {"attribute": "region", "encoding": "target", "transform": "none"},
        {"attribute": "industry", "encoding": "nominal", "transform": "none"},
        {"attribute": "is_fashion", "encoding": "flag", "transform": "none"},
    ],
    "int_kprototypes_prototypes": [
        {"numbers": "amount,region,size", "categories": "industry,is_fashion"},
    ],
    "ml_segment_tree": [
        {
            "segmentation_id": "kprototypes_k4",
            "leaf": leaf,
            "tree": tree,
            "predicate_sql": predicate,
        }
        for leaf, tree, predicate in (
            (1, "all_segments", "industry = 'Clothing'"),
            (2, "all_segments", "industry <> 'Clothing'"),
            (3, "one_segment", "amount_level = 'high'"),
        )
    ],
    "int_famd_loadings": [
        {"numbers": "amount,region,size", "categories": "industry,is_fashion"},
    ],
    "int_final_clusters": [
        {"numbers": "amount,region,size", "categories": "industry,is_fashion"},
    ],
    "int_agglomerative_centers": [
        {"numbers": "amount,is_fashion,region,size", "categories": "industry"},
    ],
}

execute = True
run_started_at = datetime(2025, 7, 28, tzinfo=UTC)
adapter = SimpleNamespace(quote=lambda name: f'"{name}"')


def var(name: str, default: Any = None) -> Any:
    """Give a var of dbt_project.yml."""
    return _PROJECT["vars"].get(name, default)


def relation_rows(relation: Any, order_by: str, columns: str = "*") -> list[dict[str, Any]]:
    """Give the sample rows of a relation, whatever is asked of it."""
    return _RELATION_ROWS[str(relation)]


def column_names(relation: Any) -> list[str]:
    """Give the columns that the sample attributes have in the customer file."""
    brought = [row["attribute"] for row in _ATTRIBUTES if not row.get("derivation")]
    return ["_row_number", "_read_error", "_raw_line", *brought]
