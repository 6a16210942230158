"""Time and memory of the whole plan; `speed.py` runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import harness
import pandas as pd
from harness import HEADER, Times, compared, print_table
from sklearn.metrics import adjusted_rand_score

# What the plain script is shortened by when it is measured, against the plan's effort.
SHORTENED = {"K-Prototypes": 10, "gap, the references": 20, "stability": 50}


def benchmark_plan() -> None:
    """Compare `dbt build` with all tests, and the report, with the same plan in a plain script."""
    file = harness.sample_file(harness.FOLDER)
    folder = harness.FOLDER / "plain_plan"
    script = [sys.executable, Path(__file__).with_name("plain_plan.py"), file, folder]
    efforts = ("--starts", "1", "--references", "1", "--bootstraps", "1")
    builds, scripts = [], []
    for _ in range(3):
        stages = {stage.name: stage.seconds for stage in harness.make_build()}
        builds.append({**stages, **harness.python_models()._asdict()})
        subprocess.run([*script, *efforts], check=True, stdout=subprocess.DEVNULL)
        scripts.append(pd.read_csv(folder / "seconds.csv").set_index("step")["seconds"])
    ours, theirs = pd.DataFrame(builds), pd.DataFrame(scripts)
    factors = pd.Series(SHORTENED).reindex(theirs.columns, fill_value=1)
    whole = Times(tuple((theirs * factors).sum(axis=1)))
    print_table(
        HEADER,
        [
            compared(
                "the plan: `dbt build` with all tests, and the report",
                Times(tuple(ours["dbt build"] + ours["segmentation report"])),
                "plain script, shortened and scaled up",
                whole,
                _plan_quality(folder),
            )
        ],
    )
    print_table(
        ("part of ours", "time"),
        [
            ("`dbt build`", Times(tuple(ours["dbt build"]))),
            ("… while a Python model runs", Times(tuple(ours["wall"]))),
            ("… all Python models, added up", Times(tuple(ours["added"]))),
            ("`segmentation report`", Times(tuple(ours["segmentation report"]))),
        ],
    )
    steps = [
        (step, Times(tuple(theirs[step])), factor, Times(tuple(theirs[step] * factor)))
        for step, factor in factors.items()
    ]
    measured = Times(tuple(theirs.sum(axis=1)))
    print_table(
        ("step of the plain script", "measured", "×", "scaled up"),
        [*steps, ("all", measured, "", whole)],
    )


def _plan_quality(folder: Path) -> str:
    """Compare what both delivered with what was planted."""
    planted = pd.read_csv(harness.FOLDER / "customers_planted.csv", dtype=str)
    planted = planted.set_index("corporation_id")["planted_segment"]
    plain = pd.read_csv(folder / "customer_segments.csv", dtype=str)
    plain = plain.set_index("corporation_id")["segment"]
    ours = harness.query(
        harness.built_database(), "select customer_id, segment_id from fct_customer_segments"
    ).set_index("customer_id")["segment_id"]
    cells = [
        f"K = {labels.nunique()}, ARI {adjusted_rand_score(planted.loc[labels.index], labels):.4f}"
        for labels in (ours, plain)
    ]
    return " and ".join(cells)


def benchmark_memory() -> None:
    """Peak memory of every command of `make build`."""
    stages = harness.make_build()
    print_table(
        ("command of `make build`", "seconds", "peak memory"),
        [
            (f"`{stage.name}`", f"{stage.seconds:.1f}", f"{stage.peak_bytes / 2**30:.2f} GiB")
            for stage in stages
        ],
    )
