"""What is published, the published copy, and the command."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from segmentation.cli import main
from segmentation.errors import InputError
from segmentation.publish.duckdb_file import write_published
from segmentation.publish.marts import ForeignKey, Mart, read_marts

MARTS = [
    Mart(
        "shop",
        "main",
        "dim_colours",
        "Colours. It's one row per colour.",
        {"colour": "The colour.", "label": "其标签 · its 'label'."},
        frozenset({"colour"}),
        (("colour",),),
        (),
    ),
    Mart(
        "shop", "main", "rpt_sales", "Sales.", {"colour": "", "total": "Sum."}, frozenset(), (), ()
    ),
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A database that dbt might have built: a table and a view."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table dim_colours as select 'red' as colour, '红' as label")
        connection.execute("create table int_sales as select 'red' as colour, 2.5::double as total")
        connection.execute("create view rpt_sales as from int_sales")
    return path


def write(shop: Path, folder: Path, marts: Sequence[Mart] = MARTS) -> Path:
    with duckdb.connect(str(shop)) as connection:
        return write_published(connection.cursor(), marts, folder)


def manifest(folder: Path, models: dict[str, Any], tests: Sequence[dict[str, Any]]) -> Path:
    """Write a manifest of models (columns, "!" for a constraint; what differs) and tests."""
    nodes: dict[str, Any] = {}
    for name, (columns, changes) in models.items():
        nodes[f"model.p.{name}"] = {
            "unique_id": f"model.p.{name}",
            "resource_type": "model",
            "access": "public",
            "database": "shop",
            "schema": "main",
            "alias": name,
            "description": f"About {name}.",
            "config": {"meta": {}, "materialized": "table"},
            "columns": {
                column.rstrip("!"): {
                    "description": f"About {column.rstrip('!')}.",
                    "constraints": [{"type": "not_null"}] if column.endswith("!") else [],
                }
                for column in columns
            },
            **changes,
        }
    for number, test in enumerate(tests):
        test = {"config": {}, "parents": [], **test}
        attached = f"model.p.{test['of']}"
        nodes[f"test.p.{number}"] = {
            "resource_type": "test",
            "attached_node": attached,
            "test_metadata": {"name": test["name"], "kwargs": test["with"]},
            "config": {"where": None, "severity": "ERROR", "error_if": "!= 0", **test["config"]},
            "depends_on": {"nodes": [*(f"model.p.{p}" for p in test["parents"]), attached]},
        }
    path = folder / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return path


def test_marts_and_their_keys(tmp_path: Path) -> None:
    path = manifest(
        tmp_path,
        {
            "dim_b": (["a", "b", "c"], {}),
            "fct_a": (["x", "y", "z!"], {}),
            "fct_b": (["x", "y", "z!"], {"config": {"meta": {}, "materialized": "view"}}),
            "int_c": (["x"], {"access": "protected"}),
            "fct_large": (["x"], {"config": {"meta": {"publish": False}}}),
        },
        [
            {
                "of": "dim_b",
                "name": "unique_combination_of_columns",
                "with": {"combination_of_columns": ["a", "c"]},
            },
            {
                "of": "dim_b",
                "name": "unique_combination_of_columns",
                "with": {"combination_of_columns": ["a", "b"]},
            },
            {"of": "dim_b", "name": "not_null", "with": {"column_name": "a"}},
            {"of": "fct_a", "name": "unique", "with": {"column_name": "x"}},
            {
                "of": "fct_a",
                "name": "unique",
                "with": {"column_name": "y"},
                "config": {"where": "z > 0"},
            },
            {
                "of": "fct_a",
                "name": "not_null",
                "with": {"column_name": "y"},
                "config": {"severity": "warn"},
            },
            {
                "of": "fct_a",
                "name": "relationships_of_columns",
                "with": {"columns": ["y", "z"], "to_columns": ["a", "b"], "to": "ref('dim_b')"},
                "parents": ["dim_b"],
            },
            {
                "of": "fct_a",
                "name": "relationships",
                "with": {"column_name": "y", "field": "a", "to": "ref('dim_b')"},
                "parents": ["dim_b"],
            },
            {
                "of": "fct_a",
                "name": "relationships",
                "with": {"column_name": "z", "field": "x", "to": "ref('fct_a')"},
            },
            {"of": "fct_a", "name": "accepted_values", "with": {"column_name": "z"}},
            {"of": "fct_b", "name": "primary_key", "with": {"columns": ["x"]}},
            {"of": "fct_b", "name": "not_null_columns", "with": {"columns": ["y"]}},
        ],
    )
    dim_b, fct_a, fct_b = read_marts(path)
    assert (dim_b.name, fct_a.name, fct_b.name) == ("dim_b", "fct_a", "fct_b")
    assert dim_b.keys == (("a", "b"), ("a", "c"))
    assert dim_b.required == {"a"}
    assert dim_b.columns == {"a": "About a.", "b": "About b.", "c": "About c."}
    assert fct_a.keys == (("x",),)
    assert fct_a.required == {"z"}
    # `a` alone is no key of dim_b, so the single column refers to nothing.
    assert fct_a.foreign_keys == (
        ForeignKey(("y", "z"), "dim_b", ("a", "b")),
        ForeignKey(("z",), "fct_a", ("x",)),
    )
    assert fct_b.keys == (("x",),)
    assert fct_b.required == {"x", "y"}  # a view does not hold to its constraints


def test_a_manifest_that_is_not_there_or_names_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no manifest of dbt at .*; run dbt build"):
        read_marts(tmp_path / "manifest.json")
    with pytest.raises(InputError, match="names no public model"):
        read_marts(manifest(tmp_path, {}, []))


def test_the_copy_holds_the_marts_alone_with_their_words(shop: Path, tmp_path: Path) -> None:
    path = write(shop, tmp_path / "new" / "published")
    assert os.listdir(path.parent) == ["segments.duckdb"]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.sql(
            "select table_name, table_type from information_schema.tables order by 1"
        ).fetchall() == [("dim_colours", "BASE TABLE"), ("rpt_sales", "BASE TABLE")]
        assert connection.sql("from dim_colours").fetchall() == [("red", "红")]
        assert connection.sql("from rpt_sales").fetchall() == [("red", 2.5)]
        assert connection.sql(
            "select table_name, comment from duckdb_tables() order by 1"
        ).fetchall() == [(mart.name, mart.description) for mart in MARTS]
        assert connection.sql(
            "select column_name, comment from duckdb_columns() where table_name = 'dim_colours'"
        ).fetchall() == list(MARTS[0].columns.items())


def test_the_copy_is_in_the_format_of_duckdb_1_2(shop: Path, tmp_path: Path) -> None:
    path = write(shop, tmp_path)
    header = path.read_bytes()[8:20]
    assert header[:4] == b"DUCK"
    assert int.from_bytes(header[4:], "little") == 65  # what DuckDB 1.2 writes; 64 is before it


def test_a_reader_keeps_the_old_copy_and_the_next_one_sees_the_new(
    shop: Path, tmp_path: Path
) -> None:
    path = write(shop, tmp_path)
    look = "select label from dim_colours"
    with duckdb.connect(str(path), read_only=True) as reader:
        with duckdb.connect(str(shop)) as connection:
            connection.execute("update dim_colours set label = '赤'")
        write(shop, tmp_path)
        assert reader.sql(look).fetchall() == [("红",)]
        # In a process of its own: within one, DuckDB gives the same path the same database.
        program = (
            f"import duckdb; print(duckdb.connect({str(path)!r}, True).sql({look!r}).fetchall())"
        )
        said = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert said.stdout == "[('赤',)]\n"
        assert reader.sql(look).fetchall() == [("红",)]


def test_what_a_writer_has_left_does_not_get_into_the_next_copy(shop: Path, tmp_path: Path) -> None:
    path = write(shop, tmp_path)
    program = (
        f"import duckdb, os; c = duckdb.connect({str(path)!r}); "
        "c.execute('update dim_colours set label = 0'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert path.with_name("segments.duckdb.wal").exists()
    write(shop, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["segments.duckdb", "shop.duckdb"]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.sql("select label from dim_colours").fetchall() == [("红",)]


def test_a_mart_that_is_not_built_leaves_the_last_copy(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    before = write(shop, folder).read_bytes()
    for statement in ("alter table dim_colours drop column label", "drop table dim_colours"):
        with duckdb.connect(str(shop)) as connection:
            connection.execute(statement)
        with pytest.raises(InputError, match=r"the marts are not as .*Run the whole dbt build"):
            write(shop, folder)
        assert (folder / "segments.duckdb").read_bytes() == before
        assert os.listdir(folder) == ["segments.duckdb"]
    with duckdb.connect(str(shop)) as connection:
        connection.execute("create table dim_colours as select 'red' as colour, '红' as label")
    write(shop, folder)


def test_a_folder_that_cannot_be_written(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"segments.duckdb cannot be written: Not a directory"):
        write(shop, shop / "published")


def test_a_disk_that_is_full_leaves_the_last_copy(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    before = write(shop, folder).read_bytes()
    with duckdb.connect(str(shop)) as connection:
        connection.execute(
            "create or replace table dim_colours as select md5(i::text) as colour, "
            "md5((-i)::text) as label from range(100_000) as t(i)"
        )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(InputError, match=r"cannot be written: .* its space"):
            write(shop, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (folder / "segments.duckdb").read_bytes() == before
    assert os.listdir(folder) == ["segments.duckdb"]


def test_what_a_killed_publication_has_left_is_removed(shop: Path, tmp_path: Path) -> None:
    folders = [tmp_path / "published" / f".publishing-{name}" for name in ("killed", "at_work")]
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); c.execute('begin'); "
        "c.execute('create table t as from range(9)'); print('open', flush=True); input()"
    )
    writers = []
    for folder in folders:
        folder.mkdir(parents=True)
        command = [sys.executable, "-c", program, str(folder / "segments.duckdb")]
        writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        writers.append(writer)
    killed, at_work = writers
    killed.kill()
    killed.communicate()
    try:
        write(shop, tmp_path / "published")
        assert sorted(os.listdir(tmp_path / "published")) == [folders[1].name, "segments.duckdb"]
    finally:
        at_work.communicate(b"\n")
    write(shop, tmp_path / "published")
    assert os.listdir(tmp_path / "published") == ["segments.duckdb"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    manifest(tmp_path, {"dim_colours": (["colour", "label"], {})}, [])
    return tmp_path


def publish(shop: Path, target: Path, *options: str) -> tuple[int, str]:
    folders = ["--database", str(shop), "--target-path", str(target), "--folder", str(target)]
    result = CliRunner().invoke(main, ["publish", *folders, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def no_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLISH_POSTGRES_URL", raising=False)


def test_the_command(shop: Path, target: Path) -> None:
    assert publish(shop, target) == (0, f"{target}/segments.duckdb: 1 marts published.\n")
    with duckdb.connect(str(target / "segments.duckdb"), read_only=True) as connection:
        assert connection.table("dim_colours").fetchall() == [("red", "红")]


def test_the_command_after_a_build_that_did_not_end_well(shop: Path, target: Path) -> None:
    with duckdb.connect(str(shop)) as connection:
        connection.execute("create schema crm")
        connection.execute("create table crm.unfinished_build as select false as was_unfinished")
    code, output = publish(shop, target)
    assert (code, "The last build did not end well" in output) == (1, True)
    assert not (target / "segments.duckdb").exists()


def test_the_command_without_a_database_or_while_a_build_runs(shop: Path, target: Path) -> None:
    code, output = publish(shop.with_name("none.duckdb"), target)
    assert (code, "There is no database at" in output) == (1, True)
    program = (
        f"import duckdb; c = duckdb.connect({str(shop)!r}); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as build:
        assert build.stdout is not None
        build.stdout.readline()
        code, output = publish(shop, target)
        build.communicate(b"\n")
    assert code == 1
    assert "cannot be opened" in output
    assert f"it is open in process {build.pid} (" in " ".join(output.split())


def test_an_unclear_address_is_refused_before_anything_is_written(
    shop: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql://ann:sec/ret@host/crm"
    for options in (["--to", address], []):
        code, output = publish(shop, target, *options)
        assert (code, "is not clear" in output, "sec" in output) == (1, True, False)
        assert not (target / "segments.duckdb").exists()
        monkeypatch.setenv("PUBLISH_POSTGRES_URL", address)
