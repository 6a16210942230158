"""What the double elbow decides on planted segments, on none, and on real data of other trades.

Run in the activated environment; every data set is a whole `dbt build` up to the decision, in a
temporary copy of the project (1 to 2 minutes each):

    python benchmarks/choosing_k.py planted      # 3, 5 and 6 planted segments, five samples each
    python benchmarks/choosing_k.py null         # independent columns
    python benchmarks/choosing_k.py real         # wine, breast cancer and diabetes of scikit-learn

It prints the tables of ``docs/choosing_k.md``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.metrics import adjusted_rand_score

from segmentation.sample.generate import write_sample

PROJECT = Path(__file__).resolve().parent.parent
PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "python_models", "seeds", "tests")
ROWS = 9_999
PLANTED_K = (3, 5, 6)
SEEDS = (0, 1, 2, 3, 4)
COLUMNS = ["technical range", "support", "K", "score", "runner-up", "least stable"]


def main() -> None:
    """Print the table that the command line names."""
    tables = {"planted": planted, "null": null, "real": real}
    if len(sys.argv) != 2 or sys.argv[1] not in tables:
        sys.exit(__doc__)
    tables[sys.argv[1]]()


def planted() -> None:
    """See whether the number of planted segments is found."""
    print(f"| planted | seed | {' | '.join(COLUMNS)} | adjusted Rand |")
    for k in PLANTED_K:
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "customers.csv"
                write_sample(file, ROWS, seed, k)
                decision, segments = decide(Path(folder), file)
                plant = pd.read_csv(file.with_name("customers_planted.csv"), dtype="str")
            plant = plant.set_index("corporation_id")["planted_segment"].loc[segments.index]
            agreement = adjusted_rand_score(plant, segments)
            print(f"| {k} | {seed} | {cells(decision)} | {agreement:.2f} |", flush=True)


def null() -> None:
    """Shuffle every column of a sample on its own: nothing is left to find."""
    print(f"| seed | {' | '.join(COLUMNS)} |")
    for seed in SEEDS[:3]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "customers.csv"
            write_sample(file, ROWS, seed, 1)
            rows = pd.read_csv(file, dtype="str", keep_default_na=False)
            rng = np.random.default_rng(seed)
            for column in rows.columns[2:]:
                rows[column] = rng.permutation(rows[column].to_numpy())
            rows.to_csv(file, index=False)
            decision, _ = decide(Path(folder), file)
        print(f"| {seed} | {cells(decision)} |", flush=True)
        print(f"\n{decision['reason_en']}\n{decision['reason_zh']}\n", flush=True)


def real() -> None:
    """Take data sets of scikit-learn, with the seeds that `dictionary start` proposes."""
    for name in ("wine", "breast_cancer", "diabetes"):
        loaded = getattr(datasets, f"load_{name}")(as_frame=True)
        frame = loaded.data.rename(columns=lambda column: str(column).replace("/", " per "))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "customers.csv"
            frame.insert(0, "customer_no", [f"{name}{row:04}" for row in range(len(frame))])
            frame.to_csv(file, index=False)
            decision, segments = decide(Path(folder), file, propose=True)
        target = pd.Series(loaded.target.to_numpy(), index=frame["customer_no"])
        print(f"\n{name}: {len(frame)} rows; {cells(decision)}")
        if target.nunique() < 10:
            agreement = adjusted_rand_score(target.loc[segments.index], segments)
            print(f"classes {target.nunique()}, adjusted Rand {agreement:.2f}")
        print(f"{decision['reason_en']}\n{decision['reason_zh']}", flush=True)


def cells(decision: dict[str, Any]) -> str:
    """Write a decision as the cells of a table."""
    ranged = str(decision["k_values"]).replace(",", ", ")
    runner_up = f"{decision['runner_up_k']} ({decision['runner_up_score']:.2f})"
    values = [ranged, decision["support"], decision["k"], f"{decision['score']:.2f}", runner_up]
    return " | ".join(map(str, [*values, f"{decision['min_jaccard']:.2f}"]))


def decide(
    folder: Path, file: Path, *, propose: bool = False, **variables: Any
) -> tuple[dict[str, Any], pd.Series]:
    """Build a copy of the project up to the decision.

    Returns
    -------
    The row of rpt_k_decision with `min_jaccard`, and the cluster of every customer
    """
    project = folder / "project"
    project.mkdir()
    for part in PARTS:
        path = PROJECT / part
        (shutil.copytree if path.is_dir() else shutil.copy)(path, project / part)
    binaries = Path(sys.executable).parent
    if propose:
        command = [
            binaries / "segmentation",
            "dictionary",
            "start",
            file,
            "--output",
            folder / "new",
        ]
        subprocess.run(command, check=True, capture_output=True)
        for seed in (folder / "new").glob("*.csv"):
            shutil.copy(seed, project / "seeds")
        dictionary = pd.read_csv(project / "seeds" / "data_dictionary.csv", dtype="str")
        numbers = dictionary.loc[dictionary["role"] == "performance", "attribute"]
        variables["value_attribute"] = numbers.iloc[0]
    database = folder / "choosing_k.duckdb"
    command = [binaries / "dbt", "--quiet", "build", "--exclude-resource-type", "test", "unit_test"]
    command += ["--select", "+dim_segmentations"]
    subprocess.run(
        [*command, "--vars", json.dumps(variables)],
        cwd=project,
        env=os.environ
        | {
            "CUSTOMER_FILE": str(file),
            "DBT_PROFILES_DIR": str(project),
            "DBT_DUCKDB_PATH": str(database),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "EXPORTS_DIR": str(folder / "exports"),
        },
        check=True,
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        decision = connection.sql(
            "select decision.*, min_jaccard from rpt_k_decision as decision "
            "inner join dim_segmentations using (segmentation_id)"
        ).df()
        segments = connection.sql(
            "select customer_id, cluster from int_candidate_scores "
            "where segmentation_id = (select segmentation_id from rpt_k_decision)"
        ).df()
    return decision.iloc[0].to_dict(), segments.set_index("customer_id")["cluster"]


if __name__ == "__main__":
    main()
