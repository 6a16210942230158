"""A customer is taken out of everything, and others keep everything."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from postgres_server import PASSWORD, Server

from segmentation.cli import main
from segmentation.errors import InputError
from segmentation.forget.everywhere import Places, forget_customer
from segmentation.postgres import read_url

ID, OTHER = "5795601864", "57956018641"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A small database with the shapes that occur, and files beside it."""
    folders = {
        name: tmp_path / name for name in ("target", "exports", "published", "reports", "logs")
    }
    for folder in folders.values():
        folder.mkdir()
    database = tmp_path / "segmentation.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema crm")
        for statement in (
            "create table data_dictionary as select 'corporation_id' as attribute, 'id' as role",
            f"create table crm.customers as select * from (values ('{ID}', 'A'), ('{OTHER}', 'B'))"
            " as rows (corporation_id, corporation_name)",
            f"create table fct_segment_history as select as_of_date, customer_id from (values"
            f" ('{ID}'), ('{OTHER}')) as ids (customer_id),"
            " (values (date '2025-07-28'), (date '2025-10-28')) as dates (as_of_date)",
            f"create table int_segment_sizes as select '{ID}' as first_customer_id, 7 as customers",
            f"create table ml_segment_tree as select ['{ID}', '{OTHER}'] as customer_ids",
            f"create table rpt_persona_cards as select unnest(['such as {ID}（A）', 'and {OTHER}'])"
            " as text_zh",
            f"create table rpt_segment_kpis as select 'ads' as attribute, {ID}::double as total",
            "create view who as select customer_id from segmentation.main.fct_segment_history",
        ):
            connection.execute(statement)
        connection.execute("comment on table fct_segment_history is 'Who was where.'")
    export = folders["exports"] / "customer_segments.csv"
    export.write_text(f'\ufeffcustomer_id,name\n{ID},A\n{OTHER},"B, b"\n', encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select unnest(['{ID}', '{OTHER}']) as customer_id)"
            f" to '{folders['exports']}/customer_segments.parquet' (format parquet)"
        )
    (folders["logs"] / "dbt.log").write_text(f"failed for {ID}\n", encoding="utf-8")
    (folders["logs"] / "other.log").write_text(f"failed for {OTHER}\n", encoding="utf-8")
    return Places(database, **folders)


def test_the_backups_of_the_history_forget_too(places: Places) -> None:
    folder = places.database.parent / "backups"
    folder.mkdir()
    for number in (1, 2):
        with duckdb.connect(str(folder / f"segmentation_000{number}_aaaaaaaa.duckdb")) as backup:
            backup.execute(
                "create table fct_segment_history (as_of_date date not null, customer_id varchar)"
            )
            backup.execute(
                f"insert into fct_segment_history values ('2025-07-28', '{ID}'),"
                f" ('2025-07-28', '{OTHER}')"
            )
    (folder / ".segmentation.backup.new").write_text(f"half of a backup with {ID} in it")
    said = list(forget_customer(ID, places))
    assert sum(line.split() == ["main.fct_segment_history", "2", "1", "0"] for line in said) == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        "segmentation_0001_aaaaaaaa.duckdb",
        "segmentation_0002_aaaaaaaa.duckdb",
    ]
    for path in folder.iterdir():
        assert ID.encode() not in path.read_bytes().replace(OTHER.encode(), b"")
        with duckdb.connect(str(path)) as backup:
            assert backup.execute("select customer_id from fct_segment_history").fetchall() == [
                (OTHER,)
            ]
            with pytest.raises(duckdb.ConstraintException):
                backup.execute("insert into fct_segment_history values (null, 'x')")


def test_no_row_text_file_or_byte_names_the_customer(places: Places) -> None:
    said = list(forget_customer(ID, places))
    assert said[-3].startswith(f"A search of every table and file finds {ID}")
    assert any(line.split() == ["main.fct_segment_history", "4", "2", "0"] for line in said)
    with duckdb.connect(str(places.database), read_only=True) as connection:

        def all_of(table: str) -> list[tuple[object, ...]]:
            return connection.execute(f"from {table} order by all").fetchall()

        assert all_of("crm.customers") == [(OTHER, "B")]
        assert [row[1] for row in all_of("fct_segment_history")] == [OTHER, OTHER]
        assert all_of("int_segment_sizes") == [(None, 7)]
        assert all_of("ml_segment_tree") == [([OTHER],)]
        assert all_of("rpt_persona_cards") == [(f"and {OTHER}",)]
        assert all_of("rpt_segment_kpis") == [("ads", float(ID))]
        assert all_of("who") == [(OTHER,), (OTHER,)]
        comments = connection.execute(
            "select comment from duckdb_tables() where table_name = 'fct_segment_history'"
        ).fetchall()
    assert comments == [("Who was where.",)]
    assert ID.encode() not in places.database.read_bytes().replace(OTHER.encode(), b"")
    export = places.exports / "customer_segments.csv"
    assert export.read_text(encoding="utf-8") == f'\ufeffcustomer_id,name\n{OTHER},"B, b"\n'
    with duckdb.connect() as connection:
        kept = connection.execute(f"from '{places.exports}/customer_segments.parquet'").fetchall()
    assert kept == [(OTHER,)]
    assert sorted(path.name for path in places.logs.iterdir()) == ["other.log"]
    assert not list(places.database.parent.glob("*forgetting*"))


def test_an_unknown_customer_changes_nothing(places: Places) -> None:
    before = places.database.read_bytes()
    with pytest.raises(InputError, match=r"No customer 123456.*Nothing was changed"):
        list(forget_customer("123456", places))
    assert places.database.read_bytes() == before


def test_once_more_says_that_nobody_is_there(places: Places) -> None:
    list(forget_customer(ID, places))
    with pytest.raises(InputError, match="Nothing was changed"):
        list(forget_customer(ID, places))


def test_a_run_that_was_killed_is_completed(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed as the new database file takes the place of the old one."""
    original = os.replace

    def killed(source: object, target: Path) -> None:
        if Path(target) == places.database:
            raise KeyboardInterrupt
        original(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        list(forget_customer(ID, places))
    with duckdb.connect(str(places.database), read_only=True) as connection:
        assert connection.execute("select count(*) from fct_segment_history").fetchall() == [(4,)]
    monkeypatch.undo()
    said = list(forget_customer(ID, places))
    assert "nowhere" in said[-3]


def test_a_database_in_use_or_missing_is_a_message(places: Places) -> None:
    missing = Places(**{**vars(places), "database": places.database.with_name("no.duckdb")})
    with pytest.raises(InputError, match="There is no database"):
        list(forget_customer(ID, missing))
    other = places.database.with_name("other.duckdb")
    duckdb.connect(str(other)).close()
    with pytest.raises(InputError, match="holds no build"):
        list(forget_customer(ID, Places(**{**vars(places), "database": other})))


def test_the_command_asks_first(places: Places) -> None:
    asked = CliRunner().invoke(
        main, ["forget", "--customer-id", ID, "--database", str(places.database)], input="n\n"
    )
    assert asked.exit_code == 1
    assert "for good?" in asked.output
    with duckdb.connect(str(places.database), read_only=True) as connection:
        assert connection.execute("select count(*) from crm.customers").fetchall() == [(2,)]


def run(places: Places, *statements: str) -> list[tuple[object, ...]]:
    """Execute statements in the database and give the rows of the last one."""
    with duckdb.connect(str(places.database)) as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
    return rows


def test_what_a_text_says_of_the_customer_goes_with_the_id(places: Places) -> None:
    run(places, f"insert into rpt_persona_cards values ('{ID}: Spend per month: $146')")
    list(forget_customer(ID, places))
    assert run(places, "from rpt_persona_cards") == [(f"and {OTHER}",)]


def test_blanks_around_the_id_do_not_hide_the_row(places: Places) -> None:
    run(
        places,
        f"update crm.customers set corporation_id = e'\t {ID}\u3000\u200b'"
        f" where corporation_id = '{ID}'",
    )
    list(forget_customer(ID, places))
    assert run(places, "from crm.customers") == [(OTHER, "B")]


def test_a_row_of_another_customer_stays_without_the_name(places: Places) -> None:
    run(places, f"create table notes as select '{OTHER}' as customer_id, 'see {ID}' as note")
    list(forget_customer(ID, places))
    assert run(places, "from notes") == [(OTHER, None)]


def test_a_short_id_is_not_taken_for_a_number(places: Places) -> None:
    run(places, "insert into crm.customers values ('42', 'C'), ('43', '42')")
    export = places.exports / "customer_segments.csv"
    export.write_text("customer_id,accounts\n42,7\n43,42\n", encoding="utf-8")
    (places.target / "manifest.json").write_text('{"line": 42}', encoding="utf-8")
    said = list(forget_customer("42", places))
    assert export.read_text(encoding="utf-8") == "customer_id,accounts\n43,42\n"
    assert (places.target / "manifest.json").exists()
    assert ("43", "42") in run(places, "from crm.customers")
    assert ("42", "C") not in run(places, "from crm.customers")
    assert any("So short an id" in line for line in said)


def test_a_kill_before_the_new_file_leaves_the_old_one_whole(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = places.database.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("segmentation.forget.duckdb_file._copy_comments", killed)
    with pytest.raises(KeyboardInterrupt):
        list(forget_customer(ID, places))
    assert places.database.read_bytes() == before
    monkeypatch.undo()
    list(forget_customer(ID, places))
    assert ID.encode() not in places.database.read_bytes().replace(OTHER.encode(), b"")


def test_what_the_search_still_finds_is_an_error(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmentation.forget.files.CsvFile.clean", lambda *_: None)
    with pytest.raises(InputError, match=r"is still in: .*exports: customer_segments\.csv"):
        list(forget_customer(ID, places))


def test_a_database_that_is_open_elsewhere_is_left_alone(places: Places) -> None:
    before = (places.exports / "customer_segments.csv").read_bytes()
    opened = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(places.database)!r}, read_only=True);"
            " print('open', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert opened.stdout is not None
        opened.stdout.readline()
        with pytest.raises(InputError, match="it is open in process"):
            list(forget_customer(ID, places))
    finally:
        opened.communicate(b"\n")
    assert (places.exports / "customer_segments.csv").read_bytes() == before


def test_the_marts_in_postgresql(places: Places, postgres: Server) -> None:
    database = postgres.add_database("forget")
    postgres.run(
        "create schema s",
        "create table s.who (customer_id text primary key)",
        "create table s.history (customer_id text references s.who, first_customer_id text)",
        f"insert into s.who values ('{ID}'), ('{OTHER}')",
        f"insert into s.history values ('{ID}', null), ('{OTHER}', '{ID}')",
        f"create table s.cards as select '{ID}: $146' as text_en",
        "create view s.seen as select * from s.history",
        database=database,
    )
    url = read_url(postgres.url(database=database))
    said = list(forget_customer(ID, replace(places, postgres=url, schema="s")))
    for table, rows in {"who": [(OTHER,)], "seen": [(OTHER, None)], "cards": []}.items():
        assert postgres.run(f"select * from s.{table}", database=database) == rows
    assert any(line.split() == ["history", "2", "1", "1"] for line in said)
    assert PASSWORD not in "".join(said)
