"""Why a database cannot be opened or read, and what to do: in the doctor's words and a build's."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_NEWER = ("Trying to read a database file with version number", "newer version of DuckDB")


def why_not_opened(path: Path, error: duckdb.Error) -> str:
    """Say why a database could not be opened, and what to do.

    Parameters
    ----------
    path : Path
        The file.
    error : duckdb.Error
        What opening it raised.
    """
    text = str(error)
    said = text.splitlines()[0].rstrip(".")
    if "Could not set lock" in text:
        holder = _HOLDER.search(text)
        who = f"{holder['program']} (process {holder['pid']})" if holder else "another program"
        return (
            f"it is open in {who}. Close the program, or wait until the build in it has ended; BI "
            "tools should read the published copy. Or name another file with the environment "
            "variable DBT_DUCKDB_PATH."
        )
    if not path.is_file():
        return (
            f"{said}. Name a file in a folder that exists with the environment variable "
            "DBT_DUCKDB_PATH."
        )
    if "Permission denied" in text or "Read-only file system" in text:
        return f"{said}. Ask for the right to write to it, or copy it to a folder of yours."
    if any(part in text for part in _NEWER):
        return f"{said}. Install the versions of requirements.lock, or a newer DuckDB."
    return describe_damage(path, error)


def describe_damage(path: Path, error: duckdb.Error) -> str:
    """Say what to delete when a database is damaged, and what is lost with it.

    Parameters
    ----------
    path : Path
        The file.
    error : duckdb.Error
        What opening or reading it raised.
    """
    return (
        f"it is damaged, or no DuckDB database ({str(error).splitlines()[0].rstrip('.')}). Put a "
        f"backup in its place, or move it and {path.name}.wal away and build anew: all is made "
        "from the customer file and the seeds, but for the history of earlier dates and the kept "
        "models, which are lost. The published copy still has that history to read."
    )
