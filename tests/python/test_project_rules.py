"""The rules of dbt-project-evaluator, at its default settings, over the manifest of this project.

The package itself is not a dependency: it installs from a hub that a closed network cannot reach.
What differs from its defaults is what the project declares: a layer ``ml_`` of Python models in
``python_models/`` beside ``int_``, ``rpt_`` among the marts, and tests of keys of our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from dbt.parser.schemas import is_valid_type
from dbt_common.clients.jinja import get_environment
from project import expect_success

ROOT = Path(__file__).parents[2]
# The second is for keys in which nulls are allowed.
KEY_TESTS = {"primary_key", "unique_combination_of_columns"}
MAX_PARENTS = 6
MAX_LEAF_CHILDREN = 2
MAX_CHAINED_VIEWS = 4
# Layer: the pattern of a model's path. Names are unique, so a path says prefix and folder at once.
LAYERS = {
    "base": r"models/staging/(?P<source>\w+)/base/base_(?P=source)__\w+\.sql",
    "staging": r"models/staging/(?P<source>\w+)/stg_(?P=source)__\w+\.sql",
    "intermediate": r"models/intermediate/\w+/int_\w+\.sql",
    "ml": r"python_models/ml_\w+\.py",
    "marts": r"models/marts/(dim|fct|rpt)_\w+\.sql",
}

Node = dict[str, Any]


class Project:
    """A manifest, read as a graph of models, seeds, sources and exposures."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        nodes = manifest["nodes"].values()
        self.models: list[Node] = [node for node in nodes if node["resource_type"] == "model"]
        self.seeds: list[Node] = [node for node in nodes if node["resource_type"] == "seed"]
        self.tests: list[Node] = [node for node in nodes if node["resource_type"] == "test"]
        self.sources: list[Node] = list(manifest["sources"].values())
        self.exposures: list[Node] = list(manifest["exposures"].values())
        self.unit_tests: list[Node] = list(manifest["unit_tests"].values())
        self.semantic_models: list[Node] = list(manifest["semantic_models"].values())
        self.metrics: list[Node] = list(manifest["metrics"].values())
        name = manifest["metadata"]["project_name"]
        self.macros: list[Node] = [
            macro for macro in manifest["macros"].values() if macro["package_name"] == name
        ]
        resources = [*self.models, *self.seeds, *self.sources, *self.exposures]
        self.resources: dict[str, Node] = {node["unique_id"]: node for node in resources}

    def parents(self, node: Node) -> list[Node]:
        """Give the models, seeds and sources that a resource reads."""
        ids = sorted(set(node.get("depends_on", {}).get("nodes", [])))
        return [self.resources[unique_id] for unique_id in ids if unique_id in self.resources]

    def children(self, node: Node, *, exposures: bool = True) -> list[Node]:
        """Give the models, and the exposures, that read a resource."""
        readers = [*self.models, *(self.exposures if exposures else [])]
        return [child for child in readers if node["unique_id"] in child["depends_on"]["nodes"]]

    def tests_of(self, node: Node) -> list[Node]:
        """Give the generic tests that stand at a resource."""
        return [test for test in self.tests if test.get("attached_node") == node["unique_id"]]


def layer(model: Node) -> str | None:
    """Give the layer that a model's path says, None for none."""
    path = model["original_file_path"]
    return next((name for name, rule in LAYERS.items() if re.fullmatch(rule, path)), None)


def folder(path: str) -> str:
    """Give the folder of a path, without dbt's package in front of it."""
    return str(Path(path.split("://")[-1]).parent)


def described(node: Node) -> bool:
    """Whether there is a description."""
    return bool(node.get("description", "").strip())


def columns_without(node: Node, key: str) -> Iterator[str]:
    """Name the declared columns that lack something."""
    for column in node["columns"].values():
        if not (column.get(key) or "").strip():
            yield f"{node['name']}.{column['name']}"


def expect_none(violations: Iterable[str]) -> None:
    """Fail with one line a violation."""
    if lines := sorted(violations):
        pytest.fail("\n".join(lines), pytrace=False)


def rejoined_concepts(project: Project) -> list[str]:
    """Find models with a single reader that also reads one of their parents directly.

    With more readers the model in between saves code; with one it is a detour.
    """
    found = []
    for between in project.models:
        readers = project.children(between, exposures=False)
        if len(readers) != 1:
            continue
        read = {parent["unique_id"] for parent in project.parents(readers[0])}
        found += [
            f"{readers[0]['name']} reads {parent['name']} directly and through {between['name']}"
            for parent in project.parents(between)
            if parent["unique_id"] in read
        ]
    return found


def fan_outs(project: Project) -> list[str]:
    """Find resources with too many leaf children: models that nothing reads, no exposure either."""
    found = []
    for parent in project.resources.values():
        leaves = [
            child["name"]
            for child in project.children(parent, exposures=False)
            if not project.children(child)
        ]
        if len(leaves) > MAX_LEAF_CHILDREN:
            found.append(f"{parent['name']} has the leaf children {', '.join(sorted(leaves))}")
    return found


def chained_views(project: Project) -> list[str]:
    """Find models at the end of too long a chain of views."""

    def length(node: Node) -> int:
        if node["resource_type"] != "model" or node["config"]["materialized"] not in (
            "view",
            "ephemeral",
        ):
            return 0
        return 1 + max((length(parent) for parent in project.parents(node)), default=0)

    lengths = {model["name"]: length(model) for model in project.models}
    return [f"{name}: {n} views" for name, n in lengths.items() if n > MAX_CHAINED_VIEWS]


def hard_coded_relations(sql: str) -> list[str]:
    """Find what follows FROM or JOIN and is no ref, no source, no CTE, no subquery, no VALUES."""
    sql = re.sub(r"{#.*?#}|{%.*?%}|--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    sql = re.sub(r"'[^']*'", "''", sql)
    sql = re.sub(r"{{-?\s*(ref|source)\s*\(.*?}}", "(relation)", sql, flags=re.DOTALL)
    ctes = set(re.findall(r"\b(\w+)\s+as\s+(?:(?:not\s+)?materialized\s+)?\(", sql))
    read = re.findall(r"(?<!distinct )\b(?:from|join)\s+([^\s(][^\s,)]*)", sql)
    return [name for name in read if name not in ctes]


@pytest.fixture(scope="session")
def project(new_project: Callable[..., Any]) -> Project:
    parsed = new_project("rules")
    expect_success(parsed.dbt("--warn-error", "parse", "--no-partial-parse"))
    return Project(json.loads((parsed.target / "manifest.json").read_text(encoding="utf-8")))


class TestDocumentation:
    def test_models_seeds_and_exposures_are_described(self, project: Project) -> None:
        nodes = [*project.models, *project.seeds, *project.exposures, *project.unit_tests]
        expect_none(node["name"] for node in nodes if not described(node))

    def test_columns_are_declared_and_described(self, project: Project) -> None:
        nodes = [*project.models, *project.seeds, *project.sources]
        expect_none(node["name"] for node in nodes if not node["columns"])
        expect_none(name for node in nodes for name in columns_without(node, "description"))

    def test_sources_and_their_tables_are_described(self, project: Project) -> None:
        expect_none(
            source["name"]
            for source in project.sources
            if not described(source) or not source["source_description"].strip()
        )

    def test_semantic_models_and_metrics_are_described_and_labelled(self, project: Project) -> None:
        measures = [node for model in project.semantic_models for node in model["measures"]]
        nodes = [*project.semantic_models, *measures, *project.metrics]
        assert nodes
        expect_none(node["name"] for node in nodes if not described(node) or not node["label"])

    def test_dimensions_are_labelled_columns(self, project: Project) -> None:
        faults = []
        for model in project.semantic_models:
            (table,) = project.parents(model)
            for dimension in model["dimensions"]:
                column = dimension["expr"] or dimension["name"]
                if column not in table["columns"] or not dimension["label"]:
                    faults.append(f"{model['name']}.{dimension['name']}")
        expect_none(faults)

    def test_singular_tests_are_described(self, project: Project) -> None:
        singular = [test for test in project.tests if "test_metadata" not in test]
        assert singular
        expect_none(test["name"] for test in singular if not described(test))

    def test_macros_are_described_with_typed_arguments(self, project: Project) -> None:
        faults = []
        for macro in project.macros:
            if not described(macro):
                faults.append(f"{macro['name']} has no description")
            (signature,) = get_environment().parse(macro["macro_sql"]).find_all(jinja2.nodes.Macro)
            declared = [argument["name"] for argument in macro["arguments"]]
            if declared != [argument.name for argument in signature.args]:
                faults.append(f"{macro['name']} declares the arguments {declared}")
            faults += [
                f"{macro['name']}: argument {argument['name']}"
                for argument in macro["arguments"]
                if not described(argument) or not is_valid_type(argument["type"] or "?")
            ]
        expect_none(faults)


class TestTesting:
    def test_models_and_seeds_have_a_primary_key_test(self, project: Project) -> None:
        expect_none(
            node["name"]
            for node in [*project.models, *project.seeds]
            if KEY_TESTS.isdisjoint(
                test["test_metadata"]["name"] for test in project.tests_of(node)
            )
        )

    def test_sources_declare_freshness(self, project: Project) -> None:
        def is_declared(source: Node) -> bool:
            freshness = source["freshness"] or {}
            limits = [freshness.get("warn_after"), freshness.get("error_after")]
            loaded_at = source["loaded_at_field"] or source["loaded_at_query"]
            return bool(loaded_at) and any(limit and limit["count"] for limit in limits)

        expect_none(source["name"] for source in project.sources if not is_declared(source))


class TestStructure:
    def test_names_and_folders_say_the_layer(self, project: Project) -> None:
        expect_none(model["original_file_path"] for model in project.models if layer(model) is None)

    def test_properties_stand_in_the_folder_of_what_they_describe(self, project: Project) -> None:
        placed = [(node, node["patch_path"]) for node in [*project.models, *project.seeds]]
        for test in [test for test in project.tests if test.get("attached_node")]:
            placed.append((project.resources[test["attached_node"]], test["original_file_path"]))
        models = {model["name"]: model for model in project.models}
        for test in project.unit_tests:
            placed.append((models[test["model"]], test["original_file_path"]))
        expect_none(
            f"{node['name']}: {path}"
            for node, path in placed
            if folder(path) != folder(node["original_file_path"])
        )

    def test_sources_stand_in_the_folder_of_their_name(self, project: Project) -> None:
        assert {folder(source["original_file_path"]) for source in project.sources} <= {
            f"models/staging/{source['source_name']}" for source in project.sources
        }

    def test_one_macro_a_file(self, project: Project) -> None:
        expect_none(
            macro["original_file_path"]
            for macro in project.macros
            if Path(macro["original_file_path"]).stem != macro["name"].removeprefix("test_")
        )


class TestModeling:
    def test_sources_are_read_once_and_by_staging(self, project: Project) -> None:
        readers = {
            source["name"]: [layer(reader) for reader in project.children(source)]
            for source in project.sources
        }
        assert readers
        assert {
            name: layers
            for name, layers in readers.items()
            if len(layers) != 1 or layers[0] not in ("base", "staging")
        } == {}

    def test_no_two_sources_are_the_same_table(self, project: Project) -> None:
        tables = [source["relation_name"] for source in project.sources]
        assert len(tables) == len(set(tables))

    def test_a_source_is_joined_with_nothing(self, project: Project) -> None:
        joins = []
        for model in project.models:
            kinds = [parent["resource_type"] for parent in project.parents(model)]
            if "source" in kinds and (kinds.count("source") > 1 or "model" in kinds):
                joins.append(model["name"])
        expect_none(joins)

    def test_every_model_has_a_parent(self, project: Project) -> None:
        expect_none(model["name"] for model in project.models if not project.parents(model))

    def test_no_hard_coded_relations(self, project: Project) -> None:
        singular = [test for test in project.tests if "test_metadata" not in test]
        queries = [node for node in [*project.models, *singular] if node["language"] == "sql"]
        found = {node["name"]: hard_coded_relations(node["raw_code"]) for node in queries}
        assert {name: relations for name, relations in found.items() if relations} == {}

    def test_staging_reads_sources_base_models_and_seeds_only(self, project: Project) -> None:
        allowed = {"base": {"base", "source", "seed"}, "staging": {"base", "source", "seed"}}
        found = []
        for model in project.models:
            for parent in project.parents(model):
                kind = layer(parent) or parent["resource_type"]
                if kind not in allowed.get(layer(model) or "", {kind}):
                    found.append(f"{model['name']} reads {parent['name']}")
        expect_none(found)

    def test_no_rejoining_of_upstream_concepts(self, project: Project) -> None:
        expect_none(rejoined_concepts(project))

    def test_no_fan_out(self, project: Project) -> None:
        expect_none(fan_outs(project))

    def test_few_direct_parents(self, project: Project) -> None:
        parents = {model["name"]: len(project.parents(model)) for model in project.models}
        assert {name: n for name, n in parents.items() if n > MAX_PARENTS} == {}

    def test_no_long_chain_of_views(self, project: Project) -> None:
        expect_none(chained_views(project))


class TestGovernance:
    def test_marts_alone_are_public(self, project: Project) -> None:
        expect_none(
            f"{model['name']} is {model['access']}"
            for model in project.models
            if (model["access"] == "public") != (layer(model) == "marts")
        )

    def test_public_models_have_a_contract(self, project: Project) -> None:
        public = [model for model in project.models if model["access"] == "public"]
        assert public
        expect_none(model["name"] for model in public if not model["contract"]["enforced"])
        expect_none(name for model in public for name in columns_without(model, "data_type"))

    def test_exposures_show_public_tables_only(self, project: Project) -> None:
        expect_none(
            f"{exposure['name']} shows {parent['name']}"
            for exposure in project.exposures
            for parent in project.parents(exposure)
            if parent.get("access") != "public"
            or parent["config"]["materialized"] not in ("table", "incremental")
        )


class TestRulesThemselves:
    """The rules that are more than a look-up, on graphs that break them."""

    @staticmethod
    def graph(*models: str, views: bool = False, exposed: str = "") -> Project:
        """Make a project of models written as ``name: parent parent``."""
        nodes = {}
        for model in models:
            name, _, parents = model.partition(":")
            nodes[name] = {
                "unique_id": name,
                "name": name,
                "resource_type": "model",
                "config": {"materialized": "view" if views else "table"},
                "depends_on": {"nodes": parents.split()},
            }
        exposure = {"unique_id": "x", "name": "x", "depends_on": {"nodes": exposed.split()}}
        return Project(
            {
                "nodes": nodes,
                "sources": {},
                "exposures": {"x": exposure},
                "unit_tests": {},
                "semantic_models": {},
                "metrics": {},
                "macros": {},
                "metadata": {"project_name": "p"},
            }
        )

    def test_rejoining_is_a_detour_with_one_reader(self) -> None:
        assert rejoined_concepts(self.graph("a", "b: a", "c: a b")) == [
            "c reads a directly and through b"
        ]
        assert rejoined_concepts(self.graph("a", "b: a", "c: a b", "d: b")) == []
        assert rejoined_concepts(self.graph("a", "b: a", "c: b")) == []

    def test_fan_out_counts_models_that_nothing_reads(self) -> None:
        assert fan_outs(self.graph("a", "b: a", "c: a", "d: a")) == [
            "a has the leaf children b, c, d"
        ]
        assert fan_outs(self.graph("a", "b: a", "c: a", "d: a", "e: d")) == []
        assert fan_outs(self.graph("a", "b: a", "c: a", "d: a", exposed="d")) == []

    def test_chains_count_views(self) -> None:
        chain = ["a", "b: a", "c: b", "d: c", "e: d"]
        assert chained_views(self.graph(*chain, views=True)) == ["e: 5 views"]
        assert chained_views(self.graph(*chain[:4], views=True)) == []
        assert chained_views(self.graph(*chain)) == []

    @pytest.mark.parametrize(
        ("sql", "found"),
        [
            ("with a as (select * from {{ ref('x') }}) select * from a", []),
            ("select * from main.customers", ["main.customers"]),
            ("select * from {{ ref('x') }} join customers on true", ["customers"]),
            ("select * from {{ var('customers') }}", ["{{"]),
            ("select * from (values (1)) as v -- from nowhere", []),
            ("select a is distinct from b from {{ source('x', 'y') }}", []),
            ('select * from "customers"', ['"customers"']),
            ("select * from 'customers.parquet'", ["''"]),
            ("select 'from row 1' as a from {{ ref('x') }}", []),
        ],
    )
    def test_hard_coded_relations(self, sql: str, found: list[str]) -> None:
        assert hard_coded_relations(sql) == found
