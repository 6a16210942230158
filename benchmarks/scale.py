"""How the cost grows with the customers, from file to report: stage times, memory, spill, quality.

In the activated environment:

    python benchmarks/scale.py 10000 100000 1000000     # or `make bench-scale ROWS=1000000`

For every number of customers a file is made once in `target/bench-scale/<rows>`, and the project is
built on it from nothing: `dbt build` with all data tests (unit tests have rows of their own, and
say nothing here) and the report. The measurements go to `docs/benchmarks/scale.json`, from which
`benchmarks/scale_figures.py` draws.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import harness
import pandas as pd
from harness import print_table
from sklearn.metrics import adjusted_rand_score

from segmentation.sample.generate import DEFAULT_SEED, write_sample

FOLDER = harness.PROJECT / "target" / "bench-scale"
MEASURED = harness.PROJECT / "docs" / "benchmarks" / "scale.json"
STAGES = {
    "models/staging": "read and clean",
    "models/intermediate/features": "features",
    "python_models": "fit and judge (Python)",
    "models/intermediate/selection": "choose K",
    "models/intermediate/scores": "score everyone",
    "models/intermediate/profiles": "profile",
    "models/intermediate": "explain and name",
    "models/marts": "marts",
    "seeds": "seeds",
}
"""Stages by the folder of a node; the first that fits counts."""


def main() -> None:
    """Measure the numbers of customers of the command line."""
    sizes = harness.sizes(__doc__)
    print(harness.describe_machine(), flush=True)
    for rows in sizes:
        harness.keep(MEASURED, measure(rows))
        shutil.rmtree(FOLDER / str(rows) / "published", ignore_errors=True)


def measure(rows: int) -> dict[str, Any]:
    """Build so many customers, print what it took, and return it."""
    folder = FOLDER / str(rows)
    file = folder / "customers.csv"
    if not file.exists():
        began = time.perf_counter()
        write_sample(file, rows, DEFAULT_SEED)
        print(f"\nMade {rows:,} customers in {time.perf_counter() - began:.0f} s.", flush=True)
    harness.clear(folder)
    env = harness.environment(folder, file)
    build, report = (
        harness.run_stage(command, env, folder / "output.txt", spill=folder / "spill")
        for command in (
            ("dbt", "build", "--exclude-resource-type", "unit_test"),
            ("segmentation", "report"),
        )
    )
    stages = {**stage_seconds(folder), "report": report.seconds}
    seconds = build.seconds + report.seconds
    peak = max(build.peak_bytes, report.peak_bytes)
    found, ari = quality(folder)
    database = (folder / "segmentation.duckdb").stat().st_size
    print_table(
        (f"{rows:,} customers: stage", "thread-seconds", "customers a second"),
        [(stage, f"{spent:.1f}", f"{rows / spent:,.0f}") for stage, spent in stages.items()],
    )
    print_table(
        ("file to report", "file", "peak memory", "peak spill", "database", "K", "ARI"),
        [
            (
                harness.Times((seconds,)),
                _gib(file.stat().st_size),
                _gib(peak),
                _gib(build.spilled_bytes),
                _gib(database),
                found,
                f"{ari:.4f}",
            )
        ],
    )
    return {
        "rows": rows,
        "machine": harness.describe_machine(),
        "seconds": seconds,
        "stages": stages,
        "file_bytes": file.stat().st_size,
        "peak_bytes": peak,
        "spilled_bytes": build.spilled_bytes,
        "database_bytes": database,
        "k": found,
        "ari": ari,
    }


def stage_seconds(folder: Path) -> dict[str, float]:
    """Add up by stage what dbt's nodes took, two of which may run at a time."""
    dbt = folder / "dbt"
    nodes = json.loads((dbt / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((dbt / "run_results.json").read_text(encoding="utf-8"))["results"]
    spent: dict[str, float] = defaultdict(float)
    for result in results:
        kind = result["unique_id"].split(".")[0]
        stage = {"test": "data tests", "operation": "checks, exports, published copy"}.get(kind)
        if kind in ("model", "seed"):
            path = nodes[result["unique_id"]]["original_file_path"]
            stage = next(name for start, name in STAGES.items() if path.startswith(start))
        if stage:
            spent[stage] += result["execution_time"]
    order = [*dict.fromkeys(STAGES.values()), "data tests", "checks, exports, published copy"]
    return {stage: spent[stage] for stage in order if stage in spent}


def quality(folder: Path) -> tuple[int, float]:
    """Give the K that was chosen, and the agreement with the segments that were planted."""
    planted = folder / "customers_planted.csv"
    together = harness.query(
        folder / "segmentation.duckdb",
        f"""
        select planted.planted_segment, segments.segment_id
        from fct_customer_segments as segments
        inner join read_csv('{planted}', all_varchar = true) as planted
            on segments.customer_id = planted.corporation_id
        """,
    )
    codes = [pd.factorize(together[column])[0] for column in together]
    return int(codes[1].max()) + 1, float(adjusted_rand_score(*codes))


def _gib(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.2f} GiB"


if __name__ == "__main__":
    main()
