"""How well the clusters come back when customers are drawn again (Hennig 2007, `clusterboot`).

Each bootstrap draws n customers with replacement, keeps those drawn once each (about 63 %; fpc's
default, `multipleboot = FALSE`), and clusters them anew. On them every cluster is compared with the
new cluster that it resembles most, by Jaccard's index |A and B| / |A or B|; a cluster of which
nobody was drawn counts 0. The mean over the bootstraps is the cluster's stability. It says that a
cluster comes back, not that it means anything.

Reference: Hennig, Computational Statistics and Data Analysis 52(1), 2007.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.errors import InputError
from segmentation.selection.criteria import Row, criteria_frame
from segmentation.selection.replicates import run_replicates

if TYPE_CHECKING:
    from segmentation.clustering.candidates import MixedMatrix

Labels = npt.NDArray[np.integer]
Refit = Callable[[npt.NDArray[np.intp], np.random.Generator], Mapping[int, Labels]]

HIGHLY_STABLE, STABLE, DOUBTFUL = 0.85, 0.75, 0.6
NOT_TO_BE_TRUSTED = "not to be trusted"


def bootstrap_stability(
    labels: Mapping[int, Labels],
    refit: Refit,
    *,
    method: str = "kprototypes",
    n_bootstraps: int = 50,
    seed: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Measure how stable the clusters of some segmentations are.

    Parameters
    ----------
    labels : for each k, (n,) clusters 0..k-1 of the segmentation that is judged
    refit : clusters some customers, given as ascending row numbers, with a random generator, and
        returns for each k of `labels` the clusters (0, 1, ...) of those customers, in that order.
        One call for all k, so that a method may go from one to the next; `kprototypes_refit` makes
        one
    method : goes into the rows
    n_bootstraps : B
    seed : of draws and fits
    n_jobs : processes, as in `segmentation.clustering.processes.side_by_side`

    Returns
    -------
    `criteria.COLUMNS`; criteria `jaccard` per k and cluster, and `min_jaccard` per k, with the
    standard error over the bootstraps (of the least stable cluster) and a verdict in words

    Raises
    ------
    InputError
        There is nothing to judge, or the segmentations are not of the same customers.
    """
    sizes = {len(of_k) for of_k in labels.values()}
    if len(sizes) != 1:
        raise InputError(f"labels: give at least one k, each with the same customers; got {sizes}.")
    (n,) = sizes

    def jaccards(_: int, rng: np.random.Generator) -> dict[int, npt.NDArray[np.float64]]:
        rows = np.unique(rng.integers(n, size=n))
        fitted = refit(rows, rng)
        return {k: best_jaccards(of_k[rows], fitted[k], k) for k, of_k in labels.items()}

    replicates = run_replicates(
        jaccards,
        n_bootstraps,
        name=f"stability of {method}",
        customers=n,
        seed=seed,
        n_jobs=n_jobs,
    )
    rows: list[Row] = []
    for k in labels:
        of_k = np.array([replicate[k] for replicate in replicates])
        means = of_k.mean(axis=0).tolist()
        errors = (of_k.std(axis=0, ddof=1) / np.sqrt(n_bootstraps)).tolist()
        for cluster, (mean, error) in enumerate(zip(means, errors, strict=True)):
            rows.append((method, k, cluster, "jaccard", mean, error, stability_verdict(mean)))
        least, error = min(zip(means, errors, strict=True))
        rows.append((method, k, None, "min_jaccard", least, error, stability_verdict(least)))
    return criteria_frame(rows, customers=n, replicates=n_bootstraps)


def kprototypes_refit(matrix: MixedMatrix, k_max: int, gamma: float) -> Refit:
    """Return a `refit` for `bootstrap_stability`: K-Prototypes for k = 1, ..., k_max.

    The encoded customers are kept. Every bootstrap gets one path of its own
    (`clustering.kprototypes_paths`): it does not start from the segmentation that is judged,
    which would make it look more stable than it is. Of fewer customers than K, as many clusters.
    """
    everyone = matrix.mixed_data(gamma)

    def refit(rows: npt.NDArray[np.intp], rng: np.random.Generator) -> dict[int, Labels]:
        most = min(k_max, len(rows))
        path = fit_path(everyone.take(rows), most, rng)
        return {k: path[min(k, most)].labels for k in range(1, k_max + 1)}

    return refit


def best_jaccards(labels: Labels, others: Labels, n_clusters: int) -> npt.NDArray[np.float64]:
    """Jaccard's index of each cluster with the one of another clustering it resembles most.

    Parameters
    ----------
    labels, others : (n,) two clusterings of the same customers, from 0 up
    n_clusters : K of the first; a cluster without members gets 0

    Returns
    -------
    (K,) 0..1
    """
    n_others = int(others.max()) + 1
    pairs = labels.astype(np.int64) * n_others + others
    both = np.bincount(pairs, minlength=n_clusters * n_others).reshape(n_clusters, n_others)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    best: npt.NDArray[np.float64] = (both / np.maximum(either, 1)).max(axis=1)
    return best


def stability_verdict(jaccard: float) -> str:
    """Say in Hennig's words what a mean Jaccard means."""
    if jaccard >= HIGHLY_STABLE:
        return "highly stable"
    if jaccard >= STABLE:
        return "stable"
    return "doubtful" if jaccard >= DOUBTFUL else NOT_TO_BE_TRUSTED
