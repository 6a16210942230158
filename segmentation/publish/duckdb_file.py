"""The published copy: a DuckDB file with the marts alone, which nobody ever sees half written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from segmentation.disks import why_not_written
from segmentation.errors import InputError
from segmentation.postgres import identifier, literal
from segmentation.publish.marts import Mart
from segmentation.transactions import transaction

FILE_NAME = "segments.duckdb"
_STORAGE_VERSION = "v1.2.0"
_BESIDE = "__published"
_BESIDE_FOLDER = ".publishing-"


def write_published(cursor: duckdb.DuckDBPyConnection, marts: Sequence[Mart], folder: Path) -> Path:
    """Copy the marts into a file of their own and rename it over the last one.

    Whoever has the last one open keeps it until they close it. DuckDB 1.2 and everything newer
    reads the file.

    Parameters
    ----------
    cursor : DuckDBPyConnection
        Of the database that dbt built, attached under the name that dbt knows it by. All marts are
        read in one transaction.
    marts : sequence of Mart
        Views become tables.
    folder : Path
        Where the file is; made where it is missing.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        A mart is not there, or the file cannot be written. The last copy stays.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        with TemporaryDirectory(prefix=_BESIDE_FOLDER, dir=folder) as beside_folder:
            beside = Path(beside_folder) / FILE_NAME
            _write(cursor, marts, beside)
            # What somebody who opened the last copy for writing has left of it: not for this one.
            path.with_name(f"{FILE_NAME}.wal").unlink(missing_ok=True)
            os.replace(beside, path)
    except (OSError, duckdb.IOException, duckdb.TransactionException) as error:
        raise InputError(
            f"{path} cannot be written: {why_not_written(path, error, 'PUBLISHED_DIR')}"
        ) from None
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(
            f"{path} is not written anew, the marts are not as the project says "
            f"({str(error).splitlines()[0]}). Run the whole dbt build."
        ) from None
    return path


def _clear(folder: Path) -> None:
    """Remove what publications that were killed have left; DuckDB locks what is being written."""
    for beside in folder.glob(f"{_BESIDE_FOLDER}*/{FILE_NAME}"):
        try:
            duckdb.connect(str(beside), read_only=True).close()
        except duckdb.Error as error:
            if "lock" in str(error):
                continue
        shutil.rmtree(beside.parent, ignore_errors=True)


def _write(cursor: duckdb.DuckDBPyConnection, marts: Sequence[Mart], beside: Path) -> None:
    """Write a new file with every mart and its comments."""
    cursor.execute(
        f"attach {literal(str(beside))} as {_BESIDE} (storage_version {literal(_STORAGE_VERSION)})"
    )
    try:
        with transaction(cursor):
            for mart in marts:
                parts = (mart.database, mart.schema, mart.name)
                source = ".".join(identifier(part) for part in parts if part)
                table = f"{_BESIDE}.main.{identifier(mart.name)}"
                cursor.execute(f"create table {table} as from {source}")
                cursor.execute(f"comment on table {table} is {literal(mart.description)}")
                for column, description in mart.columns.items():
                    cursor.execute(
                        f"comment on column {table}.{identifier(column)} is {literal(description)}"
                    )
    finally:
        cursor.execute(f"detach {_BESIDE}")
