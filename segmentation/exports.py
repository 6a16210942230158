"""The files that a build writes for people: all of them anew, or none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import duckdb

from segmentation.builds import write_build_note
from segmentation.errors import InputError
from segmentation.files import written_beside
from segmentation.postgres import literal

FOLDER_VARIABLE = "EXPORTS_DIR"
_OPTIONS = {".csv": "format csv, header", ".parquet": "format parquet"}


def write_exports(
    cursor: duckdb.DuckDBPyConnection,
    folder: Path,
    queries: Mapping[str, str],
    build_id: str,
    as_of_date: str,
    model_version: str,
) -> None:
    """Write the results of queries to files, and beside them the note of which build they are.

    Parameters
    ----------
    cursor : DuckDBPyConnection
    folder : Path
    queries : mapping
        By the name of the file, ``.csv`` or ``.parquet``.
    build_id, as_of_date, model_version : str
        For the note; see `segmentation.builds.write_build_note`.

    Raises
    ------
    InputError
        One of them cannot be written: all files stay as they were.
    """
    try:
        with ExitStack() as stack:
            for name, query in queries.items():
                beside = stack.enter_context(written_beside(folder / name, FOLDER_VARIABLE))
                options = _OPTIONS[Path(name).suffix]
                cursor.execute(
                    f"copy ({query}) to {literal(str(beside))} ({options}, use_tmp_file false)"
                )
        write_build_note(folder, build_id, as_of_date, model_version)
    except duckdb.Error as error:
        raise InputError(
            f"{folder}: the exports were not written ({str(error).splitlines()[0]}). They are as "
            "they were."
        ) from None
