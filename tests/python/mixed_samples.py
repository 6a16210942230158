"""Small mixed tables for tests."""

import numpy as np
import pandas as pd

from segmentation.clustering.candidates import MixedMatrix


def mixed(numbers: dict[str, object], categories: dict[str, object]) -> MixedMatrix:
    texts = {name: pd.Series(values).astype("str") for name, values in categories.items()}
    levels = [sorted(set(values)) for values in texts.values()]
    codes = [
        pd.Index(known).get_indexer(values)
        for known, values in zip(levels, texts.values(), strict=True)
    ]
    columns = [np.asarray(values, dtype=np.float64) for values in numbers.values()]
    n = len((columns or codes)[0])
    return MixedMatrix(
        numeric=np.array(columns).reshape(len(columns), n).T,
        codes=np.array(codes, dtype=np.int32).reshape(len(codes), n).T,
        number_names=list(numbers),
        category_names=list(categories),
        levels=levels,
    )


def take(matrix: MixedMatrix, rows: object) -> MixedMatrix:
    return MixedMatrix(
        matrix.numeric[rows],
        matrix.codes[rows],
        matrix.number_names,
        matrix.category_names,
        matrix.levels,
    )


def customers(seed: int = 3, n: int = 300) -> MixedMatrix:
    rng = np.random.default_rng(seed)
    group = rng.integers(3, size=n)
    return mixed(
        {
            "spend": rng.normal(group, 0.5) * 40 + 100,
            "days": rng.exponential(1 + group),
            "accounts": rng.integers(1, 6, n),  # whole numbers, but a number
        },
        {
            "media": np.array(["Facebook", "Google", "TikTok"])[
                (group + rng.integers(2, size=n)) % 3
            ],
            "is_risky": rng.integers(2, size=n),
            "region": rng.choice(["东南亚", "西欧", "unknown"], n, p=[0.6, 0.37, 0.03]),
        },
    )
