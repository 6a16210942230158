"""The marts of a real build, published: all rows, with keys, as the guide says."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
import yaml
from postgres_server import PASSWORD, Server, execute
from project import MARTS, ROOT, Project, expect_clean_failure, expect_success

from segmentation.postgres import read_url
from segmentation.publish.marts import Mart, read_marts
from segmentation.publish.postgres import publish_to_postgres

GUIDE = (ROOT / "docs" / "bi.md").read_text(encoding="utf-8")
QUESTIONS = dict(
    re.findall(r"^\*\*(\d+\. .*?)\*\*.*?^```sql\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
)
PROPERTIES = yaml.safe_load(
    (ROOT / "models" / "marts" / "_marts__models.yml").read_text(encoding="utf-8")
)["models"]
TYPES = {
    "double": "double precision",
    "timestamp": "timestamp without time zone",
    "varchar": "text",
}
"""PostgreSQL's names of the types that the contracts call otherwise."""


@pytest.fixture(scope="module")
def marts(built: Project) -> list[Mart]:
    return read_marts(built.target / "manifest.json")


@pytest.fixture(scope="module")
def copy(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built.published), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def database(postgres: Server, built: Project, marts: list[Mart]) -> str:
    """A database with the marts of the build in the schema segmentation."""
    name = postgres.add_database("bi")
    publish_to_postgres(
        built.published, marts, read_url(postgres.url(database=name)), "segmentation"
    )
    postgres.run(f"alter database {name} set search_path = segmentation")
    return name


def test_the_build_publishes_every_mart_and_nothing_else(
    built: Project, marts: list[Mart], copy: duckdb.DuckDBPyConnection
) -> None:
    names = copy.sql("select table_name from information_schema.tables order by 1").fetchall()
    assert [name for (name,) in names] == [mart.name for mart in marts]
    left_out = {
        model["name"]
        for model in PROPERTIES
        if not model.get("config", {}).get("meta", {}).get("publish", True)
    }
    assert {mart.name for mart in marts} == set(MARTS) - left_out
    for mart in marts:
        rows = (
            "select count(*), md5(string_agg(line, '|' order by line)) "
            f"from (select t::varchar as line from {mart.name} as t)"
        )
        assert copy.sql(rows).fetchall() == [tuple(built.query(rows).iloc[0])]


def test_every_mart_has_a_key_and_every_test_of_a_reference_is_a_foreign_key(
    marts: list[Mart],
) -> None:
    assert [mart.name for mart in marts if not mart.keys] == []
    names = {mart.name for mart in marts}
    published = yaml.safe_dump([model for model in PROPERTIES if model["name"] in names])
    references = len(re.findall(r"^ *- relationships(_of_columns)?:$", published, re.MULTILINE))
    assert sum(len(mart.foreign_keys) for mart in marts) == references


def test_the_database_enforces_the_constraints_of_the_contracts(built: Project) -> None:
    enforced = built.query(
        "select table_name, unnest(constraint_column_names) as column_name "
        "from duckdb_constraints() where constraint_type = 'NOT NULL'"
    )
    declared = {
        (model["name"], column["name"])
        for model in PROPERTIES
        for column in model["columns"]
        if {"type": "not_null"} in column.get("constraints", [])
    }
    assert declared
    assert declared == set(enforced.itertuples(index=False, name=None))


def test_postgresql_has_the_same_rows_types_and_keys(
    postgres: Server, database: str, marts: list[Mart], copy: duckdb.DuckDBPyConnection
) -> None:
    contract = {
        model["name"]: [
            (column["name"], TYPES.get(column["data_type"], column["data_type"]))
            for column in model["columns"]
        ]
        for model in PROPERTIES
    }
    with postgres.connected(database=database) as connection:
        for mart in marts:
            types = execute(
                connection,
                "select column_name::text, data_type::text from information_schema.columns where "
                f"table_name = '{mart.name}' order by ordinal_position",
            )
            assert types == contract[mart.name]
            rows = f"select * from {mart.name}"
            found = sorted(map(repr, execute(connection, rows)))
            assert found == sorted(map(repr, copy.sql(rows).fetchall()))
        constraints = execute(
            connection,
            "select contype::text, count(*) from pg_constraint where connamespace = "
            "'segmentation'::regnamespace group by 1 order by 1",
        )
        undescribed = execute(
            connection,
            "select relname::text, attname::text from pg_class inner join pg_attribute on "
            "pg_class.oid = attrelid where relnamespace = 'segmentation'::regnamespace and attnum "
            "> 0 and relkind = 'r' and (col_description(attrelid, attnum) is null or "
            "obj_description(attrelid, 'pg_class') is null)",
        )
    assert undescribed == []
    assert constraints == [
        ("f", sum(len(mart.foreign_keys) for mart in marts)),
        ("p", sum(any(mart.required.issuperset(key) for key in mart.keys) for mart in marts)),
        ("u", sum(len(mart.keys) for mart in marts) - constraints[1][1]),
    ]


def test_the_guide_asks_ten_questions() -> None:
    assert [question.split(".")[0] for question in QUESTIONS] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_are_answered(question: str, copy: duckdb.DuckDBPyConnection) -> None:
    answer = copy.sql(QUESTIONS[question]).df()
    assert not answer.empty
    assert answer.notna().any().all()


@pytest.mark.parametrize("question", QUESTIONS)
def test_postgresql_answers_the_same(
    question: str, postgres: Server, database: str, copy: duckdb.DuckDBPyConnection
) -> None:
    answer = postgres.run(QUESTIONS[question].strip(), database=database)
    expected = copy.sql(QUESTIONS[question]).fetchall()
    for found, row in zip(answer, expected, strict=True):
        assert list(map(plain, found)) == pytest.approx(list(map(plain, row)))


def plain(value: Any) -> Any:
    """Give every kind of number as a float; ADBC has decimals as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def test_the_joins_that_are_drawn_are_foreign_keys(marts: list[Mart]) -> None:
    drawn = re.findall(r"^    (\w+) \|\|--o[{|] (\w+) : \"(.*)\"$", GUIDE, re.MULTILINE)
    assert len(drawn) == GUIDE.count("||--o") > 15
    keys = {
        (key.parent, mart.name, ", ".join(key.columns))
        for mart in marts
        for key in mart.foreign_keys
    }
    assert set(drawn) <= keys
    of_segments = {
        mart.name for mart in marts if {"segmentation_id", "cluster"} <= mart.columns.keys()
    }
    # A condition is of a segment by its rule, the history and parameters are of a model.
    of_models = {"fct_segment_history", "fct_model_parameters"}
    assert of_segments - {"dim_segments", "rpt_rule_conditions"} - of_models == {
        mart for parent, mart, _ in drawn if parent == "dim_segments"
    }


def test_a_database_that_is_down_does_not_spoil_the_build(
    spare: Project, sample_file: Path, postgres: Server
) -> None:
    before = spare.published.read_bytes()
    run = spare.build(sample_file, select=["rpt_method_agreement"])
    expect_success(run)
    assert spare.published.read_bytes() == before  # only a part was made anew

    url = postgres.url(password="no/pass")
    project = dataclasses.replace(spare, env={"PUBLISH_POSTGRES_URL": url})
    run = project.build(sample_file, select=["path:models/marts"])
    expect_clean_failure(
        run, "no connection", "password authentication failed", "segmentation publish"
    )
    assert {run.statuses[mart] for mart in MARTS} == {"success"}
    assert spare.published.read_bytes() != before
    assert "crm.unfinished_build" not in spare.relations()

    command = [str(Path(sys.executable).with_name("segmentation")), "publish", "--schema", "again"]
    environment = project.environment(sample_file) | {"PUBLISH_POSTGRES_URL": postgres.url()}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "marts published into the schema again." in done.stdout
    assert postgres.run("select count(*) > 0 from again.dim_segments") == [(True,)]

    written = [path.read_text("utf-8") for path in spare.folder.glob("*/*.[jl]*")]
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "no/pass", "no%2Fpass"):
        for text in (run.output, done.stdout, done.stderr, *written):
            assert secret not in text
