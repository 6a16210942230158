"""Customers with planted segments and without any, and plain ways to judge them."""

import numpy as np
import pandas as pd

from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.clustering.mixed_data import MixedData

GAMMA = 1.5


def mixed(numeric, codes, n_levels) -> MixedMatrix:
    return MixedMatrix(
        numeric=np.asarray(numeric, dtype=np.float64),
        codes=np.asarray(codes, dtype=np.int32),
        number_names=[f"number_{j}" for j in range(np.shape(numeric)[1])],
        category_names=[f"category_{j}" for j in range(np.shape(codes)[1])],
        levels=[[f"level_{level}" for level in range(size)] for size in n_levels],
    )


def planted(k: int, n: int = 600, seed: int = 0) -> tuple[MixedMatrix, np.ndarray]:
    """Customers in k clear clusters: three numbers around a centre, two categories mostly alike."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(k, size=n)
    directions = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    centers = np.vstack([directions, -directions])[:k] * 6.0
    numeric = centers[labels] + rng.standard_normal((n, 3))
    codes = np.where(rng.random((n, 2)) < 0.8, labels[:, None], rng.integers(6, size=(n, 2)))
    return mixed(numeric, codes, [6, 6]), labels


def null(n: int = 600, seed: int = 0) -> MixedMatrix:
    """Customers without clusters: every column on its own."""
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(5, size=n), rng.random(n) < 0.2, rng.random(n) < 0.05])
    return mixed(rng.standard_normal((n, 6)), codes, [5, 2, 2])


def mixed_data(matrix: MixedMatrix) -> MixedData:
    return matrix.mixed_data(GAMMA)


def fitted(matrix: MixedMatrix, k_max: int, seed: int = 0) -> dict[int, np.ndarray]:
    path = fit_path(mixed_data(matrix), k_max, np.random.default_rng(seed))
    return {k: partition.labels for k, partition in path.items()}


def value(rows: pd.DataFrame, k: int, criterion: str, column: str = "value"):
    (found,) = rows.loc[
        (rows["k"] == k) & (rows["criterion"] == criterion) & rows["cluster"].isna(), column
    ]
    return found


def by_cluster(rows: pd.DataFrame, k: int, criterion: str) -> list[float]:
    of_k = rows[(rows["k"] == k) & (rows["criterion"] == criterion)].sort_values("cluster")
    assert of_k["cluster"].tolist() == list(range(k))
    return of_k["value"].tolist()


def mixed_distances(matrix: MixedMatrix) -> np.ndarray:
    """All pairs, one by one."""
    n = len(matrix.codes)
    distances = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            numbers = ((matrix.numeric[i] - matrix.numeric[j]) ** 2).sum()
            distances[i, j] = numbers + GAMMA * (matrix.codes[i] != matrix.codes[j]).sum()
    return distances


def plain_cost(matrix: MixedMatrix, labels: np.ndarray) -> float:
    cost = 0.0
    for cluster in np.unique(labels):
        numbers, codes = matrix.numeric[labels == cluster], matrix.codes[labels == cluster]
        cost += ((numbers - numbers.mean(axis=0)) ** 2).sum()
        for column in codes.T:
            cost += GAMMA * (len(column) - max(np.unique(column, return_counts=True)[1]))
    return cost


def variant(matrix: MixedMatrix, kind: str) -> tuple[MixedMatrix, np.ndarray]:
    """The same customers in another form, and the rows they come from."""
    n = len(matrix.codes)
    rows = np.arange(n)
    if kind == "row order":
        rows = np.random.default_rng(0).permutation(n)
    elif kind == "duplicated rows":
        rows = np.tile(rows, 2)
    numeric, codes, n_levels = matrix.numeric[rows], matrix.codes[rows], matrix.n_levels
    if kind == "column order":
        numeric, codes, n_levels = numeric[:, ::-1], codes[:, ::-1], n_levels[::-1]
    elif kind == "constant columns":
        numeric = np.column_stack([numeric, np.full(n, 5.0)])
        codes, n_levels = np.column_stack([codes, np.zeros(n)]), [*n_levels, 1]
    return mixed(numeric, codes, n_levels), rows
