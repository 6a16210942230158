"""The Spark that dialect and views are tested with: in this process, on one core."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    folder = tmp_path_factory.mktemp("spark")
    metastore = f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.extraJavaOptions", "-Dderby.stream.error.file=/dev/null")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.sources.default", "parquet")
        .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
        .config("spark.sql.warehouse.dir", str(folder / "ware house"))
        .config("spark.hadoop.javax.jdo.option.ConnectionURL", metastore)
        .enableHiveSupport()
        .getOrCreate()
    )
    yield session
    session.stop()
