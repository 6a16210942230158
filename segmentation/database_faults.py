"""Why a database cannot be opened or read, and what to do: in the doctor's words and a build's."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from segmentation.disks import why_not_written
from segmentation.errors import InputError
from segmentation.postgres import identifier
from segmentation.texts import clean

_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_COMMAND_CHARACTERS = 120
_NEWER = ("Trying to read a database file with version number", "newer version of DuckDB")


def open_to_read(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a database that dbt built, or its published copy, for reading.

    Raises
    ------
    InputError
        It is not there, or it cannot be opened.
    """
    if not path.exists():
        raise InputError(
            f"There is no database at {path.resolve()}; run dbt build first, or name another one "
            "with --database."
        )
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise InputError(
            f"The database {path} cannot be opened: {why_not_opened(path, error)}"
        ) from None


def why_not_opened(path: Path, error: duckdb.Error, variable: str = "DBT_DUCKDB_PATH") -> str:
    """Say why a database could not be opened, and what to do.

    Parameters
    ----------
    path : Path
        The file.
    error : duckdb.Error
        What opening it raised.
    variable : str
        The environment variable that names the file.
    """
    text = str(error)
    said = text.splitlines()[0].rstrip(".")
    if "Could not set lock" in text:
        holder = _HOLDER.search(text)
        who = "another program"
        if holder:
            command = _command(int(holder["pid"])) or holder["program"]
            who = f"process {holder['pid']} ({command})"
        return (
            f"it is open in {who}. Close the program, or wait until the build in it has ended; BI "
            "tools should read the published copy. Or name another file with the environment "
            f"variable {variable}."
        )
    if not path.is_file():
        return (
            f"{said}. Name a file in a folder that exists with the environment variable {variable}."
        )
    if any(part in text for part in ("Permission denied", "Read-only file", "No space left")):
        return why_not_written(path, error, variable)
    if any(part in text for part in _NEWER):
        return f"{said}. Install the versions of requirements.lock, or a newer DuckDB."
    return describe_damage(path, error)


def read_all(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> int:
    """Read every value of every table, which compares all check sums; count the tables.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    database : str, optional
        Name of an attached database; else the one in use.

    Raises
    ------
    duckdb.Error
        Something is damaged.
    """
    tables = connection.execute(
        "select database_name, schema_name, table_name from duckdb_tables() "
        "where database_name = coalesce($1, current_database()) order by all",
        [database],
    ).fetchall()
    for path in tables:
        name = ".".join(map(identifier, path))
        connection.execute(f"select max(hash(rows)) from {name} as rows").fetchall()
    return len(tables)


def _command(pid: int) -> str:
    """Give the command of a process, where the system tells."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    text = clean(" ".join(word.decode(errors="replace") for word in words)).strip()
    return text if len(text) <= _COMMAND_CHARACTERS else f"{text[:_COMMAND_CHARACTERS]} …"


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
        f"it is damaged, or no DuckDB database ({str(error).splitlines()[0].rstrip('.')}). Move it "
        f"and {path.name}.wal away, put the history of earlier dates and the kept models back with "
        "segmentation restore-history, and run the whole dbt build: it makes all else from the "
        "customer file and the seeds. Without a backup that history is lost; the published copy "
        "still has it to read."
    )
