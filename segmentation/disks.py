"""Why something could not be written, and what to do: a full disk, a folder that is read-only."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import duckdb

from segmentation.errors import InputError

_FULL = ("No space left on device", "Disk quota exceeded", "There is not enough space on the disk")
_FORBIDDEN = ("Read-only file system", "Permission denied", "Operation not permitted")


def why_not_written(path: Path, error: OSError | duckdb.Error, variable: str | None = None) -> str:
    """Say why a file or folder could not be written, and what to do.

    Parameters
    ----------
    path : Path
        What was to be written.
    error : OSError or duckdb.Error
        What writing it raised.
    variable : str, optional
        The environment variable that names the folder.

    Returns
    -------
    str
        From the reason on, to stand behind "cannot be written: ".
    """
    said = _reason(error)
    elsewhere = f", or name another one with the environment variable {variable}" * bool(variable)
    folder = existing_folder(path)
    if is_full(error):
        return (
            f"the disk of {_free(folder)} is full. Make room there{elsewhere}.{_temporary(folder)}"
        )
    if any(text in said for text in _FORBIDDEN):
        return (
            f"{folder} cannot be written to ({said}). Ask for the right to write there{elsewhere}."
        )
    return f"{said}. Check the folder, its space, and that no program has the file open{elsewhere}."


def check_folder(folder: Path, variable: str) -> None:
    """Make a folder where it is missing, and make and remove a file in it.

    Parameters
    ----------
    folder : Path
    variable : str
        The environment variable that names it.

    Raises
    ------
    InputError
        No file can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"room?")
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be used: {why_not_written(folder, error, variable)}"
        ) from None


def existing_folder(path: Path) -> Path:
    """Give the nearest folder at or above a path that exists."""
    folder = path.absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def _free(folder: Path) -> str:
    return f"{folder} ({shutil.disk_usage(folder).free >> 20:,} MiB free)"


def _temporary(folder: Path) -> str:
    """Name the folder of temporary files where its disk has less room: it may be the full one."""
    with suppress(OSError):
        temporary = Path(tempfile.gettempdir())
        if shutil.disk_usage(temporary).free < shutil.disk_usage(folder).free:
            return (
                f" Or it is the disk of temporary files: {_free(temporary)}; the environment "
                "variable TMPDIR names another folder."
            )
    return ""


def is_full(error: OSError | duckdb.Error) -> bool:
    """Whether an error says that a disk, or the share of it that one may use, is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return any(text in str(error) for text in _FULL)


def _reason(error: OSError | duckdb.Error) -> str:
    """Give what the system says, without a path or what DuckDB wraps it in."""
    if isinstance(error, OSError):
        return error.strerror or (os.strerror(error.errno) if error.errno else str(error))
    text = str(error)
    known = [said for said in (*_FULL, *_FORBIDDEN) if said in text]
    return known[0] if known else text.splitlines()[0].rstrip(".")
