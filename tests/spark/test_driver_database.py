from __future__ import annotations

import datetime
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.segmentspark.driver_database import DriverDatabase
from pyspark.sql import SparkSession

from segmentation.errors import InputError

DATE = datetime.date(2025, 7, 28)


@pytest.fixture
def schema(spark: SparkSession) -> str:
    spark.sql("drop database if exists shop cascade")
    spark.sql("create database shop")
    return "shop"


@pytest.fixture
def database(tmp_path: Path, schema: str, spark: SparkSession) -> DriverDatabase:
    return DriverDatabase(tmp_path / "views.duckdb", schema, spark)


def test_a_view_has_the_rows_of_its_table(
    spark: SparkSession, database: DriverDatabase, schema: str
) -> None:
    spark.sql(
        f"create table {schema}.marts as "
        "select 1 as n, 'S01 * [x]' as name, 1.5D as share, true as flag, "
        "date '2025-07-28' as day, timestamp_ntz '2025-07-28 10:00:00' as moment"
    )
    database.write_views()
    at_ten = datetime.datetime(2025, 7, 28, 10)
    for name in ("shop.marts", "main.marts"):
        rows = database.connection.sql(f"from {name}")
        assert rows.fetchall() == [(1, "S01 * [x]", 1.5, True, DATE, at_ten)]
    spark.sql(f"insert into {schema}.marts select 2, 'S02', null, false, null, null")
    assert database.connection.sql("select count(*) from marts").fetchall() == [(2,)]


def test_partitions_have_types(spark: SparkSession, database: DriverDatabase, schema: str) -> None:
    spark.sql(
        f"create table {schema}.history using parquet partitioned by (as_of_date) as "
        "select 'C1' as customer_id, date '2025-07-28' as as_of_date"
    )
    database.write_views()
    rows = database.connection.sql("from history")
    assert rows.fetchall() == [("C1", DATE)]
    assert list(map(str, rows.types)) == ["VARCHAR", "DATE"]


def test_a_table_without_rows_or_files(
    spark: SparkSession, database: DriverDatabase, schema: str
) -> None:
    spark.sql(
        f"create table {schema}.nothing (name string, day date) using parquet partitioned by (day)"
    )
    database.write_views()
    rows = database.connection.sql("from nothing")
    assert rows.fetchall() == []
    assert list(map(str, rows.types)) == ["VARCHAR", "DATE"]


def test_views_of_the_project(spark: SparkSession, database: DriverDatabase, schema: str) -> None:
    spark.sql(f"create table {schema}.marts as select 1 as n")
    database.write_views()
    database.write_queries(
        {"twice": "select 2 * n as n from shop.marts", "once": "from shop.twice"}
    )
    assert database.connection.sql("from once").fetchall() == [(2,)]


def test_a_name_that_means_two_things_is_refused(tmp_path: Path, spark: SparkSession) -> None:
    with pytest.raises(InputError, match="DBT_SPARK_PATH"):
        DriverDatabase(tmp_path / "Shop.duckdb", "shop", spark)


def test_a_file_that_is_none_is_refused(tmp_path: Path, spark: SparkSession) -> None:
    path = tmp_path / "views.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(InputError, match="cannot be opened"):
        DriverDatabase(path, "shop", spark)


def test_a_transaction_that_fails_leaves_nothing(database: DriverDatabase) -> None:
    statements = "create table kept (n integer); select nothing"
    with pytest.raises(duckdb.BinderException), database.cursor() as cursor:
        cursor.execute(statements)
    with pytest.raises(duckdb.CatalogException):
        database.connection.sql("from kept")
