"""What happens where a disk is full or read-only, and what is said."""

from __future__ import annotations

import errno
import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from jinja_macros import macro

from segmentation.builds import NOTE
from segmentation.disks import check_folder, why_not_written
from segmentation.errors import InputError
from segmentation.exports import write_exports
from segmentation.files import write_whole

FEW = {"a.csv": "select 1 as a", "b.parquet": "select 1 as a"}
MANY = {
    "a.csv": "select 2 as a",
    "b.parquet": "select md5(range::varchar) as a from range(100_000)",
}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file become larger: what a full disk does, without one."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_exports_are_all_new_or_all_old(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        write_exports(connection, tmp_path, FEW, "one", "2025-07-28", "v")
        before = contents(tmp_path)
        assert sorted(before) == ["a.csv", "b.parquet", NOTE]
        with (
            largest_file(1_000_000),
            pytest.raises(InputError, match=r"b\.parquet: this file cannot be written: .*EXPORTS_"),
        ):
            write_exports(connection, tmp_path, MANY, "two", "2025-07-28", "v")
        assert contents(tmp_path) == before
        with pytest.raises(InputError, match="the exports were not written"):
            write_exports(connection, tmp_path, {"a.csv": "from missing"}, "two", "", "v")
        assert contents(tmp_path) == before
        write_exports(connection, tmp_path, MANY, "two", "2025-07-28", "v")
        assert (tmp_path / "a.csv").read_text() == "a\n2\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"the disk of .* MiB free\) is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), r"the disk of .* is full\. Make room"),
        (duckdb.IOException('"x": No space left on device'), r"the disk of .* is full"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot be written to .*Ask for the right"),
        (duckdb.IOException('"x": Permission denied'), "cannot be written to .Permission denied"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error. Check the folder"),
    ],
)
def test_why_something_was_not_written(error: Exception, said: str, tmp_path: Path) -> None:
    missing = tmp_path / "a" / "b"
    assert isinstance(error, OSError | duckdb.Error)
    with pytest.raises(InputError, match=said):
        raise InputError(why_not_written(missing, error))
    told = why_not_written(missing, error, "X_DIR")
    assert "or name another one with the environment variable X_DIR" in told


def test_a_folder_is_tried_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_folder(tmp_path / "new", "X_DIR")
    assert list((tmp_path / "new").iterdir()) == []

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    with pytest.raises(InputError, match=r"The folder .*new cannot be used: .* X_DIR"):
        check_folder(tmp_path / "new", "X_DIR")


def test_a_file_that_finds_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_whole(path, b"old")
    with largest_file(1_000), pytest.raises(InputError, match=r"report\.html: this file cannot"):
        write_whole(path, b"x" * 10_000)
    assert contents(tmp_path) == {"report.html": b"old"}


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (
            ['Failed to commit: Could not write file \\"/d/x.wal\\": No space left on device'],
            "/d/x",
        ),
        (["a", 'IO Error: Could not write file "/d/x": No space left on device'], "that of /d/x."),
        (["Out of Memory Error: … 'max_temp_directory_size' …"], "DUCKDB_TEMP_DIRECTORY, or raise"),
        (
            ["Out of Memory Error: could not allocate", None],
            "DUCKDB_MEMORY_LIMIT=2GB of memory, wh",
        ),
        (['Cannot open file "/d/x": Read-only file system'], "cannot be written to: that of /d/x."),
        (['Failed to create directory "/d/x": Read-only file system'], "to: that of /d/x."),
        (["Compilation Error", None], None),
    ],
)
def test_a_build_that_lacks_room_says_once_what_to_do(
    messages: list[str | None], said: str | None
) -> None:
    lines: list[str] = []
    explain = macro(
        "macros/explain_faults.sql",
        execute=True,
        flags=SimpleNamespace(WHICH="build"),
        target=SimpleNamespace(path="segmentation.duckdb"),
        modules=SimpleNamespace(re=re),
        env_var=lambda name, default: {"DUCKDB_MEMORY_LIMIT": "2GB"}.get(name, default),
        log=lambda text, info: lines.append(text),
    )
    explain([SimpleNamespace(message=message) for message in messages])
    assert len(lines) == (0 if said is None else 1)
    assert said is None or said in lines[0]
