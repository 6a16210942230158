"""The DuckDB file: can it be opened, by us alone, is it sound, did the last build end."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb

from segmentation.builds import is_unfinished
from segmentation.database_faults import describe_damage, read_all, why_not_opened
from segmentation.doctor.findings import FAULT, OK, WARNING, Finding


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
        return [_fault(f"{path}: {why_not_opened(path, error)}")]
    try:
        tables = read_all(connection)
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
        findings = [_fault(f"{path}: {describe_damage(path, error)}")]
    finally:
        with suppress(duckdb.Error):  # a damaged database cannot be closed properly
            connection.close()
    return findings


def _fault(text: str) -> Finding:
    return Finding(FAULT, "database", text)
