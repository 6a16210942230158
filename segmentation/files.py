"""Write files so that nobody ever reads half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from segmentation.disks import why_not_written
from segmentation.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is whole at every moment: beside it, then over it.

    Parameters
    ----------
    path : Path
        The file; its folder is made where it is missing.
    content : bytes
        All of it.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with written_beside(path) as beside:
        beside.write_bytes(content)


@contextmanager
def written_beside(path: Path, variable: str | None = None) -> Iterator[Path]:
    """Give the name of a file to write, which then replaces another one.

    Parameters
    ----------
    path : Path
        What is replaced, if all went well; its folder is made where it is missing.
    variable : str, optional
        The environment variable that names the folder, for messages.

    Yields
    ------
    Path
        A file in the same folder.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield beside
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, duckdb.IOException) as error:
        raise InputError(
            f"{path}: this file cannot be written: {why_not_written(path, error, variable)}"
        ) from None
