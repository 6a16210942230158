"""The exact silhouette (Rousseeuw 1987) in the mixed dissimilarity, in linear time.

The distance here is the one K-Prototypes minimises, squared differences plus gamma per categorical
mismatch. Its sum from a customer x to all members of a cluster needs no look at the members:

    sum_y d(x, y) = n * sum_numeric (x - mean)^2 + sum_numeric scatter
                    + gamma * sum_categorical (n - members with the level of x)

with n, mean, scatter = sum_y (y - mean)^2 and the level counts those of the cluster. So all
silhouettes cost O(n K p) instead of O(n^2 p), and SQL computes them from the same few numbers.
(n x^2 - 2 x sum(y) + sum(y^2) is the same sum, but loses digits where values are far from 0.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from segmentation.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class ClusterStatistics:
    """All that a silhouette needs to know about K clusters.

    Attributes
    ----------
    sizes : (K,) numbers of members
    means : (K, p) means of the numeric attributes (0 in an empty cluster)
    scatter : (K, p) sums of squared deviations from those means
    level_counts : q arrays (K, levels of the attribute): members with each level
    """

    sizes: npt.NDArray[np.int64]
    means: FloatArray
    scatter: FloatArray
    level_counts: tuple[npt.NDArray[np.int64], ...]


def cluster_statistics(
    numeric: FloatArray,
    codes: IntArray,
    n_levels: Sequence[int],
    labels: npt.NDArray[np.integer],
    n_clusters: int,
) -> ClusterStatistics:
    """Summarise clusters.

    Parameters
    ----------
    numeric, codes, n_levels : (n, p) numbers, (n, q) level codes, q numbers of levels
    labels : (n,) clusters 0..n_clusters-1
    n_clusters : K; a cluster may be empty
    """
    offsets = np.cumsum([0, *n_levels])
    sizes = np.zeros(n_clusters, dtype=np.int64)
    means, scatter = np.zeros((2, n_clusters, numeric.shape[1]))
    counts = np.zeros((n_clusters, offsets[-1]), dtype=np.int64)
    _summarise(
        np.array(numeric, dtype=np.float64, order="C"),
        np.array(codes + offsets[:-1], dtype=np.int32, order="C"),
        np.array(labels, dtype=np.int32),
        sizes,
        means,
        scatter,
        counts,
    )
    by_attribute = np.split(counts, offsets[1:-1], axis=1)[: len(n_levels)]
    return ClusterStatistics(sizes, means, scatter, tuple(by_attribute))


def summed_distances(
    numeric: FloatArray, codes: IntArray, statistics: ClusterStatistics, gamma: float
) -> FloatArray:
    """Sum the distances from each row to all members of each cluster.

    Parameters
    ----------
    numeric, codes : (n, p) and (n, q) rows; a code of -1 (a level never seen) matches nobody
    statistics : of the clusters
    gamma : weight of a categorical mismatch

    Returns
    -------
    (n, K) sums, in squared units of the numeric attributes
    """
    sizes = statistics.sizes
    # Of each level the members of each cluster without it; last a level that nobody has.
    with_level = [counts.T for counts in statistics.level_counts]
    without = sizes - np.vstack([*with_level, np.zeros_like(sizes)])
    offsets = np.cumsum([0, *map(len, with_level)])
    sums = np.empty((len(numeric), len(sizes)))
    _sum_distances(
        np.array(numeric, dtype=np.float64, order="C"),
        np.where(codes < 0, offsets[-1], codes + offsets[:-1]).astype(np.int32, order="C"),
        sizes.astype(np.float64),
        np.ascontiguousarray(statistics.means.T),
        statistics.scatter.sum(axis=1),
        gamma * without,
        sums,
    )
    return sums


def silhouette_samples(
    numeric: FloatArray,
    codes: IntArray,
    labels: npt.NDArray[np.integer],
    statistics: ClusterStatistics,
    gamma: float,
) -> FloatArray:
    """Silhouette of each row: (b - a) / max(a, b).

    a is the mean distance to the other members of the own cluster, b the least mean distance to the
    members of another. 0 in a cluster of one, and where a = b = 0, as in scikit-learn.

    Parameters
    ----------
    numeric, codes : (n, p) and (n, q) rows, all of them members of the clusters summarised
    labels : (n,) clusters of the rows
    statistics : of the clusters, these rows included
    gamma : weight of a categorical mismatch

    Returns
    -------
    (n,) silhouettes, -1..1

    Raises
    ------
    InputError
        Fewer than two clusters have members.
    """
    sizes = statistics.sizes
    if np.count_nonzero(sizes) < 2:
        raise InputError("A silhouette needs at least two clusters with members.")
    sums = summed_distances(numeric, codes, statistics, gamma)
    silhouettes = np.empty(len(labels))
    _silhouettes(sums, np.array(labels, dtype=np.int32), sizes, silhouettes)
    return silhouettes


def silhouette_by_cluster(
    silhouettes: FloatArray, labels: npt.NDArray[np.integer], n_clusters: int
) -> FloatArray:
    """(K,) mean silhouette of each cluster; not a number for an empty one."""
    sums = np.bincount(labels, weights=silhouettes, minlength=n_clusters)
    sizes = np.bincount(labels, minlength=n_clusters)
    means: FloatArray = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
    return means


@njit(nogil=True, cache=True, error_model="numpy")
def _summarise(numbers, levels, labels, sizes, means, scatter, counts):  # type: ignore[no-untyped-def]
    for i in range(len(labels)):
        k = labels[i]
        sizes[k] += 1
        for j in range(numbers.shape[1]):
            means[k, j] += numbers[i, j]
        for j in range(levels.shape[1]):
            counts[k, levels[i, j]] += 1
    for k in range(len(sizes)):
        for j in range(numbers.shape[1]):
            means[k, j] /= max(sizes[k], 1)
    for i in range(len(labels)):
        k = labels[i]
        for j in range(numbers.shape[1]):
            difference = numbers[i, j] - means[k, j]
            scatter[k, j] += difference * difference


@njit(nogil=True, cache=True, error_model="numpy")
def _sum_distances(numbers, levels, sizes, means, scatter, mismatches, sums):  # type: ignore[no-untyped-def]
    for i in range(len(sums)):
        of_row = sums[i]
        of_row[:] = 0.0
        for j in range(numbers.shape[1]):
            value, of_number = numbers[i, j], means[j]
            for k in range(len(sizes)):
                difference = value - of_number[k]
                of_row[k] += difference * difference
        for k in range(len(sizes)):
            of_row[k] = sizes[k] * of_row[k] + scatter[k]
        for j in range(levels.shape[1]):
            of_level = mismatches[levels[i, j]]
            for k in range(len(sizes)):
                of_row[k] += of_level[k]


@njit(nogil=True, cache=True, error_model="numpy")
def _silhouettes(sums, labels, sizes, silhouettes):  # type: ignore[no-untyped-def]
    for i in range(len(labels)):
        own = labels[i]
        within = sums[i, own] / max(sizes[own] - 1, 1)
        between = np.inf
        for k in range(len(sizes)):
            if k != own and sizes[k] > 0:
                between = min(between, sums[i, k] / sizes[k])
        larger = max(within, between)
        silhouettes[i] = (between - within) / larger if larger > 0 and sizes[own] > 1 else 0.0
