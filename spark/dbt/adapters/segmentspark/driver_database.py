"""The DuckDB file beside the cluster: views of Spark's Parquet tables.

Report, workbook, exports and the published copy read it as they read the database of a build on
DuckDB. DuckDB streams what it reads: no table has to fit into the driver's memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
import pyarrow as pa
from dbt.adapters.segmentspark.customers import open_in_cluster
from pyspark.sql import SparkSession

from segmentation.database_faults import why_not_opened
from segmentation.dictionary.attributes import load_dictionary
from segmentation.errors import InputError
from segmentation.ingest.customer_file import CustomerFile
from segmentation.ingest.dbt_plugin import Plugin
from segmentation.ingest.location import SOURCE_SCHEMA, find_location
from segmentation.postgres import identifier, literal
from segmentation.transactions import transaction

LOG_SCHEMA = "builds"
_LOG = "builds.stages"

_FIELD = re.compile(r"^ \|-- ([^:]+): (.+) \(nullable", re.MULTILINE)
_DUCKDB_TYPES = {"string": "varchar", "timestamp_ntz": "timestamp"}


class _Plugin(Plugin):
    """Finds customers in the cluster too."""

    spark: SparkSession

    def open_customers(self, customer_file: str | None, seeds_dir: str) -> CustomerFile:
        location = find_location(customer_file or "")
        attributes = load_dictionary(Path(seeds_dir) / "data_dictionary.csv")
        found = open_in_cluster(self.spark, location, attributes)
        return found or super().open_customers(customer_file, seeds_dir)


class DriverDatabase:
    """A DuckDB file with the SQL functions of the dbt-duckdb plugin.

    Parameters
    ----------
    path : Path
    schema : str
        Where dbt builds the models on Spark.
    spark : SparkSession

    Raises
    ------
    InputError
        The file cannot be opened: another build has it open, for example. Or it is called as the
        schema is: DuckDB would not know which of the two a name means.
    """

    def __init__(self, path: Path, schema: str, spark: SparkSession) -> None:
        self.schema = schema
        self.spark = spark
        if path.stem.casefold() == schema.casefold():
            raise InputError(
                f"{path} is called as the schema {schema} is. Give it another name with the "
                "environment variable DBT_SPARK_PATH, or the schema with DBT_SPARK_SCHEMA."
            )
        try:
            self.connection = duckdb.connect(str(path))
        except duckdb.Error as error:
            why = why_not_opened(path, error, "DBT_SPARK_PATH")
            raise InputError(f"The database {path} cannot be opened: {why}") from None
        self.plugin = _Plugin.__new__(_Plugin)
        self.plugin.spark = spark
        self.plugin.configure_connection(self.connection)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor in a transaction, which the end of the block commits."""
        with self.connection.cursor() as cursor, transaction(cursor):
            yield cursor

    def write_views(self) -> None:
        """Make a view of each Parquet table of Spark, and of the models one in ``main`` too."""
        with self.cursor() as cursor:
            for of in (SOURCE_SCHEMA, self.schema):
                cursor.execute(f"create schema if not exists {identifier(of)}")
                for table in _tables(self.spark, of):
                    name = f"{identifier(of)}.{identifier(table.name)}"
                    cursor.execute(f"create or replace view {name} as {table.query()}")
                    if of == self.schema:
                        self._name_in_main(cursor, table.name, name)

    def write_queries(self, queries: Mapping[str, str]) -> None:
        """Make a view of each query in DuckDB's SQL, under its own name and in ``main``.

        Parameters
        ----------
        queries : mapping
            By the name of the view, in an order in which each reads only what is before it.
        """
        with self.cursor() as cursor:
            for view, query in queries.items():
                name = f"{identifier(self.schema)}.{identifier(view)}"
                cursor.execute(f"create or replace view {name} as {query}")
                self._name_in_main(cursor, view, name)

    @staticmethod
    def _name_in_main(cursor: duckdb.DuckDBPyConnection, view: str, name: str) -> None:
        cursor.execute(f"create or replace view main.{identifier(view)} as from {name}")

    def read_log(self) -> None:
        """Take over the build log that Spark's storage keeps, if there is one."""
        if not self.spark.catalog.tableExists(_LOG):
            return
        kept = self.spark.table(_LOG).toArrow()
        with self.cursor() as cursor:
            cursor.execute(f"create schema if not exists {LOG_SCHEMA}")
            cursor.register("kept", kept)
            cursor.execute(f"create or replace table {_LOG} as from kept order by build_number")
            cursor.unregister("kept")

    def log(self) -> pa.Table | None:
        """Give the build log as it is here; None where there is none."""
        try:
            return self.connection.cursor().table(_LOG).to_arrow_table()
        except duckdb.CatalogException:
            return None


@dataclass(frozen=True)
class _Table:
    """A Parquet table of Spark.

    Attributes
    ----------
    name : str
    location : str
        Address of its folder.
    columns : dict of str to str
        Spark's types.
    partitioned_by : frozenset of str
        Columns that are in the names of folders.
    """

    name: str
    location: str
    columns: dict[str, str]
    partitioned_by: frozenset[str]

    def query(self) -> str:
        """Write a query of its rows in DuckDB's SQL."""
        columns = ", ".join(map(identifier, self.columns))
        types = {name: _DUCKDB_TYPES.get(kind, kind) for name, kind in self.columns.items()}
        folder = Path(unquote(urlparse(self.location).path))
        is_local = urlparse(self.location).scheme in ("", "file")
        if is_local and next(folder.rglob("*.parquet"), None) is None and not folder.is_file():
            empty = ", ".join(
                f"cast(null as {kind}) as {identifier(name)}" for name, kind in types.items()
            )
            return f"select {empty} where false"
        place = _escaped(str(folder)) if is_local else self.location
        files = place if is_local and folder.is_file() else f"{place}/**/*.parquet"
        options = "union_by_name = true, hive_partitioning = false"
        if self.partitioned_by:
            hive = ", ".join(f"{identifier(name)}: {types[name]}" for name in self.partitioned_by)
            options = f"union_by_name = true, hive_partitioning = true, hive_types = {{{hive}}}"
        return f"select {columns} from read_parquet({literal(files)}, {options})"


def _escaped(path: str) -> str:
    """Write a path as a pattern that only it matches."""
    return re.sub(r"([\[*?])", r"[\1]", path)


def _tables(spark: SparkSession, schema: str) -> Iterator[_Table]:
    if not spark.catalog.databaseExists(schema):
        return
    for row in spark.sql(f"show table extended in {schema} like '*'").collect():
        facts = dict(line.split(": ", 1) for line in row.information.splitlines() if ": " in line)
        if facts.get("Provider") != "parquet" or row.isTemporary:
            continue
        yield _Table(
            name=row.tableName,
            location=facts["Location"],
            columns=dict(_FIELD.findall(row.information)),
            partitioned_by=frozenset(re.findall(r"`([^`]+)`", facts.get("Partition Columns", ""))),
        )
