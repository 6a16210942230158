"""Customers that the cluster reads where they are: Parquet files, and tables of its catalog.

Whatever else a customer file may be is read by the driver and streamed to the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from segmentation.dictionary.attributes import Attribute
from segmentation.errors import InputError
from segmentation.ingest.customer_file import (
    PARQUET_SUFFIXES,
    ROW_COLUMNS,
    CustomerFile,
    read_header,
)
from segmentation.postgres import is_postgres_url


def open_in_cluster(
    spark: SparkSession, location: str, attributes: Sequence[Attribute]
) -> CustomerFile | None:
    """Read the header of customers that only the cluster can find.

    Parameters
    ----------
    spark : SparkSession
    location : str
        An address that Spark reads as Parquet (``s3a://bucket/customers``), or a table of its
        catalog (``database.table``).
    attributes : sequence of Attribute
        The dictionary.

    Returns
    -------
    CustomerFile or None
        None where `location` is neither.

    Raises
    ------
    InputError
        Spark cannot read the address, there is no row, or the header is not in order.
    """
    is_address = "://" in location and not is_postgres_url(location)
    if not is_address and not _is_table(spark, location):
        return None
    try:
        frame = _frame(spark, location)
        is_empty = frame.isEmpty()
    except PySparkException as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{location}: Spark cannot read it as Parquet ({reason}). Correct the address, or load "
            "the customers into a table of Spark's catalog and name that."
        ) from None
    if is_empty:
        raise InputError(f"{location}: there is no row. Load the customers into it.")
    columns = read_header(frame.columns, attributes, location)
    return CustomerFile(location, tuple(columns), None, location)


def rows_in_cluster(spark: SparkSession, customers: CustomerFile) -> DataFrame | None:
    """Give the rows of customers as `segmentation.ingest.customer_file.read_customers` does.

    Parameters
    ----------
    spark : SparkSession
    customers : CustomerFile
        What `open_in_cluster` or `segmentation.ingest.customer_file.open_customers` returned.

    Returns
    -------
    DataFrame or None
        None where the driver has to read them. Rows of Parquet files are numbered from 1 in their
        order; those of an address or a table upwards, with gaps.
    """
    if isinstance(customers.source, str):
        if "://" not in customers.source and not _is_table(spark, customers.source):
            return None  # a table of the driver's DuckDB file
        frame = _frame(spark, customers.source)
        return _as_text(frame, customers, f.monotonically_increasing_id() + 1, f.lit(None))
    parts = customers.source if isinstance(customers.source, tuple) else (customers,)
    before, frames = 0, []
    for part in parts:
        path = part.source
        if not isinstance(path, Path) or path.suffix.lower() not in PARQUET_SUFFIXES:
            return None
        frame = spark.read.parquet("file://" + _escaped(str(path.absolute())))
        number = f.col("_metadata.row_index") + (before + 1)
        name = f.lit(part.location if len(parts) > 1 else None)
        frames.append(_as_text(frame, part, number, name))
        before += pq.read_metadata(path).num_rows
    return reduce(DataFrame.unionAll, frames)


def _is_table(spark: SparkSession, location: str) -> bool:
    try:
        return not Path(location).exists() and spark.catalog.tableExists(location)
    except PySparkException:  # no name of a table
        return False


def _escaped(path: str) -> str:
    """Write a path as a pattern that only it matches."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def _frame(spark: SparkSession, location: str) -> DataFrame:
    return spark.read.parquet(location) if "://" in location else spark.table(location)


def _as_text(frame: DataFrame, customers: CustomerFile, number: Column, name: Column) -> DataFrame:
    types = dict(frame.dtypes)
    about = (
        number.cast("bigint"),
        *(one.cast("string") for one in (name, f.lit(None), f.lit(None))),
    )
    return frame.select(
        *(column.alias(alias) for column, alias in zip(about, ROW_COLUMNS, strict=True)),
        *(
            f.nullif(_text(_named(column.header), types[column.header]), f.lit("")).alias(
                column.column_name
            )
            for column in customers.columns
        ),
    )


def _named(header: str) -> Column:
    return f.col("`" + header.replace("`", "``") + "`")


def _text(value: Column, data_type: str) -> Column:
    """Write a value as DuckDB does: no ``.0`` after whole numbers, no midnight after dates."""
    text = value.cast("string")
    if data_type.startswith("timestamp"):
        return f.regexp_replace(text, " 00:00:00$", "")
    if data_type not in ("float", "double"):
        return text
    # Spark writes 12345678.9 as 1.23456789E7.
    digits = f.regexp_replace(text.cast("decimal(38,20)").cast("string"), r"\.?0+$", "")
    return (
        f.when(value == 0, "0")
        .when(f.abs(value).between(1e-3, 1e15), digits)
        .when(f.isnan(value), "nan")
        .when(value == float("inf"), "infinity")
        .when(value == float("-inf"), "-infinity")
        .otherwise(f.regexp_replace(text, r"\.0(?=E|$)", ""))
    )
