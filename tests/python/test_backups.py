"""The history that builds keep is backed up, and comes back where a database was lost."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from segmentation.cli import main
from segmentation.errors import InputError
from segmentation.history import KEPT_BACKUPS, back_up, find_backups, restore

TABLES = ["builds.stages", "main.fct_segment_history", "main.not_built_yet"]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BACKUPS_DIR", raising=False)
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema builds")
        connection.execute(
            "create table builds.stages"
            " (build_id varchar, stage varchar, result varchar, model_version varchar)"
        )
        connection.execute(
            "create table fct_segment_history"
            " (as_of_date date not null, customer_id varchar, parts integer[])"
        )
        connection.execute("create table other as select 1 as a")
    return path


def build(database: Path, build_id: str, date: str) -> Path | None:
    """Do what a build does to the history."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"insert into builds.stages values ('{build_id}', 'all', 'success', 'm')"
        )
        connection.execute(
            f"insert into fct_segment_history values ('{date}', 'C1', [1, 2]), ('{date}', 'C2', [])"
        )
        return back_up(connection, TABLES)


def history(database: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute("from fct_segment_history order by all").fetchall()


def restore_history(database: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        main, ["restore-history", "--database", str(database), *arguments], input="n\n"
    )
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.output.split())


def test_a_lost_database_gets_its_history_back(database: Path) -> None:
    assert build(database, "aaaaaaaa-1", "2025-07-28")
    backup = build(database, "bbbbbbbb-2", "2025-10-28")
    assert backup == database.parent / "backups" / "shop_0002_bbbbbbbb.duckdb"
    before = history(database)
    database.write_bytes(b"not a database any more, as somebody has written over it")
    code, output = restore_history(database, "--yes")
    assert (code, "Move it and shop.duckdb.wal away" in output) == (1, True)
    database.unlink()
    code, output = restore_history(database)
    assert (code, "2025-10-28 (2 customers)" in output) == (0, True)
    assert history(database) == before
    with duckdb.connect(str(database)) as connection:
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into fct_segment_history values (null, 'C', [])")
        assert connection.execute("from crm.unfinished_build").fetchall() == [(True,)]
        # The state is that of the backup: it needs no other.
        assert back_up(connection, TABLES) is None


def test_an_older_state_comes_back_after_a_question(database: Path) -> None:
    first = build(database, "aaaaaaaa-1", "2025-07-28")
    before = history(database)
    build(database, "bbbbbbbb-2", "2025-10-28")
    now = history(database)
    code, output = restore_history(database, "--list")
    assert (code, output.count("2025-07-28 (2 customers)")) == (0, 2)
    assert restore_history(database, "--from", str(first))[0] == 1
    assert history(database) == now
    assert restore_history(database, "--from", str(first), "--yes")[0] == 0
    assert history(database) == before


def test_the_last_backups_are_kept_whatever_the_clock_says(database: Path) -> None:
    for number in range(KEPT_BACKUPS + 2):
        backup = build(database, f"{number:08d}", f"2025-01-{20 - number:02d}")
        assert backup is not None
        os.utime(backup, (0, 10**9 - number * 10**6))
    kept = find_backups(database)
    assert [path.name[5:9] for path in kept] == ["0003", "0004", "0005", "0006", "0007"]
    (database.parent / "backups" / "shop_two_0001_00000000.duckdb").touch()
    assert find_backups(database) == kept


def test_a_state_is_backed_up_once(database: Path) -> None:
    with duckdb.connect() as connection:
        assert build(database, "aaaaaaaa-1", "2025-07-28")
        connection.execute(f"attach '{database}' as shop")
        connection.execute("use shop")
        assert back_up(connection, TABLES) is None
        assert connection.execute("select current_database()").fetchall() == [("shop",)]
        assert len(connection.execute("from duckdb_databases() where not internal").fetchall()) == 2
    assert [path.name for path in (database.parent / "backups").iterdir()] == [
        "shop_0001_aaaaaaaa.duckdb"
    ]


def test_what_cannot_be_written_leaves_the_backups_as_they_were(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(database, "aaaaaaaa-1", "2025-07-28")
    (database.parent / "file").touch()
    monkeypatch.setenv("BACKUPS_DIR", str(database.parent / "file" / "backups"))
    with pytest.raises(InputError, match=r"cannot be used: .* variable BACKUPS_DIR"):
        build(database, "bbbbbbbb-2", "2025-10-28")
    monkeypatch.delenv("BACKUPS_DIR")
    assert len(find_backups(database)) == 1

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match=r"the disk of .* is full"):
        build(database, "cccccccc-3", "2026-01-28")
    assert [path.name for path in (database.parent / "backups").iterdir()] == [
        "shop_0001_aaaaaaaa.duckdb"
    ]


def test_what_cannot_be_restored_is_said(database: Path) -> None:
    code, output = restore_history(database, "--yes")
    assert (code, "There is no backup of" in output) == (1, True)
    backup = build(database, "aaaaaaaa-1", "2025-07-28")
    assert backup is not None
    before = history(database)
    content = backup.read_bytes()
    backup.write_bytes(content[:5_000])
    code, output = restore_history(database, "--yes")
    assert (code, "is no sound backup of the history" in output) == (1, True)
    place = content.index(b"C2")
    backup.write_bytes(content[:place] + b"X" + content[place + 1 :])
    with pytest.raises(InputError, match="no sound backup"):
        restore(database, backup)
    assert history(database) == before
