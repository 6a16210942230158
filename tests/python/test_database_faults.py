"""What commands say of a database that another process has open."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from segmentation.cli import main
from segmentation.database_faults import open_to_read
from segmentation.errors import InputError


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A database, and the process that has it open."""
    path = tmp_path_factory.mktemp("held") / "shop.duckdb"
    program = (
        f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "x" * 500], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield path, process.pid
        process.communicate(b"\n")


@pytest.mark.parametrize(
    "command",
    [
        ["lineage"],
        ["personas"],
        ["report", "--output", "report.html"],
        ["restore-history", "--yes"],
        ["review-sheet", "--output", "review.xlsx"],
        ["summary"],
        ["workbook", "--output", "workbook.xlsx"],
        ["forget", "--yes", "--customer-id", "C1"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_says_which_process_has_the_database(
    command: list[str], held: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pid = held
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    if command[0] == "restore-history":
        backup = tmp_path / "backup.duckdb"
        with duckdb.connect(str(backup)) as connection:
            connection.execute(
                "create table fct_segment_history (as_of_date date, customer_id varchar)"
            )
        command = [*command, "--from", str(backup)]
    result = CliRunner().invoke(main, [*command, "--database", str(path)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    said = " ".join(result.output.split())
    assert f"shop.duckdb cannot be opened: it is open in process {pid} ({sys.executable} -c" in said
    assert "x" * 200 not in said
    assert "Close the program, or wait until the build in it has ended" in said


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no database at"):
        open_to_read(tmp_path / "none.duckdb")
