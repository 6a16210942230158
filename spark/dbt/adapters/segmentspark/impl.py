"""Connections and adapter of ``segmentspark``."""

from __future__ import annotations

import os
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from dbt.adapters.base.meta import available
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.segmentspark.dialect import to_spark
from dbt.adapters.segmentspark.driver_database import LOG_SCHEMA, DriverDatabase
from dbt.adapters.spark import SparkAdapter, SparkConnectionManager, SparkCredentials
from dbt_common.clients.agate_helper import table_from_data_flat
from dbt_common.exceptions import DbtDatabaseError, DbtRuntimeError
from pyspark.sql import SparkSession

from segmentation.dictionary.attributes import load_dictionary
from segmentation.errors import InputError
from segmentation.ingest.customer_file import open_customers, read_customers
from segmentation.ingest.dbt_plugin import describe_columns
from segmentation.ingest.location import SOURCE_SCHEMA, find_location
from segmentation.pseudonyms import KEY_VARIABLE, key_from_environment, pseudonym

_QUERY = re.compile(
    r"(?P<head>\s*(?:/\*.*?\*/\s*)?(?:create\s(?:(?!\bas\s).)*?\bas\s)?)"
    r"(?P<query>\s*(?:--[^\n]*\n\s*)*(?:with|select|unpivot|\()\b.*)",
    re.DOTALL | re.IGNORECASE,
)

# The workers' Python is that of dbt.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

_ROWS_OF_A_PART = 200_000

_on_duckdb: ContextVar[duckdb.DuckDBPyConnection | None] = ContextVar("on_duckdb", default=None)
"""Where the hook that is running sends its statements."""

_starting = Lock()


def translate(statement: str) -> str:
    """Write the query of a statement, such as ``create table … as query``, in Spark's SQL."""
    found = _QUERY.fullmatch(statement)
    if found is None:
        return statement
    return found["head"] + to_spark(found["query"].rstrip().rstrip(";"), _columns_of)


def _columns_of(query: str) -> list[str]:
    return list(session().sql(query).columns)


def session() -> SparkSession:
    """Give the session of dbt-spark's method ``session``."""
    return SparkSession.builder.getOrCreate()


def _start(parameters: Mapping[str, str]) -> None:
    """Start the session that dbt-spark will use, unless there is one."""
    with _starting:
        builder = SparkSession.builder.enableHiveSupport()
        for name, value in parameters.items():
            builder = builder.config(name, value)
        builder.getOrCreate()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1 if "Py4J" in type(error).__name__ else 0] if lines else type(error).__name__


@dataclass
class SegmentsparkCredentials(SparkCredentials):
    """Those of dbt-spark, and where the DuckDB file with views of Spark's tables is."""

    path: str = "spark.duckdb"

    @property
    def type(self) -> str:
        """Name of the adapter."""
        return "segmentspark"

    def _connection_keys(self) -> tuple[str, ...]:
        return (*super()._connection_keys(), "path")


class SegmentsparkConnectionManager(SparkConnectionManager):
    """Sends models to Spark, in Spark's SQL, and hooks to DuckDB."""

    TYPE = "segmentspark"

    @classmethod
    def open(cls, connection: Any) -> Any:
        """Open a connection; say what to do where there is no Spark."""
        credentials = connection.credentials
        try:
            _start(credentials.server_side_parameters)
        except Exception as error:  # of Py4J, of Spark, or of the system
            master = credentials.server_side_parameters.get("spark.master", "")
            raise DbtRuntimeError(
                f"Spark at {master} cannot be reached ({_first_line(error)}). Start the cluster, "
                "or name it with the environment variable SPARK_MASTER; Java 17 has to be there "
                "too. The tables stay as they were."
            ) from None
        return super().open(connection)

    def execute(self, sql: str, *arguments: Any, **named: Any) -> Any:
        """Run a statement."""
        cursor = _on_duckdb.get()
        if cursor is None:
            return super().execute(sql, *arguments, **named)
        try:
            rows = cursor.execute(sql)
            columns = [name for name, *_ in rows.description or ()]
            data = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
        except duckdb.Error as error:
            raise DbtDatabaseError(str(error)) from None
        return AdapterResponse(_message="OK"), table_from_data_flat(data, columns)

    def add_query(self, sql: str, *arguments: Any, **named: Any) -> Any:
        """Translate a statement and run it."""
        return super().add_query(translate(sql), *arguments, **named)


class SegmentsparkAdapter(SparkAdapter):
    """Runs SQL models on Spark, and Python models and hooks in the process of dbt."""

    ConnectionManager = SegmentsparkConnectionManager

    _database: DriverDatabase | None = None
    _has_ended = False

    @classmethod
    def quote(cls, identifier: str) -> str:
        """Quote a name as the models do, in DuckDB's SQL."""
        return f'"{identifier}"'

    @property
    def database(self) -> DriverDatabase:
        """The DuckDB file, opened."""
        if self._database is None:
            try:
                self._database = DriverDatabase(
                    Path(self.config.credentials.path), self.config.credentials.schema
                )
            except InputError as error:
                raise DbtRuntimeError(str(error)) from None
            self._database.write_views(session())
            self._database.read_log(session())
            _register_pseudonym(session())
        return self._database

    def cleanup_connections(self) -> None:
        """Close the DuckDB file too."""
        super().cleanup_connections()
        if self._database is not None:
            self._database.connection.close()
            self._database = None

    @available
    def run_on_duckdb(self, hook: Callable[..., str], results: Sequence[Any] | None) -> None:
        """Run a hook: a macro that writes statements in DuckDB's SQL, and runs some.

        Parameters
        ----------
        hook : callable
        results : sequence or None
            Those of the build, at its end.
        """
        database = self.database
        if results is not None and not self._has_ended:
            self._has_ended = True
            database.write_views(session())
            database.write_queries(_queries(results))
        before = database.log()
        with database.cursor() as cursor:
            token = _on_duckdb.set(cursor)
            try:
                statement = hook() if results is None else hook(results)
                if statement.strip():
                    self.connections.execute(statement)
            finally:
                _on_duckdb.reset(token)
        after = database.log()
        if after is not None and (before is None or not after.equals(before)):
            session().sql(f"create database if not exists {LOG_SCHEMA}")
            self._write_table(f"{LOG_SCHEMA}.stages", after)

    def execute_macro(self, *arguments: Any, **named: Any) -> Any:
        """Run a macro of the adapter: what it asks of the catalog, it asks Spark."""
        token = _on_duckdb.set(None)
        try:
            return super().execute_macro(*arguments, **named)
        finally:
            _on_duckdb.reset(token)

    @available
    def load_customers(self, customer_file: str, seeds_dir: str) -> None:
        """Write the customer file as the tables of the source, as text, a batch at a time."""
        connection = self.database.connection
        try:
            attributes = load_dictionary(Path(seeds_dir) / "data_dictionary.csv")
            customers = open_customers(find_location(customer_file), attributes, connection)
            reader = read_customers(customers, connection)
            session().sql(f"create database if not exists {SOURCE_SCHEMA}")
            self._write_table(f"{SOURCE_SCHEMA}.file_columns", describe_columns(customers))
            name = f"{SOURCE_SCHEMA}.customers"
            session().sql(f"drop table if exists {name}__new")
            for part in _parts(reader):
                frame = session().createDataFrame(part)
                frame.write.mode("append").format("parquet").saveAsTable(f"{name}__new")
        except InputError as error:
            raise DbtRuntimeError(str(error)) from None
        session().sql(f"drop table if exists {name}")
        session().sql(f"alter table {name}__new rename to {name}")

    @available
    def load_seed(self, model: dict[str, Any], relation: Any) -> None:
        """Write a seed as a table, with the types of its ``column_types``."""
        path = Path(model["root_path"]) / model["original_file_path"]
        kinds = model["config"].get("column_types") or {}
        with self.database.connection.cursor() as cursor:
            rows = cursor.sql(
                "select * from read_csv(?, all_varchar = true, header = true, delim = ',', "
                "quote = '\"')",
                params=[str(path)],
            )
            columns = ", ".join(
                f'cast("{name}" as {kinds.get(name, "varchar")}) as "{name}"'
                for name in rows.columns
            )
            table = rows.project(columns).to_arrow_table()
        self._write_table(relation.render(), table)

    def submit_python_job(
        self, parsed_model: dict[str, Any], compiled_code: str
    ) -> AdapterResponse:
        """Run a Python model on the tables that it refers to, and write its new table.

        A table that it refers to is a DuckDB relation to it, as on DuckDB.
        """
        module = types.ModuleType(parsed_model["name"])
        code = compile(compiled_code.lstrip(), parsed_model["original_file_path"], "exec")
        exec(code, module.__dict__)
        with duckdb.connect() as connection:
            result = module.model(
                module.dbtObj(lambda name: connection.from_arrow(session().table(name).toArrow())),
                connection,
            )
            if isinstance(result, pd.DataFrame):
                result = connection.from_df(result)
            if isinstance(result, duckdb.DuckDBPyRelation):
                result = result.to_arrow_table()
        self._write_table(f"{parsed_model['schema']}.{parsed_model['alias']}__new", result)
        return AdapterResponse(_message="OK")

    def _write_table(self, name: str, table: pa.Table) -> None:
        frame = session().createDataFrame(_for_spark(table))
        frame.write.mode("overwrite").format("parquet").saveAsTable(name)


def _register_pseudonym(spark: SparkSession) -> None:
    """Give Spark the function of SQL that the var ``pseudonymize`` needs, where there is a key."""
    if KEY_VARIABLE in os.environ:
        key = key_from_environment()
        spark.udf.register("pseudonym", lambda name: None if name is None else pseudonym(name, key))


def _queries(results: Sequence[Any]) -> dict[str, str]:
    """Give the views that a build has made, by their name, in DuckDB's SQL."""
    return {
        result.node.alias: result.node.compiled_code
        for result in results
        if result.status == "success"
        and result.node.resource_type == "model"
        and result.node.config.materialized == "view"
    }


def _parts(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Put batches together to tables of at least `_ROWS_OF_A_PART` rows; one even where none is."""
    batches: list[pa.RecordBatch] = []
    is_first = True
    for batch in reader:
        batches.append(batch)
        if sum(one.num_rows for one in batches) >= _ROWS_OF_A_PART:
            yield pa.Table.from_batches(batches)
            batches, is_first = [], False
    if batches or is_first:
        yield pa.Table.from_batches(batches, reader.schema)


def _for_spark(table: pa.Table) -> pa.Table:
    """Give types that Spark has: no unsigned or huge integers, no dictionaries."""
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_unsigned_integer(kind) or pa.types.is_decimal(kind):
            kind = pa.int64()
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))
