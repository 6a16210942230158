"""What the methods with plain centroids share: distances, numbering of clusters, samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


def squared_distances(points: FloatArray, centers: FloatArray) -> FloatArray:
    """(n, K) squared Euclidean distances, from direct differences, as SQL computes them."""
    columns = [((points - center) ** 2).sum(axis=1) for center in centers]
    return np.column_stack(columns)


def nearest(points: FloatArray, centers: FloatArray) -> tuple[IntArray, FloatArray]:
    """(n,) nearest centroid of each point, ties to the lower, and the squared distance to it."""
    distances = squared_distances(points, centers)
    return distances.argmin(axis=1).astype(np.int32), distances.min(axis=1)


def order_by_size(labels: npt.NDArray[np.integer], centers: FloatArray) -> npt.NDArray[np.intp]:
    """(K,) old numbers of the clusters in their new order: largest first, equal sizes by centre.

    The new numbers then do not depend on the seed that led to a partition.
    """
    sizes = np.bincount(labels, minlength=len(centers))
    return np.lexsort((*centers.T[::-1], -sizes))


def draw_rows(n: int, max_rows: int, seed: int) -> npt.NDArray[np.intp]:
    """Draw row numbers, ascending: all of n, or `max_rows` of them at random.

    Not the first: files tend to be in order of something.
    """
    if n <= max_rows:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, size=max_rows, replace=False))
