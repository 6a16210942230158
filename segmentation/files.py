"""Write files so that nobody ever reads half of one."""

from __future__ import annotations

import os
from pathlib import Path

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
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(
            f"{path}: this file cannot be written ({error.strerror}). Close it in other programs "
            "and check its folder."
        ) from None
