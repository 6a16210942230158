"""K-Prototypes for every K at once, fast enough to be repeated on hundreds of replicates.

A *path* holds one partition for each K from 1 on. Fitted for a statistic over replicates (the gap's
references, the bootstraps of stability), it takes the steps of `kprototypes_search` in a quicker
order than `fit_encoded`: passes end when hardly a row moves, few swaps are tried, and no single
moves at the end. On the synthetic 9,999, for K up to 10, its costs lie less than 1 % above those of
`fit_encoded` with ten starts, and some below, for a sixth of the time.

For each K the partition is the best of

- `STARTS` k-means++ starts and one *nested* start: the prototypes for K - 1 and, as the K-th, the
  row out of `PLACES` that lowers the cost most. All get `EARLY_PASSES` Lloyd's passes; the best one
  goes on to the end, and is then improved by
- *swaps*: a prototype is put on a row out of `PLACES`; the `SWAPS` most promising are tried with
  `EARLY_PASSES` passes, until none lowers the cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segmentation.clustering.kprototypes_search import (
    lloyd,
    run_start,
    seed_kmeans_plus_plus,
    swap_prototype,
)
from segmentation.clustering.mixed_data import IntArray, MixedData, Prototypes

STARTS = 2
PLACES = 64
SWAPS = 3
EARLY_PASSES = 5
MAX_PASSES = 100
# The share of rows that may still move, and the share of the cost that a swap has to save.
SETTLED = 1e-3
SWAP_SAVING = 1e-4


class Partition(NamedTuple):
    """Rows in K clusters.

    Attributes
    ----------
    labels : (n,) clusters 0..K-1, none of them empty
    cost : sum of the distances to the means and modes of the own cluster
    """

    labels: IntArray
    cost: float


def fit_path(data: MixedData, k_max: int, rng: np.random.Generator) -> dict[int, Partition]:
    """Cluster rows into 1, 2, ..., k_max clusters, as the module says.

    Parameters
    ----------
    data : at least `k_max` rows
    k_max : the largest K
    rng : draws the starts and the places of swaps
    """
    everyone, _ = data.update(np.zeros(len(data), dtype=np.int32), 1)
    fit = run_start(data, everyone, 1)
    path = {1: Partition(fit.labels, fit.costs[-1])}
    for k in range(2, k_max + 1):
        seeds = [seed_kmeans_plus_plus(data, k, rng) for _ in range(STARTS)]
        seeds.append(_one_more(data, fit.prototypes, rng))
        starts = [run_start(data, seed, EARLY_PASSES, settled=SETTLED) for seed in seeds]
        fit = min(starts, key=lambda start: start.costs[-1])
        lloyd(data, fit, MAX_PASSES, settled=SETTLED)
        # As many as passes: where next to no cost is left, rounding alone would look like a saving.
        for _ in range(MAX_PASSES):
            better = swap_prototype(
                data,
                fit,
                rng.integers(len(data), size=PLACES),
                tries=SWAPS,
                passes=EARLY_PASSES,
                saving=SWAP_SAVING,
                settled=SETTLED,
            )
            if better is None:
                break
            fit = better
            lloyd(data, fit, MAX_PASSES, settled=SETTLED)
        path[k] = Partition(fit.labels, fit.costs[-1])
    return path


def _one_more(data: MixedData, prototypes: Prototypes, rng: np.random.Generator) -> Prototypes:
    """Prototypes and one more, where it lowers the cost most."""
    places = data.rows(rng.integers(len(data), size=PLACES))
    _, nearest = data.nearest(prototypes)
    best = np.minimum(data.distances(places), nearest).sum(axis=1).argmin()
    return Prototypes(
        np.vstack([prototypes.centers, places.centers[best]]),
        np.vstack([prototypes.modes, places.modes[best]]),
    )
