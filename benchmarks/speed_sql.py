"""Speeds of scoring in SQL; `speed.py` runs them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import harness
import numpy as np
import pandas as pd
import plain_plan
from harness import HEADER, SEED, compared, interleave, print_table
from kmodes.kprototypes import KPrototypes as KmodesKPrototypes
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

K = 6
SEGMENTATION = f"kprototypes_k{K}"
SCORED_ROWS = 3_000_000
PREDICTED_ROWS, KMODES_ROWS = 1_000_000, 10_000


def scoring_database(rows: int) -> tuple[Path, str]:
    """Make a database of so many customers, with one segmentation to score them in.

    Returns
    -------
    The database, and the SQL of int_kprototypes_scores as dbt compiles it there
    """
    built = harness.built_database()
    folder = harness.FOLDER / f"scoring_{rows}"
    folder.mkdir(exist_ok=True)
    database = folder / built.name
    shutil.copy(built, database)
    env = harness.environment(folder, harness.FOLDER / "customers.csv")
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"""
            create or replace table int_customer_features as
            with customers as (select * from int_customer_features order by customer_id)
            select customers.* replace (customer_id || '_' || copy as customer_id)
            from range({rows} // 9000) as copies (copy) cross join customers
            limit {rows}
            """
        )
        connection.execute(
            f"delete from ml_kprototypes_parameters where segmentation_id != '{SEGMENTATION}'"
        )
    command = ("dbt", "compile", "--select", "int_kprototypes_scores")
    harness.run_stage(command, env, folder / "output.txt")
    manifest = json.loads((folder / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    node = manifest["nodes"]["model.customer_segmentation.int_kprototypes_scores"]
    return database, node["compiled_code"]


def benchmark_scoring() -> None:
    """Score three million customers, beside a scan that sums the columns that scoring reads."""
    database, scores = scoring_database(SCORED_ROWS)
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        described = connection.sql("describe int_customer_features").fetchall()
        sums = [
            f"sum({f'strlen({name})' if kind == 'VARCHAR' else name})"
            for name, kind, *_ in described
            if name not in ("customer_id", "is_training_customer")
        ]
        scan = f"select {', '.join(sums)} from int_customer_features"
        score = (
            "select sum(cluster), sum(distance), sum(runner_up_cluster), sum(runner_up_distance) "
            f"from ({scores})"
        )
        sides = {
            name: partial(_fetch, connection, sql)
            for name, sql in (("ours", score), ("scan", scan))
        }
        for side in sides.values():
            side()
        times = interleave(sides, 7)
        threads = connection.sql("select current_setting('threads')").fetchall()[0][0]
    slower = times["ours"].median / times["scan"].median
    print_table(
        ("work", "scoring", "a scan that sums the columns", "scoring ÷ scan", "a second"),
        [
            (
                f"{SCORED_ROWS:,} customers × {len(sums)} columns, K = {K}, nearest and runner-up, "
                f"{threads} threads",
                times["ours"],
                times["scan"],
                f"{harness.digits(slower)} ×",
                f"{SCORED_ROWS / times['ours'].median:,.0f} customers",
            )
        ],
    )


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def benchmark_predict() -> None:
    """Assign customers by SQL, and by `predict` on the same rows in memory."""
    database, scores = scoring_database(PREDICTED_ROWS)
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        features = connection.sql(
            "select * exclude (customer_id, is_training_customer) from int_customer_features"
        ).df()
        parameters = connection.sql(
            "select * from ml_kprototypes_parameters order by cluster, attribute"
        ).df()
        categories = [*plain_plan.NOMINALS, *plain_plan.FLAGS]
        features[categories] = features[categories].astype(str)
        features = features[[*features.columns.difference(categories), *categories]]
        some = features.iloc[:KMODES_ROWS]
        encoder = make_column_transformer(
            (OneHotEncoder(sparse_output=False), categories), remainder="passthrough"
        )
        model = make_pipeline(encoder, KMeans(K, n_init=1, random_state=SEED)).fit(some)
        encoded = np.ascontiguousarray(model[0].transform(features))
        kmodes = _kmodes_model(features, categories, parameters)
        few = some.to_numpy(object)
        categorical = [features.columns.get_loc(name) for name in categories]
        found: dict[str, Any] = {}

        def ours() -> None:
            sql = f"select customer_id, cluster from ({scores})"
            found["ours"] = connection.sql(sql).to_arrow_table()

        def of_kmodes() -> None:
            found["kmodes"] = kmodes.predict(few, categorical=categorical)

        sides: dict[str, Callable[[], object]] = {
            "ours": ours,
            "encoded": lambda: model[1].predict(encoded),
            "encoding": lambda: model.predict(features),
            "kmodes": of_kmodes,
        }
        for name in ("ours", "encoded"):
            sides[name]()
        times = interleave(sides, 5)
        ids = connection.sql(
            f"select customer_id from int_customer_features limit {KMODES_ROWS}"
        ).fetchall()
    clusters = dict(zip(*found["ours"].to_pydict().values(), strict=True))
    same = sum(
        clusters[customer] == cluster
        for (customer,), cluster in zip(ids, found["kmodes"], strict=True)
    )
    factor = PREDICTED_ROWS // KMODES_ROWS
    work = f"assign {PREDICTED_ROWS:,} customers, K = {K}, {os.cpu_count()} threads"
    print_table(
        HEADER,
        [
            compared(
                work,
                times["ours"],
                f"kmodes `predict`: {KMODES_ROWS:,} rows × {factor}",
                times["kmodes"].scaled(factor),
                f"the same cluster: {same:,} of {KMODES_ROWS:,}",
            ),
            compared(
                work,
                times["ours"],
                "scikit-learn `KMeans.predict`, rows one-hot encoded in it",
                times["encoding"],
                "another cost",
            ),
            compared(
                work,
                times["ours"],
                f"scikit-learn `KMeans.predict`, {encoded.shape[1]} columns already encoded",
                times["encoded"],
                "another cost",
            ),
        ],
    )


def _kmodes_model(
    features: pd.DataFrame, categories: list[str], parameters: pd.DataFrame
) -> KmodesKPrototypes:
    """Make a model of kmodes that holds our prototypes."""
    by_kind = dict(list(parameters.groupby("parameter")))
    centers = by_kind["center"].pivot(index="cluster", columns="attribute", values="value")
    modes = by_kind["mode"].pivot(index="cluster", columns="attribute", values="level")
    levels = [sorted(features[name].unique()) for name in categories]
    codes = [
        [known.index(mode) for mode in modes[name]]
        for name, known in zip(categories, levels, strict=True)
    ]
    numbers = [name for name in features.columns if name not in categories]
    model = KmodesKPrototypes(K, gamma=by_kind["gamma"]["value"].item())
    model._enc_cluster_centroids = [
        centers[numbers].to_numpy(),
        np.array(codes, dtype=np.uint16).T,
    ]
    model._enc_map = [{level: code for code, level in enumerate(known)} for known in levels]
    return model
