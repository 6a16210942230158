"""The same build on a Spark cluster on this machine and on DuckDB: time, memory, shuffle, spill.

In the environment .venv-spark:

    python benchmarks/scale_spark.py 10000 1000000     # or `make bench-spark ROWS=1000000`

Both read one Parquet file. The cluster is a master and two workers of a core each; dbt, which is
the driver, is the third process. What tasks shuffled and spilled is read from Spark's event log.
The measurements go to `docs/benchmarks/scale_spark.json`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import harness
import psutil
from dbt.adapters.segmentspark.cluster import Cluster, cluster
from dbt.adapters.segmentspark.event_log import moved
from harness import print_table
from scale import stage_seconds

from segmentation.sample.generate import DEFAULT_SEED, write_sample

FOLDER = harness.PROJECT / "target" / "bench-spark"
MEASURED = harness.PROJECT / "docs" / "benchmarks" / "scale_spark.json"
BUILD = ("dbt", "build", "--exclude-resource-type", "unit_test", "test")
"""Tests apart: their number, not their size, is what costs Spark."""

LIMITS = {"SPARK_DRIVER_MEMORY": "2g", "SPARK_EXECUTOR_MEMORY": "3g", "SPARK_WORKER_MEMORY": "3g"}
DUCKDB_LIMIT = "4GB"
"""What driver and executors may take of memory, less what dbt itself wants."""

_MIB = 2**20


def main() -> None:
    """Measure the numbers of customers of the command line."""
    sizes = harness.sizes(__doc__)
    print(harness.describe_machine(), flush=True)
    for rows in sizes:
        folder = FOLDER / str(rows)
        file = parquet_file(folder, rows)
        spark, duck = on_spark(folder / "spark", file), on_duckdb(folder / "duckdb", file)
        harness.keep(MEASURED, {"rows": rows} | spark | duck)


def parquet_file(folder: Path, rows: int) -> Path:
    """Make so many customers where they are missing."""
    file = folder / "customers.parquet"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = folder / "customers.csv"
        write_sample(text, rows, DEFAULT_SEED)
        duckdb.sql(f"copy (from read_csv('{text}', all_varchar = true)) to '{file}'")
        text.unlink()
    return file


def on_duckdb(folder: Path, file: Path) -> dict[str, Any]:
    """Build on DuckDB."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = harness.environment(folder, file) | {"DUCKDB_MEMORY_LIMIT": DUCKDB_LIMIT}
    build = harness.run_stage(BUILD, env, folder / "output.txt", spill=folder / "spill")
    print_table(
        ("on DuckDB", "peak memory", "peak spill"),
        [(harness.Times((build.seconds,)), _mib(build.peak_bytes), _mib(build.spilled_bytes))],
    )
    return {
        "machine": harness.describe_machine(),
        "duckdb_seconds": build.seconds,
        "duckdb_peak_bytes": build.peak_bytes,
        "duckdb_spilled_bytes": build.spilled_bytes,
        "duckdb_stages": stage_seconds(folder),
    }


def on_spark(folder: Path, file: Path) -> dict[str, Any]:
    """Build on a cluster."""
    shutil.rmtree(folder, ignore_errors=True)
    for made in ("events", "conf"):
        (folder / made).mkdir(parents=True)
    (folder / "conf" / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir {(folder / 'events').as_uri()}\n"
        "spark.eventLog.compress false\n"
    )
    env = harness.environment(folder, file) | {
        "DBT_SPARK_PATH": str(folder / "spark.duckdb"),
        "SPARK_WAREHOUSE": str(folder / "warehouse"),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SHUFFLE_PARTITIONS": "16",
        **LIMITS,
    }
    began = time.perf_counter()
    with cluster(LIMITS["SPARK_WORKER_MEMORY"]) as nodes, (folder / "output.txt").open("w") as out:
        process = psutil.Popen(
            [harness.BINARIES / BUILD[0], *BUILD[1:], "--target", "spark"],
            cwd=harness.PROJECT,
            env=env | {"SPARK_MASTER": nodes.address},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        peaks = harness.peaks(
            process,
            {
                "dbt": lambda: _memory(process, of_java=False),
                "driver": lambda: _memory(process, of_java=True),
                "executors": lambda: _executors_memory(nodes),
            },
            every=1,
        )
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit((folder / "output.txt").read_text(encoding="utf-8")[-3000:])
    models = moved(folder / "events")
    print_table(
        ("on Spark", *peaks, "shuffled", "spilled to disk"),
        [
            (
                harness.Times((seconds,)),
                *map(_mib, peaks.values()),
                _mib(sum(one.shuffled for one in models.values())),
                _mib(sum(one.spilled for one in models.values())),
            )
        ],
    )
    stages = stage_seconds(folder)
    print_table(("stage", "thread-seconds"), [(name, f"{of:.0f}") for name, of in stages.items()])
    most = sorted(models.items(), key=lambda item: -item[1].shuffled)[:12]
    print_table(
        ("model", "shuffled", "spilled"),
        [(name, _mib(of.shuffled), _mib(of.spilled)) for name, of in most],
    )
    return {
        "spark_seconds": seconds,
        "spark_stages": stages,
        "spark_peak_bytes": peaks,
        "spark_models": {name: asdict(of) for name, of in models.items()},
    }


def _memory(build: psutil.Process, *, of_java: bool) -> int:
    """Memory of the Java that dbt starts, or of dbt and all else that it starts."""
    return harness.memory_bytes(
        one for one in harness.family(build) if (one.name() == "java") == of_java
    )


def _executors_memory(nodes: Cluster) -> int:
    """Memory of what the workers start."""
    return sum(
        harness.memory_bytes(harness.family(psutil.Process(worker.pid))[1:])
        for worker in nodes.workers
    )


def _mib(count: int) -> str:
    return f"{count / _MIB:,.0f} MiB"


if __name__ == "__main__":
    main()
