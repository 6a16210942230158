"""How well the planted segments of the sample are found, beside kmodes and one-hot K-Means.

Run it with ``python benchmarks/recovery.py`` in the activated environment; it prints the table of
``docs/recovery.md``. For every seed a sample is made and built up to feature set A with dbt, in a
temporary folder; then all methods cluster the same features at the planted K.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd
from kmodes.kprototypes import KPrototypes as ReferenceKPrototypes
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from segmentation.clustering import candidates, features, kprototypes
from segmentation.sample.generate import write_sample

PROJECT = Path(__file__).resolve().parent.parent
SEEDS = (1, 2, 3, 4, 5)
ROWS = 9_999
PLANTED_SEGMENTS = 5
STARTS = 3


def main() -> None:
    """Print one row a seed and the means."""
    rows = [compare(seed) for seed in SEEDS]
    table = pd.DataFrame(rows, index=pd.Index(SEEDS, name="seed"))
    table.loc["mean"] = table.mean()
    print(table.round(3).to_string())


def compare(seed: int) -> dict[str, float]:
    """Compare all methods on one sample: adjusted Rand index, cost and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        encoded, parameters, planted = _feature_set_a(Path(folder), seed)
    matrix = candidates.mixed_matrix(encoded, parameters)
    gamma = kprototypes.estimate_gamma(matrix.numeric, matrix.codes, matrix.n_levels)
    result = {}

    began = time.perf_counter()
    ours = kprototypes.fit_encoded(
        matrix.numeric,
        matrix.codes,
        matrix.n_levels,
        PLANTED_SEGMENTS,
        gamma=gamma,
        n_init=STARTS,
        random_state=seed,
    )
    result["K-Prototypes, ARI"] = adjusted_rand_score(planted, ours.labels)
    result["cost"] = ours.cost
    result["seconds"] = time.perf_counter() - began

    began = time.perf_counter()
    mixed = pd.concat([pd.DataFrame(matrix.numeric), pd.DataFrame(matrix.codes)], axis=1)
    reference = ReferenceKPrototypes(
        PLANTED_SEGMENTS, gamma=gamma, n_init=STARTS, random_state=seed
    )
    categorical = list(range(matrix.numeric.shape[1], mixed.shape[1]))
    labels = reference.fit_predict(mixed.to_numpy(), categorical=categorical)
    result["kmodes, ARI"] = adjusted_rand_score(planted, labels)
    result["kmodes, cost"] = reference.cost_
    result["kmodes, seconds"] = time.perf_counter() - began

    one_hot = features.one_hot(encoded, parameters)
    k_means = KMeans(PLANTED_SEGMENTS, n_init=STARTS, random_state=seed).fit(one_hot)
    result["K-Means one-hot, ARI"] = adjusted_rand_score(planted, k_means.labels_)
    return result


def _feature_set_a(folder: Path, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Make a sample and build it up to feature set A."""
    customer_file = folder / "customers.csv"
    write_sample(customer_file, ROWS, seed, PLANTED_SEGMENTS)
    environment = os.environ | {
        "CUSTOMER_FILE": str(customer_file),
        "DBT_DUCKDB_PATH": str(folder / "recovery.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet"]
    selection = ["run", "--select", "+ml_feature_set_a"]
    subprocess.run([*dbt, "seed"], cwd=PROJECT, env=environment, check=True)
    subprocess.run([*dbt, *selection], cwd=PROJECT, env=environment, check=True)
    with duckdb.connect(str(folder / "recovery.duckdb"), read_only=True) as connection:
        encoded = connection.sql("select * from ml_feature_set_a order by customer_id").df()
        parameters = connection.sql("select * from ml_feature_set_a_parameters").df()
    planted = pd.read_csv(folder / "customers_planted.csv", dtype="str")
    planted = planted.set_index("corporation_id")["planted_segment"]
    return encoded, parameters, planted.loc[encoded["customer_id"]]


if __name__ == "__main__":
    main()
