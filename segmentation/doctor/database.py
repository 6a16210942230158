"""The DuckDB file: can it be opened, by us alone, is it sound, did the last build end."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import duckdb

from segmentation.builds import is_unfinished
from segmentation.doctor.findings import FAULT, OK, WARNING, Finding
from segmentation.doctor.machine import first_line
from segmentation.postgres import identifier

_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_NEWER = ("Trying to read a database file with version number", "newer version of DuckDB")


def check_database(path: Path) -> list[Finding]:
    """Open the database as a build does, read it all, and look for the note of a build.

    DuckDB mends what a killed build has left beside the file; nothing else changes.

    Parameters
    ----------
    path : Path
        The file; one that is missing is not made.

    Returns
    -------
    list of Finding
    """
    if not path.parent.is_dir():
        return [
            _fault(f"its folder {path.parent} does not exist. Make it, or change DBT_DUCKDB_PATH.")
        ]
    if not path.exists():
        return [Finding(OK, "database", f"{path} is not there yet: the build makes it.")]
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        return [_fault(_why_closed(path, error))]
    try:
        tables = _read_all(connection)
        findings = [Finding(OK, "database", f"{path} opens; all {tables} tables can be read.")]
        if is_unfinished(connection):
            findings.append(
                Finding(
                    WARNING,
                    "last build",
                    "it did not end well, so the marts may not fit together. What was published "
                    "before stays. Run the whole dbt build: it mends them.",
                )
            )
    except duckdb.Error as error:
        findings = [_fault(_damaged(path, error))]
    finally:
        with suppress(duckdb.Error):  # a damaged database cannot be closed properly
            connection.close()
    return findings


def _fault(text: str) -> Finding:
    return Finding(FAULT, "database", text)


def _read_all(connection: duckdb.DuckDBPyConnection) -> int:
    """Read every value of every table, which compares all check sums; count the tables."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() order by all"
    ).fetchall()
    for schema, table in tables:
        name = f"{identifier(schema)}.{identifier(table)}"
        connection.execute(f"select max(hash(rows)) from {name} as rows").fetchall()
    return len(tables)


def _why_closed(path: Path, error: duckdb.Error) -> str:
    """Say why a database could not be opened, and what to do."""
    text = str(error)
    if "Could not set lock" in text or "already open" in text:
        holder = _HOLDER.search(text)
        who = f"{holder['program']} (process {holder['pid']})" if holder else "another program"
        return (
            f"{path} is open in {who}. If that is a build, wait until it has ended; if it is a BI "
            "tool, close it and let it read the published copy."
        )
    if "Permission denied" in text or "Read-only file system" in text:
        return f"{path} cannot be written to. Ask for the right to write, or copy the file."
    if any(part in text for part in _NEWER):
        return (
            f"{path} was written by a newer DuckDB ({first_line(error)}). Install the versions of "
            "requirements.lock."
        )
    return _damaged(path, error)


def _damaged(path: Path, error: duckdb.Error) -> str:
    """Say what to delete when a database is damaged, and what that costs."""
    return (
        f"{path} is damaged ({first_line(error)}). Put a backup in its place, or move it and "
        f"{path.name}.wal away and build anew. Then the history of earlier dates and the kept "
        "models are lost; all else is made from the customer file and the seeds. The published "
        "copy still has the history to read."
    )
