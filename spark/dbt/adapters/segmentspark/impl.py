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
from dbt.adapters.segmentspark.customers import rows_in_cluster
from dbt.adapters.segmentspark.dialect import to_spark
from dbt.adapters.segmentspark.driver_database import LOG_SCHEMA, DriverDatabase
from dbt.adapters.spark import SparkAdapter, SparkConnectionManager, SparkCredentials
from dbt_common.clients.agate_helper import table_from_data_flat
from dbt_common.exceptions import DbtDatabaseError, DbtRuntimeError
from pyspark.sql import DataFrame, SparkSession
from sqlglot import exp

from segmentation.errors import InputError
from segmentation.ingest.customer_file import read_customers
from segmentation.ingest.dbt_plugin import describe_columns
from segmentation.ingest.location import SOURCE_SCHEMA
from segmentation.postgres import literal
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

_COMPILER = "org.apache.spark.sql.catalyst.expressions.codegen.CodeGenerator"
"""Reports as an error, 200 lines long, what Spark then does without compiling it."""


def translate(statement: str) -> str:
    """Write the query of a statement, such as ``create table … as query``, in Spark's SQL."""
    found = _QUERY.fullmatch(statement)
    if found is None:
        return statement
    head, query = found["head"], found["query"].rstrip().rstrip(";")
    return head + to_spark(query, _columns_of, is_of_relation="create" in head.lower())


def _columns_of(query: str) -> list[str]:
    return list(session().sql(query).columns)


def session() -> SparkSession:
    """Give the session of dbt-spark's method ``session``, which is open."""
    return SparkSession.active()


def _start(parameters: Mapping[str, str]) -> None:
    """Start the session that dbt-spark will use, unless there is one."""
    with _starting:
        builder = SparkSession.builder.enableHiveSupport()
        for name, value in parameters.items():
            builder = builder.config(name, value)
        log4j = builder.getOrCreate().sparkContext._jvm.org.apache.logging.log4j
        log4j.core.config.Configurator.setLevel(_COMPILER, log4j.Level.OFF)


def _name_jobs(name: str | None) -> None:
    """Call the jobs of this thread so; they share the cores evenly with those of other threads."""
    context = session().sparkContext
    context.setJobDescription(name or "dbt")
    context.setLocalProperty("spark.scheduler.pool", name or "dbt")


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
        """Translate a statement and run it, under the name of its model in Spark's own pages."""
        connection = self.get_thread_connection()
        if connection.handle:  # opens it, where it is not
            _name_jobs(connection.name)
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
                    Path(self.config.credentials.path), self.config.credentials.schema, session()
                )
            except InputError as error:
                raise DbtRuntimeError(str(error)) from None
            self._database.write_views()
            self._database.read_log()
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
            database.write_views()
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
        """Write the customers as the tables of the source, as text.

        The cluster reads those that it can (`rows_in_cluster`); others go through the driver, some
        at a time.
        """
        name = f"{SOURCE_SCHEMA}.customers"
        session().sql(f"create database if not exists {SOURCE_SCHEMA}")
        session().sql(f"drop table if exists {name}__new")
        _name_jobs(name)
        try:
            customers = self.database.plugin.open_customers(customer_file, seeds_dir)
            self._write_table(f"{SOURCE_SCHEMA}.file_columns", describe_columns(customers))
            frame = rows_in_cluster(session(), customers)
            if frame is not None:
                _append(frame, f"{name}__new")
            else:
                for part in _parts(read_customers(customers, self.database.connection)):
                    _append(session().createDataFrame(part), f"{name}__new")
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

    @available
    def as_json(self, value: str, data_type: str) -> str:
        """Write what DuckDB reads as a value of a type of Spark's, as a text in JSON."""
        kind = exp.DataType.build(data_type, dialect="spark").sql("duckdb")
        with duckdb.connect() as connection:
            rows = connection.sql(f"select to_json(cast({value} as {kind}))").fetchall()
        return "cast(null as string)" if rows[0][0] is None else literal(rows[0][0])

    def submit_python_job(
        self, parsed_model: dict[str, Any], compiled_code: str
    ) -> AdapterResponse:
        """Run a Python model on the tables that it refers to, and write its new table.

        A table that it refers to is a DuckDB relation to it, as on DuckDB.
        """
        _name_jobs(parsed_model["unique_id"])
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


def _append(frame: DataFrame, table: str) -> None:
    frame.write.mode("append").format("parquet").saveAsTable(table)


def _parts(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Put batches together to tables of at least `_ROWS_OF_A_PART` rows; one even where none is."""
    batches: list[pa.RecordBatch] = []
    rows, is_first = 0, True
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS_OF_A_PART:
            yield pa.Table.from_batches(batches)
            batches, rows, is_first = [], 0, False
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
