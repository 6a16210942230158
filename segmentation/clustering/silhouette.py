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
    sizes = np.bincount(labels, minlength=n_clusters)
    members = np.maximum(sizes, 1)[:, None]

    def sums(values: FloatArray) -> FloatArray:
        columns = [np.bincount(labels, weights=column, minlength=n_clusters) for column in values.T]
        return np.column_stack(columns) if columns else np.empty((n_clusters, 0))

    means = sums(numeric) / members
    scatter = sums((numeric - means[labels]) ** 2)
    level_counts = tuple(
        np.bincount(labels * np.int64(size) + column, minlength=n_clusters * size).reshape(-1, size)
        for column, size in zip(codes.T, n_levels, strict=True)
    )
    return ClusterStatistics(sizes, means, scatter, level_counts)


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
    sums = np.empty((len(numeric), len(sizes)))
    for k, mean in enumerate(statistics.means):
        difference = numeric - mean
        sums[:, k] = sizes[k] * np.einsum("ij,ij->i", difference, difference)
    sums += statistics.scatter.sum(axis=1)
    for column, counts in zip(codes.T, statistics.level_counts, strict=True):
        mismatches = np.vstack([(sizes[:, None] - counts).T, sizes])  # last row: code -1
        sums += gamma * mismatches[column]
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
    rows = np.arange(len(labels))
    sums = summed_distances(numeric, codes, statistics, gamma)
    others = sizes[labels] - 1
    within = sums[rows, labels] / np.maximum(others, 1)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    means[rows, labels] = np.inf
    between = means.min(axis=1)
    larger = np.maximum(within, between)
    silhouettes: FloatArray = (between - within) / np.where(larger > 0, larger, 1.0)
    silhouettes[others == 0] = 0.0
    return silhouettes


def silhouette_by_cluster(
    silhouettes: FloatArray, labels: npt.NDArray[np.integer], n_clusters: int
) -> FloatArray:
    """(K,) mean silhouette of each cluster; not a number for an empty one."""
    sums = np.bincount(labels, weights=silhouettes, minlength=n_clusters)
    sizes = np.bincount(labels, minlength=n_clusters)
    means: FloatArray = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
    return means
