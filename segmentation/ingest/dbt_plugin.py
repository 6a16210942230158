"""dbt-duckdb plugin: the customer file as the tables of the dbt source ``crm``.

It hands the library's log to dbt, and gives SQL functions that say what is wrong:
``check_inputs(customer_file, seeds_dir)``, ``check_pseudonym_key()`` and
``make_folder(folder, variable)``, with which the on-run-start hook stops a build before it writes;
``pseudonym(customer_id)``;
``describe_build(customer_file, seeds_dir)``,
``write_exports(folder, queries, build_id, as_of_date, model_version)``,
``publish_marts(target_path)`` and ``back_up_history(tables)`` for on-run-end hooks.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import logging
import os
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt.adapters.events.logging import AdapterLogger
from dbt_common.exceptions import DbtRuntimeError
from duckdb.func import FunctionNullHandling, PythonUDFType

from segmentation.builds import describe_build
from segmentation.database_faults import why_not_opened
from segmentation.dictionary.attributes import check_seeds, load_dictionary
from segmentation.disks import check_folder
from segmentation.errors import InputError
from segmentation.exports import write_exports
from segmentation.history import back_up
from segmentation.ingest.customer_file import CustomerFile, open_customers, read_customers
from segmentation.ingest.location import SOURCE_SCHEMA, find_location
from segmentation.pseudonyms import key_from_environment, pseudonyms_of
from segmentation.publish.build import (
    FOLDER_VARIABLE,
    postgres_from_environment,
    publish_build,
)
from segmentation.publish.marts import read_marts

_logger = logging.getLogger(__name__)

# dbt runs Python models in threads, and two first imports of SciPy at a time fail half-way: import
# what they share before there are any.
for _library in (
    "numba",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.model_selection",
    "sklearn.tree",
):
    importlib.import_module(_library)

# What dbt has read is frozen below; it must be freed at the end: DuckDB complains of what is left.
atexit.register(gc.unfreeze)

_FILE_COLUMNS = pa.schema(
    [
        ("position", pa.int32()),
        ("header", pa.string()),
        ("column_name", pa.string()),
        ("attribute", pa.string()),
        ("file_modified_at", pa.timestamp("us")),
    ]
)


class ToDbt(logging.Handler):
    """Hands what the library logs to dbt, so that a build says how far its long steps are."""

    _dbt = AdapterLogger("segmentation")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to dbt's log and to the console."""
        self._dbt.info(self.format(record))


class Plugin(BasePlugin):  # type: ignore[misc]
    """Reads the tables ``customers`` and ``file_columns`` of a source.

    The source's ``meta`` names the plugin and holds ``customer_file`` (see
    `segmentation.ingest.customer_file.open_customers`) and ``seeds_dir``. Where the first is empty
    the environment variable CUSTOMER_FILE counts, which may hold a password: it is read here and
    not by dbt, which writes what it reads into its files.
    """

    _connection: duckdb.DuckDBPyConnection
    _opened: duckdb.DuckDBPyConnection | None = None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Open the database before dbt does, which would answer with a traceback.

        It stays open until dbt has opened it too: no other build can come between.

        Raises
        ------
        DbtRuntimeError
            The database cannot be opened.
        """
        try:
            self._opened = duckdb.connect(creds.path, config=config)
        except duckdb.Error as error:
            raise DbtRuntimeError(
                f"The database {creds.path} cannot be opened: "
                f"{why_not_opened(Path(creds.path), error)}"
            ) from None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Keep the connection for its cursors, give it the functions and the source's schema.

        dbt-duckdb creates the schema of a source when it loads one of its tables: in a new database
        two tables that are loaded at the same time would fail with a "write-write conflict".
        """
        self._connection = conn
        if self._opened is not None:
            self._opened.close()
        # What dbt has read by now, above all its manifest, stays: no collection need go through it.
        gc.freeze()
        library = logging.getLogger("segmentation")
        if not any(isinstance(handler, ToDbt) for handler in library.handlers):
            library.addHandler(ToDbt())
            library.setLevel(logging.INFO)
            library.propagate = False
        conn.execute(f"create schema if not exists {SOURCE_SCHEMA}")
        conn.create_function(
            "check_inputs",
            self.check_inputs,
            ["VARCHAR", "VARCHAR"],
            "VARCHAR",
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
        conn.create_function(
            "make_folder", make_folder, ["VARCHAR", "VARCHAR"], "VARCHAR", side_effects=True
        )
        conn.create_function(
            "write_exports", self.write_exports, ["VARCHAR"] * 5, "VARCHAR", side_effects=True
        )
        conn.create_function(
            "describe_build",
            self.describe_build,
            ["VARCHAR", "VARCHAR"],
            "VARCHAR",
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
        conn.create_function(
            "check_pseudonym_key", check_pseudonym_key, [], "VARCHAR", side_effects=True
        )
        conn.create_function(
            "pseudonym",
            pseudonyms_of(key_from_environment),
            ["VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
        conn.create_function(
            "publish_marts", self.publish_marts, ["VARCHAR"], "VARCHAR", side_effects=True
        )
        conn.create_function(
            "back_up_history", self.back_up_history, ["VARCHAR"], "VARCHAR", side_effects=True
        )

    def check_inputs(self, customer_file: str | None, seeds_dir: str) -> str:
        """Check the seeds, the header of the customer file, and where to publish.

        Parameters
        ----------
        customer_file : str or None
            Location of the customer file; none or empty for that of the environment.
        seeds_dir : str
            Folder of the seeds.

        Returns
        -------
        str
            What is wrong, for the user to read; empty when all is well.
        """
        try:
            check_seeds(seeds_dir)
            self.open_customers(customer_file, seeds_dir)
            postgres_from_environment()
        except InputError as error:
            return str(error)
        return ""

    def describe_build(self, customer_file: str | None, seeds_dir: str) -> str:
        """Say for the build log which code read which file, as JSON; see `describe_build`.

        Parameters
        ----------
        customer_file, seeds_dir : str
            As for `check_inputs`.
        """
        try:
            customers = self.open_customers(customer_file, seeds_dir)
        except InputError:  # gone since the build began, or what the build has failed of
            customers = None
        return json.dumps(describe_build(customers, Path.cwd()))

    def write_exports(
        self, folder: str, queries: str, build_id: str, as_of_date: str, model_version: str
    ) -> str:
        """Write the exports; see `segmentation.exports.write_exports`.

        Parameters
        ----------
        folder : str
        queries : str
            By the name of the file, as a JSON object.
        build_id, as_of_date, model_version : str

        Returns
        -------
        str
            What is wrong, for the user to read; empty when they are written.
        """
        try:
            with self._connection.cursor() as cursor:
                files = json.loads(queries)
                write_exports(cursor, Path(folder), files, build_id, as_of_date, model_version)
        except InputError as error:
            return str(error)
        return ""

    def publish_marts(self, target_path: str) -> str:
        """Write the published copy, and publish to PostgreSQL where the environment says so.

        Parameters
        ----------
        target_path : str
            Folder of dbt's manifest.

        Returns
        -------
        str
            What is wrong, for the user to read; empty when all is published.
        """
        try:
            marts = read_marts(Path(target_path) / "manifest.json")
            folder = Path(os.environ.get(FOLDER_VARIABLE, "published"))
            with self._connection.cursor() as cursor:
                for done in publish_build(cursor, marts, folder, postgres_from_environment()):
                    _logger.info(done)
        except InputError as error:
            return f"{error} The marts are built; to publish them later: segmentation publish"
        return ""

    def back_up_history(self, tables: str) -> str:
        """Back up the tables that builds keep; see `segmentation.history.back_up`.

        Parameters
        ----------
        tables : str
            ``schema.table`` of each, as a JSON array.

        Returns
        -------
        str
            What is wrong, for the user to read; empty when they are backed up.
        """
        try:
            with self._connection.cursor() as cursor:
                backup = back_up(cursor, json.loads(tables))
        except InputError as error:
            return str(error)
        if backup:
            _logger.info("%s: history backed up.", backup)
        return ""

    def load(self, source_config: SourceConfig) -> pa.RecordBatchReader | pa.Table:
        """Give dbt-duckdb what a source table is made of.

        Parameters
        ----------
        source_config : SourceConfig
            The table's identifier is ``customers`` or ``file_columns``.

        Returns
        -------
        RecordBatchReader or Table
            The rows of the file, or a row per column of it.

        Raises
        ------
        DbtRuntimeError
            The file cannot be read; the message is the InputError's.
        """
        try:
            customers = self.open_customers(
                source_config["customer_file"], source_config["seeds_dir"]
            )
            if source_config.identifier == "customers":
                return read_customers(customers, self._connection)
            return describe_columns(customers)
        except InputError as error:
            raise DbtRuntimeError(str(error)) from None

    def open_customers(self, customer_file: str | None, seeds_dir: str) -> CustomerFile:
        """Read the dictionary and the header of the customer file; see `check_inputs`."""
        location = find_location(customer_file or "")
        attributes = load_dictionary(Path(seeds_dir) / "data_dictionary.csv")
        return open_customers(location, attributes, self._connection)


def make_folder(folder: str, variable: str) -> str:
    """Make a folder, and those above it, where it is missing; check that files can be made in it.

    Parameters
    ----------
    folder : str
        Path of the folder.
    variable : str
        The environment variable that names it.

    Returns
    -------
    str
        What is wrong, for the user to read; empty when the folder is there.
    """
    try:
        check_folder(Path(folder), variable)
    except InputError as error:
        return str(error)
    return ""


def check_pseudonym_key() -> str:
    """Check that there is a key for pseudonyms.

    Returns
    -------
    str
        What is wrong, for the user to read; empty when there is one.
    """
    try:
        key_from_environment()
    except InputError as error:
        return str(error)
    return ""


def describe_columns(customers: CustomerFile) -> pa.Table:
    """List the columns of the file."""
    rows: list[dict[str, Any]] = [
        {**vars(column), "file_modified_at": customers.modified_at} for column in customers.columns
    ]
    return pa.Table.from_pylist(rows, schema=_FILE_COLUMNS)
