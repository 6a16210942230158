"""What `docs/quarters.md` says of the quarters, measured.

In the activated environment:

    python benchmarks/quarters.py planted   # after `make demo-year`: planted and found
    python benchmarks/quarters.py seeds     # ten refits of unchanged customers, other seeds
    python benchmarks/quarters.py history   # a quarter scored after 1 and after 40 others
    python benchmarks/quarters.py score     # 1,000,000 customers scored by a kept model
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import harness
import pandas as pd
from harness import print_table

from segmentation.sample.evolution import QUARTERS
from segmentation.sample.generate import DEFAULT_SEED, write_sample

DEMO = harness.PROJECT / "target" / "demo_year"
FOLDER = harness.PROJECT / "target" / "bench-quarters"
SEEDS = range(1, 11)
HISTORY = 40
SCORED_ROWS = 1_000_000
SCORE = ("dbt", "build", "--selector", "score", "--exclude-resource-type", "unit_test")
# Enough to fit; the evidence on K is not the point where K is given.
BRIEF = {
    "n_bootstraps": 2,
    "n_bootstraps_slow": 2,
    "n_references": 2,
    "final_k": 5,
    "final_method": "kprototypes",
    "final_k_reason": "the same model again",
}


def main() -> None:
    """Measure what the command line names."""
    measures: dict[str, Callable[[], None]] = {
        "planted": planted,
        "seeds": seeds,
        "history": history,
        "score": score,
    }
    if len(sys.argv) != 2 or sys.argv[1] not in measures:
        sys.exit(__doc__)
    measures[sys.argv[1]]()


def planted() -> None:
    """Set what happened to the customers of the demo year beside where they are found."""
    found = harness.query(
        DEMO / "segmentation.duckdb",
        "select as_of_date, customer_id, segment_id from fct_segment_history",
    )
    found["as_of_date"] = found["as_of_date"].astype(str)
    rows, sizes = [], []
    before: pd.DataFrame | None = None
    for quarter in QUARTERS:
        planted_now = pd.read_csv(
            DEMO / "customers" / f"customers_{quarter.date}_planted.csv", dtype=str
        ).rename(columns={"corporation_id": "customer_id"})
        now = found[found["as_of_date"] == quarter.date].merge(planted_now, on="customer_id")
        usual = now.groupby("planted_segment")["segment_id"].agg(lambda ids: ids.mode()[0])
        sizes += [
            (quarter.date, name, len(own), usual[name], f"{(own == usual[name]).mean():.1%}")
            for name, own in now.groupby("planted_segment")["segment_id"]
        ]
        if before is not None:
            both = now.merge(before, on="customer_id", suffixes=("", "_before"))
            for change, own in both.groupby("change"):
                stays = own["segment_id"] == own["segment_id_before"]
                right = own["segment_id"] == own["planted_segment"].map(usual)
                rows.append(
                    (quarter.date, change, len(own), f"{stays.mean():.1%}", f"{right.mean():.1%}")
                )
        before = now
    print_table(("snapshot", "planted segment", "customers", "found as", "of them"), sizes)
    print_table(
        (
            "snapshot",
            "planted change",
            "customers",
            "in the same segment",
            "in their planted one's",
        ),
        rows,
    )


def _environment(file: Path) -> dict[str, str]:
    return harness.environment(FOLDER, file)


def _variables(as_of: date, **others: object) -> tuple[str, str]:
    return "--vars", json.dumps({"as_of_date": str(as_of), **others})


def _clear() -> Path:
    """Make the sample once, and an empty folder to build in."""
    harness.clear(FOLDER)
    return harness.sample_file(FOLDER)


def _run(command: tuple[str, ...], file: Path) -> harness.Stage:
    return harness.run_stage(command, _environment(file), FOLDER / "output.txt")


def seeds() -> None:
    """Fit the same customers again with other seeds, a quarter later each time."""
    file = _clear()
    build = ("dbt", "build", "--exclude-resource-type", "unit_test", "test")
    for place, seed in enumerate([DEFAULT_SEED, *SEEDS]):
        as_of = date(2015 + place, 7, 28)
        _run((*build, *_variables(as_of, random_seed=seed, **BRIEF)), file)
    moved = harness.query(
        FOLDER / "segmentation.duckdb",
        """
        with history as (
            select *, min(as_of_date) over () as first_date from fct_segment_history
        ), first as (
            select customer_id, segment_id, is_borderline from history where as_of_date = first_date
        )
        select
            history.as_of_date as snapshot,
            any_value(models.settings::json ->> 'random_seed') as seed,
            count(distinct history.segment_id) filter (
                where history.segment_id not in (select segment_id from first)
            ) as new_ids,
            avg((history.segment_id != first.segment_id)::int) as moved,
            avg((history.segment_id != first.segment_id)::int) filter (
                where not first.is_borderline and not history.is_borderline
            ) as moved_not_borderline
        from history
        inner join first on history.customer_id = first.customer_id
        inner join dim_models as models on history.model_version = models.model_version
        group by all order by all
        """,
    )
    print_table(
        ("seed", "new ids", "moved", "of those not borderline"),
        [
            (row.seed, row.new_ids, f"{row.moved:.2%}", f"{row.moved_not_borderline:.2%}")
            for row in moved.itertuples()
        ],
    )


def history() -> None:
    """Score one more quarter after a single one, and after forty."""
    file = _clear()
    build = ("dbt", "build", "--exclude-resource-type", "unit_test", "test")
    _run((*build, *_variables(date(2000, 7, 28), **BRIEF)), file)
    once = _score_at(date(2020, 7, 28), file)
    with duckdb.connect(str(FOLDER / "segmentation.duckdb")) as connection:
        connection.execute(
            f"""
            insert into fct_segment_history
            select fct_segment_history.* replace (
                cast(date '2001-01-28' + interval (3 * quarter) month as date) as as_of_date
            )
            from fct_segment_history, range({HISTORY - 1}) as quarters (quarter)
            where as_of_date = date '2000-07-28'
            """
        )
    later = _score_at(date(2020, 7, 28), file)
    print_table(
        ("snapshots before", "score, all of it", "models that read the history"),
        [(1, *once), (HISTORY, *later)],
    )


def _score_at(as_of: date, file: Path) -> tuple[str, str]:
    """Score, and give the seconds of all and of what reads the history."""
    stage = _run((*SCORE, *_variables(as_of)), file)
    results = json.loads((FOLDER / "dbt" / "run_results.json").read_text(encoding="utf-8"))
    readers = (
        "int_snapshot",
        "int_previous_segments",
        "fct_segment_history",
        "int_segment_flows",
        "rpt_segment_trends",
        "rpt_segment_departures",
        "rpt_migration_attributes",
    )
    spent = sum(
        result["execution_time"]
        for result in results["results"]
        if result["unique_id"].startswith("model.") and result["unique_id"].split(".")[2] in readers
    )
    return f"{stage.seconds:.1f} s", f"{spent:.2f} s"


def score() -> None:
    """Score a million customers by a model that was fitted on the sample."""
    file = _clear()
    _run(
        (
            *("dbt", "build", "--exclude-resource-type", "unit_test", "test"),
            *_variables(date(2025, 7, 28), **BRIEF),
        ),
        file,
    )
    many = FOLDER / "million.csv"
    if not many.exists():
        write_sample(many, SCORED_ROWS, DEFAULT_SEED + 1)
    stage = _run((*SCORE, *_variables(date(2025, 10, 28))), many)
    manifest = json.loads((FOLDER / "dbt" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((FOLDER / "dbt" / "run_results.json").read_text(encoding="utf-8"))
    models = {
        result["unique_id"]: result["execution_time"]
        for result in results["results"]
        if result["unique_id"].startswith("model.")
    }
    python = [name for name in models if manifest[name]["language"] == "python"]
    print(f"{SCORED_ROWS:,} customers, file to history, published copy and exports: ", end="")
    print(
        f"{stage.seconds:.0f} s, {stage.peak_bytes / 2**30:.1f} GiB; Python models: {len(python)}"
    )
    slowest = sorted(models.items(), key=lambda one: -one[1])[:8]
    print_table(
        ("model", "seconds"), [(name.split(".")[2], f"{spent:.1f}") for name, spent in slowest]
    )
    shutil.rmtree(FOLDER / "published", ignore_errors=True)


if __name__ == "__main__":
    main()
