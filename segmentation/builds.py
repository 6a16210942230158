"""What can be said of a build: whether it ended, what went into it, what it has written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import duckdb

from segmentation.files import write_whole
from segmentation.ingest.customer_file import CustomerFile

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

NOTE = "build.json"


def is_unfinished(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> bool:
    """Whether a build that failed or was killed left its note (begin_build and end_build).

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    database : str, optional
        Name of an attached database; else the one that was opened.
    """
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where table_name = 'unfinished_build' "
            "and database_name = coalesce($1, current_database())",
            [database],
        ).fetchall()
    )


def describe_build(customers: CustomerFile | None, project: Path) -> dict[str, str | int | None]:
    """Say what only the process that builds can: its code, its input and its memory.

    Parameters
    ----------
    customers : CustomerFile or None
        The customer file, opened; None where it cannot be.
    project : Path
        Folder of the project.

    Returns
    -------
    dict
        code_version (`code_version`); input_file, as the user gave it, without a password;
        input_hash, SHA-256 of the file, of several one behind the other, None for a table;
        peak_memory_bytes of this process, None where the system does not tell.
    """
    paths = customers.paths if customers else []
    return {
        "code_version": code_version(project),
        "input_file": customers.location if customers else None,
        "input_hash": file_hash(*paths) if paths else None,
        "peak_memory_bytes": _peak_memory(),
    }


def file_hash(*paths: Path) -> str:
    """Give the SHA-256 of a file, or of files one behind the other, in hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def code_version(project: Path) -> str:
    """Give the commit of the project, with ``-dirty`` behind it where files have changed since.

    Without git, or outside a repository, the version of the package.

    Parameters
    ----------
    project : Path
        Folder of the project.
    """
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return metadata.version("segmentation")
    return described.stdout.strip()


def _peak_memory() -> int | None:
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def write_build_note(folder: Path, build_id: str, as_of_date: str, model_version: str) -> Path:
    """Write ``build.json`` beside the exports: which build they are of, and what is in them.

    Parameters
    ----------
    folder : Path
        Folder of the exports.
    build_id, as_of_date, model_version : str
        Of the build.

    Returns
    -------
    Path
        The note. Its ``files`` gives bytes and SHA-256 of every CSV and Parquet file there.

    Raises
    ------
    InputError
        It cannot be written.
    """
    note = {
        "build_id": build_id,
        "as_of_date": as_of_date,
        "model_version": model_version,
        "files": _describe_files(folder),
    }
    path = folder / NOTE
    write_whole(path, json.dumps(note, indent=2).encode())
    return path


def renew_build_note(folder: Path) -> None:
    """Say anew what is in the exports, after somebody was forgotten; nothing without a note."""
    path = folder / NOTE
    if path.exists():
        note = json.loads(path.read_text(encoding="utf-8"))
        note["files"] = _describe_files(folder)
        write_whole(path, json.dumps(note, indent=2).encode())


def _describe_files(folder: Path) -> dict[str, dict[str, int | str]]:
    files = sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")])
    return {file.name: {"bytes": file.stat().st_size, "sha256": file_hash(file)} for file in files}
