"""A shallow decision tree on feature set B: the segments as people can tell them apart."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from segmentation.errors import InputError

N_FOLDS = 5


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
    features: pd.DataFrame, labels: pd.DataFrame, *, max_depth: int = 3, seed: int = 0
) -> pd.DataFrame:
    """Measure a tree for every segmentation by 5-fold cross-validation, stratified by segment.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        What :func:`design` returned.
    labels : DataFrame
        segmentation_id, method, k, cluster; the customers of every segmentation in the order of
        `features`.
    max_depth : int
        Depth of the tree.
    seed : int
        Seed of the folds.

    Returns
    -------
    DataFrame
        One row per segmentation: segmentation_id, method, k, customers, max_depth, features (how
        many), folds, accuracy, balanced_accuracy (the mean over segments of the share that is
        found again) and their standard errors over the folds. A segment of fewer customers than
        folds cannot be in every fold; then there are fewer, and with a single customer none is held
        out: no value.
        Nor is there one without features, or with an empty segment, as a mixture may have it.

    Raises
    ------
    InputError
        The depth is below 1.
    """
    if max_depth < 1:
        raise InputError(f"tree_depth is {max_depth}; give a whole number of at least 1.")
    X = features.to_numpy(np.float32)

    def measure(of_one: pd.DataFrame) -> tuple[object, ...]:
        clusters = of_one["cluster"].to_numpy()
        first = of_one.iloc[0]
        folds = min(N_FOLDS, int(np.bincount(clusters, minlength=int(first["k"])).min()))
        key = (*first[["segmentation_id", "method", "k"]], len(X), max_depth, X.shape[1])
        if folds < 2 or X.shape[1] == 0:
            return (*key, 0, np.nan, np.nan, np.nan, np.nan)
        scores = []
        splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(X, clusters)
        for train, test in splits:
            fitted = classifier(max_depth, seed).fit(X[train], clusters[train])
            predicted = fitted.predict(X[test])
            scores.append(
                (
                    accuracy_score(clusters[test], predicted),
                    balanced_accuracy_score(clusters[test], predicted),
                )
            )
        means = np.mean(scores, axis=0)
        errors = np.std(scores, axis=0, ddof=1) / np.sqrt(folds)
        return (*key, folds, *means, *errors)

    with ThreadPoolExecutor() as pool:
        rows = list(pool.map(measure, (of_one for _, of_one in labels.groupby("segmentation_id"))))
    columns = ["segmentation_id", "method", "k", "customers", "max_depth", "features", "folds"]
    columns += [
        "accuracy",
        "balanced_accuracy",
        "accuracy_std_error",
        "balanced_accuracy_std_error",
    ]
    return pd.DataFrame(rows, columns=columns).astype(
        {"k": "int32", "max_depth": "int32", "features": "int32", "folds": "int32"}
    )
