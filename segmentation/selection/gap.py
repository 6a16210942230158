"""The gap statistic (Tibshirani, Walther and Hastie 2001), for numbers and categories.

    Gap(k) = mean over B references of log W*_k  -  log W_k

W_k is the cost of the method that is judged (K-Prototypes: squared differences plus gamma per
mismatch). A reference is what the customers would look like without segments: numbers uniform over
the box around the data in the directions of its principal axes (the paper's reference b), every
category drawn on its own from its shares. That second half is ours; there is no standard one.
The chosen k is the smallest with Gap(k) >= Gap(k + 1) - s_{k+1}, s_k = sd(log W*_k) sqrt(1 + 1/B).

The data and the references are fitted with the same effort: were the data given more starts, better
optima for larger k would pass for clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.clustering.threads import single_threaded_blas
from segmentation.errors import InputError
from segmentation.selection.criteria import Row, criteria_frame
from segmentation.selection.replicates import run_replicates

if TYPE_CHECKING:
    from segmentation.clustering.candidates import MixedMatrix

FitCosts = Callable[["MixedMatrix", np.random.Generator], Mapping[int, float]]

CHOSEN = "chosen by the gap"
RISING = "no k up to here: the gap is still rising"
_NO_COST = 1e-12  # a share of the cost for k = 1 that is rounding


def gap_statistic(
    matrix: MixedMatrix,
    fit_costs: FitCosts,
    *,
    method: str = "kprototypes",
    n_references: int = 20,
    seed: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Compare the cost for every k with that of data without clusters.

    Parameters
    ----------
    matrix : the customers; other methods bring their coordinates, with no categories
    fit_costs : clusters customers (the data or a reference) with a random generator, and returns
        W_k > 0 for k = 1, 2, ...; `kprototypes_costs` makes one
    method : goes into the rows
    n_references : B
    seed : of references and fits
    n_jobs : processes, as in `segmentation.clustering.processes.side_by_side`

    Returns
    -------
    `criteria.COLUMNS`, three criteria per k: `log_cost`, `reference_log_cost` (their mean; the
    standard error is s_k) and `gap` with s_k, whose verdict marks the k chosen; where there is
    none, the last k says so

    Raises
    ------
    InputError
        There are fewer than 2 references, the k of `fit_costs` are not 1, 2, ... or a cost is 0.
    """
    if n_references < 2:
        raise InputError(f"n_references={n_references}: the gap needs at least 2.")
    reference_of = _reference_sampler(matrix)

    def log_costs(number: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        return _log_costs(fit_costs(reference_of(rng) if number else matrix, rng))

    observed, *drawn = run_replicates(
        log_costs,
        1 + n_references,
        name=f"gap of {method}",
        customers=len(matrix.numeric),
        seed=seed,
        n_jobs=n_jobs,
    )
    references = np.array(drawn)
    expected = references.mean(axis=0)
    s = references.std(axis=0) * np.sqrt(1 + 1 / n_references)
    gap = expected - observed
    chosen = choose_by_gap(gap, s)
    rows: list[Row] = []
    for k in range(1, len(gap) + 1):
        verdict = CHOSEN if k == chosen else RISING if chosen is None and k == len(gap) else ""
        at = k - 1
        rows.append((method, k, None, "log_cost", observed[at], None, ""))
        rows.append((method, k, None, "reference_log_cost", expected[at], s[at], ""))
        rows.append((method, k, None, "gap", gap[at], s[at], verdict))
    return criteria_frame(rows, customers=len(matrix.numeric), replicates=n_references)


def choose_by_gap(gap: npt.NDArray[np.float64], s: npt.NDArray[np.float64]) -> int | None:
    """Return the smallest k with Gap(k) >= Gap(k + 1) - s_{k+1}, or None where there is none.

    Parameters
    ----------
    gap, s : (K,) for k = 1, ..., K
    """
    enough = np.flatnonzero(gap[:-1] >= gap[1:] - s[1:])
    return int(enough[0]) + 1 if len(enough) else None


def kprototypes_costs(k_max: int, gamma: float) -> FitCosts:
    """Return a `fit_costs` for `gap_statistic`: K-Prototypes for k = 1, ..., k_max.

    Every data set gets one path (`segmentation.clustering.kprototypes_paths`).
    """

    def fit_costs(matrix: MixedMatrix, rng: np.random.Generator) -> dict[int, float]:
        data = matrix.mixed_data(gamma)
        return {k: partition.cost for k, partition in fit_path(data, k_max, rng).items()}

    return fit_costs


def _log_costs(costs: Mapping[int, float]) -> npt.NDArray[np.float64]:
    """(K,) log W_k."""
    if sorted(costs) != list(range(1, len(costs) + 1)):
        raise InputError(f"The gap needs the cost for k = 1, 2, ...; it got k = {sorted(costs)}.")
    zero = [k for k, cost in sorted(costs.items()) if cost <= _NO_COST * costs[1]]
    if zero:
        raise InputError(
            f"The cost for k = {zero[0]} is 0: there are no more different customers than that; "
            f"ask for at most k = {zero[0] - 1}."
        )
    return np.log([costs[k] for k in sorted(costs)])


def _reference_sampler(matrix: MixedMatrix) -> Callable[[np.random.Generator], MixedMatrix]:
    """Return a function that draws a data set without clusters, of the size of this one."""
    (n, q) = matrix.codes.shape
    with single_threaded_blas():
        center = matrix.numeric.mean(axis=0)
        axes = np.linalg.svd(matrix.numeric - center, full_matrices=False)[2]
        scores = (matrix.numeric - center) @ axes.T
    low, high = scores.min(axis=0), scores.max(axis=0)

    def draw(rng: np.random.Generator) -> MixedMatrix:
        numeric = rng.uniform(low, high, size=(n, len(low))) @ axes + center
        codes = matrix.codes[rng.integers(n, size=(n, q)), np.arange(q)]
        return replace(matrix, numeric=numeric, codes=codes)

    return draw
