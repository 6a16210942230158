"""Customers that the cluster reads, beside what the driver reads of the same file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from dbt.adapters.segmentspark.customers import open_in_cluster, rows_in_cluster
from pyspark.sql import SparkSession

from segmentation.dictionary.attributes import Attribute, load_dictionary
from segmentation.errors import InputError
from segmentation.ingest.customer_file import CustomerFile, open_customers, read_customers
from segmentation.sample.generate import write_sample

WRITTEN_ELSE = {
    "1E-5": "1e-05",
    "1.2345678901234568E17": "1.2345678901234568e+17",
    "1.7976931348623157E308": "1.7976931348623157e+308",
}
"""Numbers that nobody has are written in another notation."""


@pytest.fixture(scope="module")
def attributes() -> list[Attribute]:
    return load_dictionary(Path("seeds/data_dictionary.csv"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("it's 客户") / "customers of 2025.csv"
    write_sample(path, 100, 5)
    return path


@pytest.fixture
def typed(sample: Path, tmp_path: Path) -> Path:
    """A Parquet file whose columns have types, several row groups, and values hard to write."""
    path = tmp_path / "客户 [1] {2}.parquet"
    duckdb.sql(
        f"""
        copy (
            select
                *,
                ([1, 0, -1.5, 12345678.9, 1e7, 0.1, 0.001, 1e-5, 1e15, 123456789012345680,
                 1.7976931348623157e308, 'inf', '-inf', 'nan', null]::double[])
                    [1 + row_number() over () % 15] as "a double `x`",
                ([1, 0.1, 12345678, 1e10, 'inf', null]::float[])
                    [1 + row_number() over () % 6] as "小数",
                (row_number() over () / 7)::decimal(12, 4) as decimals,
                row_number() over () % 2 = 0 as flag,
                date '2025-07-28' + (row_number() over ())::integer as day,
                timestamp '2025-07-28' + interval 6 hour * (row_number() over ()) as moment,
                (['', 'x', null])[1 + row_number() over () % 3] as "text ""of"" it"
            from '{str(sample).replace("'", "''")}'
        ) to '{path}' (row_group_size 20)
        """
    )
    return path


def opened(location: str, attributes: list[Attribute]) -> CustomerFile:
    return open_customers(location, attributes, duckdb.connect())


def expect_same_rows(spark: SparkSession, customers: CustomerFile) -> None:
    frame = rows_in_cluster(spark, customers)
    assert frame is not None
    found = frame.orderBy("_row_number").toArrow()
    expected = read_customers(customers, duckdb.connect()).read_all()
    assert found.column_names == expected.column_names
    for name in expected.column_names:
        texts = [WRITTEN_ELSE.get(text, text) for text in found[name].to_pylist()]
        assert texts == expected[name].to_pylist(), name


def test_values_are_the_texts_of_duckdb(
    spark: SparkSession, typed: Path, attributes: list[Attribute]
) -> None:
    expect_same_rows(spark, opened(str(typed), attributes))


def test_rows_are_numbered_through_all_files(
    spark: SparkSession, typed: Path, sample: Path, attributes: list[Attribute]
) -> None:
    folder = typed.parent
    duckdb.sql(f"copy (from '{typed}' limit 7) to '{folder}/a.parquet'")
    expect_same_rows(spark, opened(str(folder / "*.parquet"), attributes))


def test_the_driver_reads_text_files(
    spark: SparkSession, sample: Path, attributes: list[Attribute]
) -> None:
    assert open_in_cluster(spark, str(sample), attributes) is None
    assert open_in_cluster(spark, "postgresql://user@host/db?table=t", attributes) is None
    assert rows_in_cluster(spark, opened(str(sample), attributes)) is None


def test_the_driver_reads_tables_of_its_own(
    spark: SparkSession, typed: Path, attributes: list[Attribute]
) -> None:
    connection = duckdb.connect()
    connection.execute(f"create table customers_here as from '{typed}'")
    assert open_in_cluster(spark, "customers_here", attributes) is None
    customers = open_customers("customers_here", attributes, connection)
    assert rows_in_cluster(spark, customers) is None


def test_a_table_and_an_address(
    spark: SparkSession, typed: Path, attributes: list[Attribute]
) -> None:
    expected = read_customers(opened(str(typed), attributes), duckdb.connect()).read_all()
    address = f"file://{typed.parent}/*.parquet"
    frame = spark.read.parquet(address)
    frame.createOrReplaceTempView("in_the_lake")
    for location in ("in_the_lake", address):
        customers = open_in_cluster(spark, location, attributes)
        assert customers is not None
        assert [column.header for column in customers.columns] == frame.columns
        rows = rows_in_cluster(spark, customers)
        assert rows is not None
        found = rows.orderBy("_row_number").toArrow()
        assert found["corporation_id"].to_pylist() == expected["corporation_id"].to_pylist()


def test_what_is_wrong_with_a_table_is_said(
    spark: SparkSession, attributes: list[Attribute]
) -> None:
    spark.sql("select 1 as corporation_id, 2 as other").createOrReplaceTempView("too_few")
    with pytest.raises(InputError, match=r"too_few: \d+ required columns are missing"):
        open_in_cluster(spark, "too_few", attributes)
    spark.sql("select 1 as corporation_id where false").createOrReplaceTempView("no_rows")
    with pytest.raises(InputError, match="no_rows: there is no row"):
        open_in_cluster(spark, "no_rows", attributes)
    with pytest.raises(InputError, match="Spark cannot read it as Parquet"):
        open_in_cluster(spark, "file:///nowhere/customers.parquet", attributes)
