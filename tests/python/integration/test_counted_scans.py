"""The work of a build, counted: nodes, and how often each model reads the customers.

A guard of the build's speed that does not depend on a clock, as tests/python/test_counted_work.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from project import BRISK, ROOT, Project

Plan = list[dict[str, Any]]

# A node costs a fraction of a second whatever it does, a test of the data too.
MOST_NODES = {"sql models": 126, "python models": 24, "data tests": 370, "unit tests": 160}

# These may read the customers once for every part of a union.
OFTEN = {
    "int_attribute_statistics": 2,  # everyone, and the training customers
    "int_kprototypes_scores": len(BRISK["k_values"]),  # a scan of columns for each segmentation
    "int_famd_kmeans_scores": len(BRISK["k_values"]),
    "int_famd_gmm_scores": len(BRISK["k_values"]),
    "int_agglomerative_scores": len(BRISK["k_values"]) + 1,  # K = 2 of the plan's first iteration
    "int_segment_numbers": 3,  # the segments, everyone, and the training customers
    "fct_customer_contributions": 2,  # a view: numbers, and categories
}
MOST_SCANS = 85
"""Of one build, views and tests left out."""


@pytest.fixture(scope="module")
def manifest(built: Project) -> dict[str, Any]:
    return json.loads((built.target / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scans(built: Project, manifest: dict[str, Any]) -> dict[str, Counter[str]]:
    """For each SQL model, how often it scans each table with a row or more a customer."""
    found = {}
    profile = yaml.safe_load((ROOT / "profiles.yml").read_text(encoding="utf-8"))
    options = profile["customer_segmentation"]["outputs"]["dev"]["config_options"]
    config = {"disabled_optimizers": options["disabled_optimizers"]}
    with duckdb.connect(str(built.database), read_only=True, config=config) as connection:
        ((customers,),) = connection.sql("select count(*) from stg_crm__customers").fetchall()
        wide = {
            table
            for (table,) in connection.sql(
                "select table_name from duckdb_tables() inner join duckdb_columns() "
                "using (database_name, schema_name, table_name) "
                f"where column_name = 'customer_id' and estimated_size >= {customers}"
            ).fetchall()
        }
        for node in manifest["nodes"].values():
            if node["resource_type"] == "model" and node["language"] == "sql":
                sql = (built.target / "compiled" / node["package_name"]).joinpath(
                    node["original_file_path"]
                )
                ((_, plan),) = connection.execute(
                    f"explain (format json) {sql.read_text(encoding='utf-8')}"
                ).fetchall()
                tables = Counter(scanned_tables(json.loads(plan)))
                found[node["name"]] = Counter({t: n for t, n in tables.items() if t in wide})
    return found


def scanned_tables(plan: Plan) -> Iterator[str]:
    """Name the tables that a plan scans, one as often as it does."""
    for operator in plan:
        if operator["name"].strip() == "SEQ_SCAN" and "Table" in operator["extra_info"]:
            yield operator["extra_info"]["Table"].split(".")[-1]
        yield from scanned_tables(operator["children"])


def test_nodes(manifest: dict[str, Any]) -> None:
    kinds = Counter(
        f"{node['language']} models" if node["resource_type"] == "model" else "data tests"
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "test")
    )
    kinds["unit tests"] = len(manifest["unit_tests"])
    assert {kind: n for kind, n in kinds.items() if n > MOST_NODES[kind]} == {}
    assert set(kinds) == set(MOST_NODES)


def test_scans_are_seen(scans: dict[str, Counter[str]]) -> None:
    assert scans["int_kprototypes_scores"] == {"int_customer_features": len(BRISK["k_values"])}
    assert scans["int_customer_silhouettes"] == {
        "int_customer_attributes": 1,
        "int_customer_scores": 1,
        "int_training_customers": 1,
    }


def test_a_model_reads_the_customers_once(scans: dict[str, Counter[str]]) -> None:
    often = {name: max(tables.values()) for name, tables in scans.items() if tables}
    assert {name: n for name, n in often.items() if n > OFTEN.get(name, 1)} == {}


def test_scans_of_a_build(scans: dict[str, Counter[str]], manifest: dict[str, Any]) -> None:
    tables = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["config"]["materialized"] == "table"
    }
    assert sum(n.total() for name, n in scans.items() if name in tables) <= MOST_SCANS
