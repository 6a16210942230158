"""Ward's agglomerative clustering: one tree, cut at every K, as rows that SQL can score with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from segmentation.clustering.candidates import MixedMatrix, one_hot_matrix
from segmentation.clustering.centroids import (
    FloatArray,
    IntArray,
    draw_rows,
    nearest,
    order_by_size,
)
from segmentation.clustering.threads import single_threaded_blas
from segmentation.errors import InputError
from segmentation.selection.gap import FitCosts
from segmentation.selection.stability import Refit

METHOD = "agglomerative"
PARAMETER_COLUMNS = ["segmentation_id", "cluster", "parameter", "attribute", "level", "value"]
_BLOCK_ROWS = 128  # rows of a block of distances: it stays in the processor's cache

_Ints = npt.NDArray[np.intp]


class Tree(NamedTuple):
    """n - 1 merges of n leaves, lowest first. Nodes: 0..n-1 are leaves, merge i makes node n + i.

    Attributes
    ----------
    children : (n - 1, 2) nodes merged
    heights : (n - 1,) increase of the within-cluster sum of squares
    """

    children: _Ints
    heights: FloatArray


class Segmentations(NamedTuple):
    """Ward clusterings for several K.

    Attributes
    ----------
    parameters : one row a number: segmentation_id, cluster, parameter, attribute, level, value

        =================  =====================================================================
        parameter          value
        =================  =====================================================================
        ``k``              of the segmentation (cluster NA)
        ``tree_customers`` customers that the tree was built on (cluster NA)
        ``size``           customers of the cluster
        ``center``         mean of a number or flag, or share of a level, over the cluster's
                           customers in the tree
        =================  =====================================================================
    labels : one row for each customer and segmentation: customer_id, segmentation_id, k, cluster,
        distance (squared, to the own centroid), nearest_cluster (where a customer outside the tree
        with the same features would go), is_in_tree
    """

    parameters: pd.DataFrame
    labels: pd.DataFrame


def fit(
    customer_ids: pd.Series[str],
    one_hot: pd.DataFrame,
    k_values: Sequence[int],
    *,
    max_tree_customers: int = 10_000,
    seed: int = 0,
) -> Segmentations:
    """Cluster customers with Ward's method.

    Parameters
    ----------
    customer_ids : (n,)
    one_hot : (n, features) what :func:`segmentation.clustering.features.one_hot` returned
    k_values : numbers of clusters
    max_tree_customers : of more, so many are drawn for the tree, and the others go to the nearest
        centroid; the time grows with its square
    seed : of the draw

    Raises
    ------
    InputError
        A K exceeds the number of distinct customers in the tree.
    """
    points = one_hot.to_numpy(np.float64)
    tree_rows = draw_rows(len(points), max_tree_customers, seed)
    tree_points = points[tree_rows]
    labels = []
    for k, tree_labels in _cluster(tree_points, k_values).items():
        centers = _centers(tree_points, tree_labels, k)
        nearest_cluster, _ = nearest(points, centers)
        cluster = nearest_cluster.copy()
        cluster[tree_rows] = tree_labels
        order = order_by_size(cluster, centers)
        centers, new_number = centers[order], np.argsort(order).astype(np.int32)
        cluster = new_number[cluster]
        labels.append(
            pd.DataFrame(
                {
                    "customer_id": customer_ids.to_numpy(),
                    "segmentation_id": f"{METHOD}_k{k}",
                    "k": np.int32(k),
                    "cluster": cluster,
                    "distance": ((points - centers[cluster]) ** 2).sum(axis=1),
                    "nearest_cluster": new_number[nearest_cluster],
                    "is_in_tree": np.isin(np.arange(len(points)), tree_rows),
                }
            )
        )
    found = pd.concat(labels, ignore_index=True)
    return Segmentations(describe(one_hot, found), found)


def describe(one_hot: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Write down what scoring needs to know of the clusters.

    Parameters
    ----------
    one_hot : (n, features) the customers that were clustered
    labels : of :class:`Segmentations`; those of one segmentation in the order of `one_hot`

    Returns
    -------
    The parameters of :class:`Segmentations`
    """
    points = one_hot.to_numpy(np.float64)
    names = [column.partition("=") for column in one_hot.columns]
    rows: list[tuple[str, int | None, str, str | None, str | None, float]] = []
    for name, of_name in labels.groupby("segmentation_id", sort=False):
        cluster = of_name["cluster"].to_numpy()
        in_tree = of_name["is_in_tree"].to_numpy()
        k = int(of_name["k"].iloc[0])
        centers = _centers(points[in_tree], cluster[in_tree], k)
        rows.append((str(name), None, "k", None, None, float(k)))
        rows.append((str(name), None, "tree_customers", None, None, float(in_tree.sum())))
        for j, (size, center) in enumerate(zip(np.bincount(cluster), centers, strict=True)):
            rows.append((str(name), j, "size", None, None, float(size)))
            for (attribute, _, level), value in zip(names, center.tolist(), strict=True):
                rows.append((str(name), j, "center", attribute, level or None, value))
    return pd.DataFrame(rows, columns=PARAMETER_COLUMNS).astype(
        {"cluster": "Int32", "attribute": "str", "level": "str", "value": "float64"}
    )


def _centers(points: FloatArray, labels: npt.NDArray[np.integer], k: int) -> FloatArray:
    return np.stack([points[labels == j].mean(axis=0) for j in range(k)])


def ward_costs(k_max: int) -> FitCosts:
    """Return a `fit_costs` for :func:`segmentation.selection.gap.gap_statistic`.

    The cost is Ward's: the within-cluster sum of squares of the one-hot customers, for
    k = 1, ..., `k_max`. A tree has them all, as its heights are what each merge adds. It is 0 from
    as many clusters as distinct customers.
    """

    def fit_costs(matrix: MixedMatrix, _: np.random.Generator) -> dict[int, float]:
        points, weight = np.unique(one_hot_matrix(matrix), axis=0, return_counts=True)
        within = np.cumsum(ward_tree(points, weight.astype(np.float64)).heights)
        return {k: float(within[-k]) if k < len(points) else 0.0 for k in range(1, k_max + 1)}

    return fit_costs


def ward_refit(points: FloatArray, k_values: Sequence[int]) -> Refit:
    """Return a `refit` for :func:`segmentation.selection.stability.bootstrap_stability`.

    Each call builds a tree, in a time that grows with the square of the customers: give a part.
    Where fewer customers than K are distinct, each of them is a cluster.

    Parameters
    ----------
    points : (n, features) one-hot customers
    k_values : numbers of clusters
    """

    def refit(
        rows: npt.NDArray[np.intp], rng: np.random.Generator
    ) -> Mapping[int, npt.NDArray[np.integer]]:
        tree, leaf = _distinct_tree(points[rows])
        return {k: cut(tree, min(k, len(tree.heights) + 1))[leaf] for k in k_values}

    return refit


def _cluster(points: FloatArray, k_values: Sequence[int]) -> dict[int, IntArray]:
    """For each K the (n,) clusters of the points."""
    tree, leaf = _distinct_tree(points)
    n_distinct = len(tree.heights) + 1
    if max(k_values) > n_distinct:
        raise InputError(
            f"k_values asks for {max(k_values)} clusters, but only {n_distinct} customers are "
            "distinct in feature set A; lower it."
        )
    return {k: cut(tree, k)[leaf] for k in k_values}


def _distinct_tree(points: FloatArray) -> tuple[Tree, _Ints]:
    """Ward's tree of the distinct points, and the (n,) leaf of each point."""
    distinct, leaf, weight = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    return ward_tree(distinct, weight.astype(np.float64)), leaf


def ward_tree(points: FloatArray, weight: FloatArray) -> Tree:
    """Build Ward's tree by merging all reciprocal nearest neighbours at once.

    Two clusters that are each other's nearest are merged at some point whatever happens elsewhere
    (Bruynooghe 1977, Murtagh 1983), so a round merges all such pairs. A cluster looks for its
    neighbour again only when that one was merged. Distances are matrix products of blocks of rows:
    three times n^2 p multiplications on the customer data, and no n x n matrix in memory.

    Parameters
    ----------
    points : (n, p) distinct rows
    weight : (n,) customers at each
    """
    n = len(points)
    n_nodes = 2 * n - 1
    centers = np.empty((n_nodes, points.shape[1]))
    weights = np.empty(n_nodes)
    weights[:n] = weight
    heights = np.zeros(n_nodes)
    children = np.empty((n_nodes, 2), dtype=np.intp)
    neighbour = np.empty(n_nodes, dtype=np.intp)
    distance = np.empty(n_nodes)
    active = searching = np.arange(n)
    with single_threaded_blas():
        centers[:n] = points - weight @ points / weight.sum()  # small numbers cancel less
        while len(active) > 1:
            neighbour[searching], distance[searching] = _nearest_others(
                centers, weights, searching, active
            )
            first = active[(neighbour[neighbour[active]] == active) & (active < neighbour[active])]
            if not len(first):  # rounding can make a circle of equal distances
                first = active[[distance[active].argmin()]]
            second = neighbour[first]
            end = 2 * n - len(active) + len(first)
            new = np.arange(end - len(first), end)
            weights[new] = weights[first] + weights[second]
            share = (weights[second] / weights[new])[:, None]
            centers[new] = centers[first] + share * (centers[second] - centers[first])
            children[new] = np.column_stack([first, second])
            heights[new] = np.maximum.reduce([distance[first], heights[first], heights[second]])
            is_merged = np.zeros(n_nodes, dtype=bool)
            is_merged[first] = is_merged[second] = True
            left = active[~is_merged[active]]
            active = np.concatenate([left, new])
            searching = np.concatenate([left[is_merged[neighbour[left]]], new])
    # A merge never comes before those of its children: heights do not fall, and sorting is stable.
    order = np.argsort(heights[n:], kind="stable")
    position = np.concatenate([np.arange(n), n + np.argsort(order)])
    return Tree(position[children[n:][order]], heights[n:][order])


def _nearest_others(
    centers: FloatArray, weights: FloatArray, searching: _Ints, active: _Ints
) -> tuple[_Ints, FloatArray]:
    """Nearest other active cluster of each searching one, and Ward's distance to it."""
    candidates, candidate_weights = centers[active], weights[active]
    squares = np.einsum("ij,ij->i", candidates, candidates)
    own_column = np.empty(len(centers), dtype=np.intp)
    own_column[active] = np.arange(len(active))
    neighbours = np.empty(len(searching), dtype=np.intp)
    found = np.empty(len(searching))
    for start in range(0, len(searching), _BLOCK_ROWS):
        block = searching[start : start + _BLOCK_ROWS]
        rows = np.arange(len(block))
        weight = weights[block, None]
        distances = -2.0 * centers[block] @ candidates.T
        distances += squares
        distances += squares[own_column[block], None]
        distances *= weight * candidate_weights / (weight + candidate_weights)
        distances[rows, own_column[block]] = np.inf
        best = distances.argmin(axis=1)
        neighbours[start : start + _BLOCK_ROWS] = active[best]
        found[start : start + _BLOCK_ROWS] = np.maximum(distances[rows, best], 0.0)
    return neighbours, found


def cut(tree: Tree, k: int) -> IntArray:
    """(n,) cluster of each leaf, 0..k-1, when the last k - 1 merges are undone."""
    n = len(tree.heights) + 1
    children = tree.children[: n - k]
    parents = np.repeat(n + np.arange(n - k), 2)
    edges = sparse.coo_array(
        (np.ones(2 * (n - k)), (parents, children.ravel())), shape=(2 * n - 1, 2 * n - 1)
    )
    components = sparse.csgraph.connected_components(edges, directed=False)[1]
    return np.unique(components[:n], return_inverse=True)[1].astype(np.int32)
