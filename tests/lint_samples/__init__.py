"""What dbt would give the SQL files, for sqlfluff: a few rows of every table that models loop over.

sqlfluff renders without dbt and without a database. With these samples the loops of the wide models
have something to go through, so that layout and references are judged on SQL like the real one.
"""

import json
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
    "ml_kprototypes_parameters": [
        {"segmentation_id": "kprototypes_k2", "cluster": cluster, "parameter": parameter}
        | {"column": column, "level": level, "value": value}
        for cluster, parameter, column, level, value in (
            (0, "center", "amount", None, 0.5),
            (0, "center", "size", None, 1),
            (0, "mode", "industry", "Clothing", None),
            (0, "mode", "is_fashion", "1", None),
            (1, "center", "amount", None, 2),
            (1, "center", "size", None, 0.25),
            (1, "mode", "industry", "Food", None),
            (1, "mode", "is_fashion", "0", None),
            (None, "gamma", None, None, 2),
        )
    ],
    "ml_famd_parameters": [
        {
            "parameter": parameter,
            "axis": axis,
            "attribute": attribute,
            "level": level,
            "value": value,
        }
        for parameter, axis, attribute, level, value in (
            ("center", None, "amount", None, 0.5),
            ("std", None, "amount", None, 2),
            ("loading", 1, "amount", None, 1),
            ("loading", 2, "amount", None, 2),
            ("loading", 1, "industry", "Clothing", 1),
            ("loading", 1, "industry", "Food", 2),
            ("loading", 1, "industry", "unknown", 3),
            ("loading", 2, "is_fashion", "0", 1),
            ("loading", 2, "is_fashion", "1", 2),
            ("constant", 1, None, None, 0),
            ("constant", 2, None, None, 1),
        )
    ],
    "ml_famd_kmeans_parameters": [
        {"segmentation_id": "famd_kmeans_k2", "cluster": cluster, "parameter": "center"}
        | {"axis": axis, "column": f"axis_{axis}", "value": 1}
        for cluster in (0, 1)
        for axis in (1, 2)
    ],
    "ml_famd_gmm_parameters": [
        {"segmentation_id": "famd_gmm_k2", "cluster": cluster, "parameter": parameter}
        | {"axis": axis, "other_axis": other_axis, "value": 1}
        for cluster in (0, 1)
        for parameter, axis, other_axis in (
            ("weight", None, None),
            ("log_determinant", None, None),
            ("mean", 1, None),
            ("mean", 2, None),
            ("precision_cholesky", 1, 1),
            ("precision_cholesky", 2, 1),
            ("precision_cholesky", 1, 2),
            ("precision_cholesky", 2, 2),
        )
    ],
    "ml_agglomerative_parameters": [
        {"segmentation_id": "agglomerative_k2", "cluster": cluster, "parameter": "center"}
        | {"column": column, "level": level, "value": value}
        for cluster in (0, 1)
        for column, level, value in (
            ("amount", None, 0.5),
            ("industry", "Clothing", 0.5),
            ("industry", "Food", 0.25),
            ("industry", "unknown", 0.25),
        )
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
    "int_final_clusters": [
        {
            "clusters": "[0, 1]",
            "sizes": "[3, 2]",
            "means": '{"amount": [0.5, 1], "size": [1, 2]}',
            "scatters": "[1, 2]",
            "categories": '["industry", "is_fashion"]',
            "level_counts": '{"industry=Clothing": [3, 1], "industry=Food": [0, 1], '
            '"is_fashion=0": [1, 1], "is_fashion=1": [2, 1]}',
        },
    ],
}

_RELATION_ROWS["int_snapshot"] = [{"previous_model_version": "0123456789ab"}]
_RELATION_ROWS["int_model_in_use"] = [
    {"model_version": "0123456789ab", "method": "kprototypes"}
    | {"segmentation_id": "kprototypes_k2", "is_of_this_snapshot": True}
]
_RELATION_ROWS["fct_model_parameters"] = [
    {"parameter_table": table, "segmentation_id": None} | row
    for table in ("ml_feature_set_a_parameters", "ml_kprototypes_parameters")
    for row in _RELATION_ROWS[table]
]

execute = True
run_started_at = datetime(2025, 7, 28, tzinfo=UTC)
adapter = SimpleNamespace(quote=lambda name: f'"{name}"')
target = SimpleNamespace(type="duckdb")


def fromjson(text: str) -> Any:
    """Read JSON, as dbt's function does."""
    return json.loads(text)


def var(name: str, default: Any = None) -> Any:
    """Give a var of dbt_project.yml."""
    return _PROJECT["vars"].get(name, default)


def tojson(value: Any, sort_keys: bool = False) -> str:
    """Write JSON, as dbt's function does."""
    return json.dumps(value, sort_keys=sort_keys)


def kept_relation(model: str) -> str:
    """Give the table as if there had been builds before."""
    return model


def relation_rows(
    relation: Any, order_by: str, columns: str = "*", where: str = "true"
) -> list[dict[str, Any]]:
    """Give the sample rows of a relation, whatever is asked of it."""
    return _RELATION_ROWS[str(relation)]


def column_names(relation: Any) -> list[str]:
    """Give the columns that the sample attributes have in the customer file."""
    brought = [row["attribute"] for row in _ATTRIBUTES if not row.get("derivation")]
    return ["_row_number", "_file_name", "_read_error", "_raw_line", *brought]
