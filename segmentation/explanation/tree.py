"""A shallow decision tree on feature set B: the segments as people can tell them apart."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from segmentation.clustering.centroids import draw_rows
from segmentation.clustering.processes import side_by_side
from segmentation.errors import InputError

_Integers = NDArray[np.integer]

N_FOLDS = 5
ALL_SEGMENTS, ONE_SEGMENT = "all_segments", "one_segment"
"""Kinds of trees: one that tells all segments apart, one that tells a segment from the others."""

FOLD_SCHEMA = pa.schema(
    [
        ("segmentation_id", pa.string()),
        ("max_depth", pa.int32()),
        ("features", pa.int32()),
        ("tree", pa.string()),
        ("fold", pa.int32()),
        ("cluster", pa.int32()),
        ("customers", pa.int64()),
        ("predicted", pa.int64()),
        ("hits", pa.int64()),
    ]
)


def design(customers: pd.DataFrame, levels: pd.DataFrame, ordered: Collection[str]) -> pd.DataFrame:
    """Turn feature set B into the numbers that a tree splits on.

    Parameters
    ----------
    customers : DataFrame of shape (n_customers, n_attributes)
        Levels as text, none missing.
    levels : DataFrame
        attribute, level, level_order: the ranks of ordered levels; unknown ranks last.
    ordered : collection of str
        The attributes that enter by rank; a level without a rank gets -1.

    Returns
    -------
    DataFrame of shape (n_customers, n_features)
        int8 or int32: a rank each ordered attribute, named like it, and a 0/1 column each level of
        the others, named ``attribute=level``. An attribute with one level has no column.
    """
    columns: dict[str, NDArray[np.integer]] = {}
    for attribute in customers.columns:
        values = customers[attribute]
        if attribute in ordered:
            known = levels[levels["attribute"] == attribute]
            ranks = dict(zip(known["level"], known["level_order"].astype(int), strict=True))
            of_customers = values.map(ranks).fillna(-1).to_numpy(np.int32)
            if of_customers.min() < of_customers.max():
                columns[attribute] = of_customers
            continue
        found = sorted(values.unique())
        if len(found) > 1:
            for level in found:
                columns[f"{attribute}={level}"] = (values == level).to_numpy(np.int8)
    return pd.DataFrame(columns, index=customers.index)


def ordered_attributes(attributes: pd.DataFrame) -> set[str]:
    """Name the attributes whose levels have an order: binned features and ordinal attributes.

    Parameters
    ----------
    attributes : DataFrame
        attribute, role: the data dictionary.
    """
    return set(attributes.loc[attributes["role"].isin(["binned", "ordinal"]), "attribute"])


def classifier(max_depth: int, seed: int) -> DecisionTreeClassifier:
    """Make the tree that explains segments, not yet fitted.

    Segments weigh alike, whatever their size: with few leaves a tree spends them on the large
    segments and leaves the small ones, often those that matter, without any. With weights a pure
    node is not quite pure in floating point: a split must gain more than rounding errors.

    Parameters
    ----------
    max_depth : int
        Depth of the tree.
    seed : int
        Breaks ties between splits that are equally good.
    """
    return DecisionTreeClassifier(
        max_depth=max_depth,
        min_impurity_decrease=1e-9,
        class_weight="balanced",
        random_state=seed,
    )


def cross_validate(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    max_depth: int = 3,
    max_k: int = 7,
    min_gain: float = 0.05,
    max_customers: int = 10_000,
    seed: int = 0,
    n_jobs: int | None = None,
) -> pa.Table:
    """Count what trees find of every segment among customers that they have not seen.

    Every segmentation is cross-validated in 5 folds, stratified by segment, with one tree for all
    of its segments. On the same folds, trees that tell a single segment from all others are
    measured for the segments that they may explain clearly better. Not for those of a segmentation
    in two, where both trees are the same; not where the joint tree leaves less than `min_gain` to
    an F1 of 1; and not further than the first fold where a tree does not gain so much even on the
    customers that it is fitted to.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        What :func:`design` returned.
    labels : DataFrame
        segmentation_id, k, cluster; the customers of every segmentation in the order of
        `features`.
    max_depth : int
        Depth of the trees.
    max_k : int
        Segmentations into more segments get no tree of a single one; that would take most of the
        time.
    min_gain : float
        How much higher its held-out F1 must be for a tree to explain a segment clearly better.
    max_customers : int
        Of more, so many are drawn.
    seed : int
        Seed of the draw, of the folds and of the trees.
    n_jobs : int, optional
        Processes, as in :func:`segmentation.clustering.processes.side_by_side`.

    Returns
    -------
    Table
        `FOLD_SCHEMA`: one row per segmentation, tree, fold and cluster. `customers` are those of
        the cluster that were held out, `predicted` those held out that the tree takes for it, and
        `hits` both. A segment of fewer customers than folds cannot be in every fold; then there
        are fewer folds. Where a segment has a single customer or none, as a mixture may have it,
        or where there are no features, nothing can be held out: each cluster has one row, of fold
        0, without counts of the tree.

    Raises
    ------
    InputError
        The depth is below 1.
    """
    if max_depth < 1:
        raise InputError(f"tree_depth is {max_depth}; give a whole number of at least 1.")
    drawn = draw_rows(len(features), max_customers, seed)
    X = features.to_numpy(np.float32)[drawn]

    def measure(of_one: pd.DataFrame) -> list[tuple[object, ...]]:
        clusters = of_one["cluster"].to_numpy()
        name, k = of_one.iloc[0][["segmentation_id", "k"]]
        key = (name, max_depth, X.shape[1])
        sizes = np.bincount(clusters, minlength=k)
        n_folds = min(N_FOLDS, int(sizes.min()))
        if n_folds < 2 or X.shape[1] == 0:
            found = np.flatnonzero(sizes)
            return [(*key, ALL_SEGMENTS, 0, c, sizes[c], None, None) for c in found]
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
        splits = list(folds.split(X, clusters))

        def fit(rows: _Integers, truth: _Integers) -> DecisionTreeClassifier:
            return classifier(max_depth, seed).fit(X[rows], truth[rows])

        def count(fitted: DecisionTreeClassifier, rows: _Integers, truth: _Integers) -> _Integers:
            """Count customers, predicted ones and hits of every class; shape (n_classes, 3)."""
            predicted, n_classes = fitted.predict(X[rows]), len(fitted.classes_)
            counted = (truth[rows], predicted, predicted[predicted == truth[rows]])
            return np.stack([np.bincount(of_one, minlength=n_classes) for of_one in counted], 1)

        of_all = np.array([count(fit(train, clusters), test, clusters) for train, test in splits])
        rows = [
            (*key, ALL_SEGMENTS, fold, cluster, *counts)
            for fold, of_fold in enumerate(of_all.tolist(), start=1)
            for cluster, counts in enumerate(of_fold)
        ]
        for cluster in range(k) if 2 < k <= max_k else ():
            least = _f1(of_all[:, cluster].sum(axis=0)) + min_gain
            if least > 1:
                continue
            is_in = (clusters == cluster).astype(int)
            for fold, (train, test) in enumerate(splits, start=1):
                fitted = fit(train, is_in)
                if fold == 1 and _f1(count(fitted, train, is_in)[1]) < least:
                    break
                rows.append((*key, ONE_SEGMENT, fold, cluster, *count(fitted, test, is_in)[1]))
        return rows

    segmentations = [of_one.iloc[drawn] for _, of_one in labels.groupby("segmentation_id")]
    found = side_by_side(
        measure, segmentations, customers=len(drawn) * len(segmentations), n_jobs=n_jobs
    )
    rows = [dict(zip(FOLD_SCHEMA.names, row, strict=True)) for rows in found for row in rows]
    return pa.Table.from_pylist(rows, schema=FOLD_SCHEMA)


def _f1(counts: _Integers) -> float:
    """Harmonic mean of precision and recall, 0 where neither is above 0."""
    customers, predicted, hits = counts
    return float(2 * hits / (customers + predicted))
