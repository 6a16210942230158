"""Builds on a Spark cluster beside builds on DuckDB, table by table."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from dbt.adapters.segmentspark.cluster import Cluster, cluster
from dbt.adapters.segmentspark.event_log import moved, plan
from equal_builds import ABOUT_BUILDS, differences
from project import BRISK, Project, Run, expect_clean_failure, expect_success

from segmentation.sample.generate import write_sample

ROWS = 600
EVERYONE = {
    "customers",
    "base_crm__customers_checked",
    "int_customer_attributes",
    "int_customer_features",
    "int_famd_coordinates",
}
"""Tables of all customers."""

MANY, DRIVER_LIMIT = 80_000, "12m"
VARIABLES = BRISK | {"as_of_date": "2025-07-28", "k_values": [3, 4]}
NEXT_QUARTER = VARIABLES | {"as_of_date": "2025-10-28"}


@pytest.fixture(scope="session")
def nodes() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture(scope="session")
def customers(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Customers of whom nine in ten have one category, and of whom many have no number."""
    path = tmp_path_factory.mktemp("sample") / "customers.csv"
    write_sample(path, ROWS, 5)
    customers = pd.read_csv(path, dtype=str, keep_default_na=False)
    chance = random.Random(5)
    usual = pd.Series([chance.random() < 0.9 for _ in range(ROWS)])
    customers.loc[usual, "top_l2_category"] = "服装、鞋靴 & 配饰"
    customers["top_l3_category"] = [f"品类 {place}" for place in range(ROWS)]
    customers.loc[usual, "month_avg_topup_amt"] = ""
    return customers


@pytest.fixture(scope="session")
def customer_file(customers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("it's 客户") / "customers of 2025.parquet"
    customers.to_parquet(path, row_group_size=250)
    return path


@pytest.fixture(scope="session")
def new_project(
    tmp_path_factory: pytest.TempPathFactory, nodes: Cluster
) -> Callable[[str], Project]:
    def new_project(name: str) -> Project:
        folder = tmp_path_factory.mktemp("it's a project") / name
        events = tmp_path_factory.mktemp("events")
        env = {
            "SPARK_MASTER": nodes.address,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WAREHOUSE": str(folder / "spark warehouse"),
            "DBT_SPARK_PATH": str(folder / "segmentation.duckdb"),
            "DBT_SPARK_SCHEMA": "on_spark",
            # So few rows are sooner read than code for them is compiled.
            "SPARK_WHOLE_STAGE": "false",
            "SPARK_SHUFFLE_PARTITIONS": "2",
            "PYSPARK_SUBMIT_ARGS": "--conf spark.sql.codegen.factoryMode=NO_CODEGEN "
            "--conf spark.sql.adaptive.enabled=false --conf spark.eventLog.enabled=true "
            "--conf spark.eventLog.compress=false "
            f"--conf spark.eventLog.dir=file://{events} pyspark-shell",
            "EVENTS": str(events),
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "BACKUPS_DIR": str(folder / "backups"),
        }
        return Project(folder, parses=tmp_path_factory.mktemp("parses"), env=env)

    return new_project


def build(
    project: Project,
    target: str,
    customer_file: Path,
    variables: dict[str, object] = VARIABLES,
    *,
    tests: bool = False,
) -> Run:
    left_out = ["unit_test", *([] if tests else ["test"])]
    arguments = ["--exclude-resource-type", *left_out, "--target", target]
    return project.dbt(
        "build", *arguments, customer_file=customer_file, variables=variables, in_new_python=True
    )


@pytest.fixture(scope="session")
def on_duckdb(new_project: Callable[[str], Project], customer_file: Path) -> Project:
    project = new_project("duckdb")
    expect_success(build(project, "dev", customer_file))
    return project


@pytest.fixture(scope="session")
def on_spark(new_project: Callable[[str], Project], customer_file: Path) -> Project:
    project = new_project("spark")
    expect_success(build(project, "spark", customer_file))
    return project


def expect_equal(one: Project, other: Project) -> None:
    found = differences(one, other, leave_out=ABOUT_BUILDS, relative=1e-9, absolute=1e-12)
    assert not found, "\n".join(found)


def test_every_table_is_equal(on_duckdb: Project, on_spark: Project) -> None:
    expect_equal(on_duckdb, on_spark)


def test_exports_and_published_copy_are_of_the_marts(on_duckdb: Project, on_spark: Project) -> None:
    for name in ("customer_segments.csv", "df_k2_agglo_all_raw.csv"):
        found, expected = (
            pd.read_csv(project.exports / name, dtype={0: str}) for project in (on_spark, on_duckdb)
        )
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    with duckdb.connect(str(on_spark.published), read_only=True) as connection:
        published = connection.sql("from fct_customer_segments order by customer_id").df()
    assert published.equals(on_spark.query("from fct_customer_segments order by customer_id"))


def test_features_and_scores_move_no_customer(on_spark: Project) -> None:
    """Neither to another worker nor to all of them."""
    events = Path(on_spark.env["EVENTS"])
    models = [
        "int_customer_attributes",
        "int_customer_features",
        "int_famd_coordinates",
        "int_kprototypes_scores",
        "int_famd_kmeans_scores",
        "int_famd_gmm_scores",
        "int_agglomerative_scores",
    ]
    found = {model: exchanged(plan(events, model)) & EVERYONE for model in models}
    assert not any(found.values()), found
    # Cleaning brings the rows of an id together.
    assert exchanged(plan(events, "base_crm__customers_checked")) & EVERYONE == {"customers"}


def exchanged(tree: str) -> set[str]:
    """Name the tables that a plan reads below an exchange."""
    found, begun = set(), None
    for line in tree.splitlines():
        depth = len(line) - len(line.lstrip(" :+-*"))
        if begun is not None and depth <= begun:
            begun = None
        if begun is None and "Exchange (" in line:
            begun = depth
        if begun is not None and "Scan parquet" in line:
            found.add(line.rpartition(".")[2].split(" ")[0])
    return found


def test_a_second_build_at_once_is_refused(on_spark: Project, customer_file: Path) -> None:
    with duckdb.connect(str(on_spark.database)):
        refused = build(on_spark, "spark", customer_file)
    expect_clean_failure(
        refused, "segmentation.duckdb cannot be opened: it is open", "DBT_SPARK_PATH"
    )


@pytest.mark.hard
def test_no_master(on_spark: Project, on_duckdb: Project, customer_file: Path) -> None:
    without = Project(
        on_spark.folder, on_spark.parses, on_spark.env | {"SPARK_MASTER": "spark://127.0.0.1:9"}
    )
    # Spark looks for it for a minute.
    expect_clean_failure(
        build(without, "spark", customer_file),
        "Spark at spark://127.0.0.1:9 cannot be reached",
    )
    expect_equal(on_duckdb, on_spark)


@pytest.mark.hard
def test_a_worker_is_killed(
    new_project: Callable[[str], Project], nodes: Cluster, on_duckdb: Project, customer_file: Path
) -> None:
    """It goes when half of the models are built; the other one does the rest."""
    project = new_project("killed")
    log = project.folder / "logs" / "dbt.log"

    def kill() -> None:
        while not log.exists() or log.read_text("utf-8").count("OK created") < 80:
            time.sleep(1)
        nodes.workers[1].kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    expect_success(build(project, "spark", customer_file))
    assert nodes.workers[1].wait(timeout=10) != 0
    expect_equal(on_duckdb, project)


@pytest.mark.hard
def test_the_next_quarter(
    on_duckdb: Project, on_spark: Project, customers: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "next.csv"
    customers.iloc[50:].to_csv(path, index=False)
    expect_success(build(on_duckdb, "dev", path, NEXT_QUARTER))
    expect_success(build(on_spark, "spark", path, NEXT_QUARTER, tests=True))
    expect_equal(on_duckdb, on_spark)
    history = "select count(distinct as_of_date) from fct_segment_history"
    assert on_spark.one(history) == 2


@pytest.mark.hard
def test_more_than_memory(new_project: Callable[[str], Project], tmp_path: Path) -> None:
    """The driver may not hold all customers, executors put all they sort on disk.

    There are ten thousand categories, one for eight customers.
    """
    path = tmp_path / "customers.csv"
    write_sample(path, MANY, 5)
    customers = pd.read_csv(path, dtype=str, keep_default_na=False)
    customers["top_l3_category"] = [f"品类 {place // 8}" for place in range(MANY)]
    customers.to_csv(path, index=False)
    variables = VARIABLES | {"training_rows": 2000}
    projects = [new_project("large on duckdb"), new_project("large on spark")]
    large = projects[1].env
    large["SPARK_MAX_RESULT"] = DRIVER_LIMIT
    # What Spark broadcasts goes through the driver: no more of it than were they millions.
    forced = (
        "--conf spark.shuffle.spill.numElementsForceSpillThreshold=50000 "
        "--conf spark.sql.autoBroadcastJoinThreshold=100k"
    )
    large["PYSPARK_SUBMIT_ARGS"] = f"{forced} {large['PYSPARK_SUBMIT_ARGS']}"
    expect_success(build(projects[0], "dev", path, variables))
    expect_success(build(projects[1], "spark", path, variables))
    expect_equal(*projects)
    assert sum(one.spilled for one in moved(Path(large["EVENTS"])).values()) > 0

    features = projects[1].folder / "spark warehouse" / "on_spark.db" / "int_customer_features"
    collect = (
        "import sys; from pyspark.sql import SparkSession; spark = SparkSession.builder.config("
        f"'spark.driver.maxResultSize', '{DRIVER_LIMIT}').getOrCreate(); "
        "spark.read.parquet(sys.argv[1]).toArrow()"
    )
    collected = subprocess.run(
        [sys.executable, "-c", collect, features], capture_output=True, text=True, check=False
    )
    assert "is bigger than spark.driver.maxResultSize" in collected.stderr


def test_the_cluster_stops_with_its_command() -> None:
    with cluster() as started:
        processes = [started.master, *started.workers]
    assert all(process.poll() is not None for process in processes)


def test_the_cluster_stops_when_it_is_told_to() -> None:
    """The command never ends."""
    command = [
        "-c",
        "import os, time; print(os.environ['SPARK_MASTER'], flush=True); time.sleep(600)",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "dbt.adapters.segmentspark.cluster", sys.executable, *command],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        port = process.stdout.readline().strip().rpartition(":")[2]
        with socket.create_connection(("127.0.0.1", int(port))):
            process.terminate()
        assert process.wait(timeout=60) == 143
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)))


def test_a_cluster_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    run = subprocess.run(
        [sys.executable, "-m", "dbt.adapters.segmentspark.cluster", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "apt-get install openjdk-17-jre-headless" in run.stderr
