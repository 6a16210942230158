"""`KPrototypes`, a fast drop-in for `kmodes.kprototypes.KPrototypes`.

Here is the estimator for arrays and DataFrames. The algorithm is in
`segmentation.clustering.kprototypes_core`, which the dbt models call with encoded data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from kmodes.util.dissim import euclidean_dissim, matching_dissim
from scipy import sparse
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted

from segmentation.clustering.kprototypes_core import (
    Clustering,
    Init,
    Seed,
    estimate_gamma,
    fit_encoded,
    mixed_distances,
    order_by_size,
)
from segmentation.clustering.mixed_data import FloatArray, Prototypes
from segmentation.errors import InputError

__all__ = [
    "Clustering",
    "KPrototypes",
    "Prototypes",
    "estimate_gamma",
    "fit_encoded",
    "mixed_distances",
    "order_by_size",
]


class KPrototypes(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Cluster numeric and categorical columns together.

    Parameters, attributes and layouts are those of `kmodes.kprototypes.KPrototypes`. Different on
    purpose: all customers are moved at once, and the best start is improved by swaps and single
    moves, so that from the same prototypes the cost is the same or, as a rule, lower; 'k-means++'
    is the default start; weights count as weights everywhere; only numeric or only categorical
    columns will do; missing categories and fewer distinct rows than clusters are errors. Errors are
    `InputError`, a `ValueError`.

    Parameters
    ----------
    n_clusters : number of clusters
    max_iter : most passes without a swap or move in between
    num_dissim, cat_dissim : only kmodes' `euclidean_dissim` and `matching_dissim`
    init : 'k-means++', 'Huang', 'Cao', 'random', or [centers (K, p), modes (K, q)], the modes as
        level codes (positions in sorted order), as in kmodes
    n_init : number of starts
    gamma : weight of a categorical mismatch: a number; None for kmodes' rule (half the mean
        standard deviation of the numeric columns); 'lambdaest' for clustMixType's. `fit` puts the
        number used in its place, as kmodes does, and a second `fit` uses that number
    verbose : print a line a start
    random_state : seed or RandomState; None draws a fresh seed
    n_jobs : threads that run starts side by side, -1 for every CPU; the result is the same

    Attributes
    ----------
    labels_ : (n,) uint16 cluster of each row: its nearest prototype, ties to the lowest
    cluster_centroids_ : (K, p + q) means of the numeric columns, then modes of the categorical ones
    cost_ : sum of the distances to the own prototype
    n_iter_, epoch_costs_ : passes that led to the result; cost before them and after each
    gamma : number used
    n_features_in_ : columns of X

    Examples
    --------
    >>> X = [[1.0, "a"], [1.5, "a"], [9.0, "b"], [9.5, "b"]]
    >>> model = KPrototypes(n_clusters=2, init="Cao", random_state=0).fit(X, categorical=[1])
    >>> model.cluster_centroids_.tolist()
    [[9.25, 'b'], [1.25, 'a']]
    """

    def __init__(
        self,
        n_clusters: int = 8,
        max_iter: int = 100,
        num_dissim: Callable[..., Any] = euclidean_dissim,
        cat_dissim: Callable[..., Any] = matching_dissim,
        init: Init = "k-means++",
        n_init: int = 10,
        gamma: float | str | None = None,
        verbose: int = 0,
        random_state: Seed = None,
        n_jobs: int | None = 1,
    ) -> None:
        self.n_clusters = n_clusters
        self.max_iter = max_iter
        self.num_dissim = num_dissim
        self.cat_dissim = cat_dissim
        self.init = init
        self.n_init = n_init
        self.gamma = gamma
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Any,
        y: object = None,
        categorical: int | Sequence[int] | None = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Cluster the rows of X.

        Parameters
        ----------
        X : (n, m) array, nested list or DataFrame
        y : ignored
        categorical : index or indexes of the categorical columns
        sample_weight : (n,) weights >= 0

        Raises
        ------
        InputError
            A parameter or a column cannot be used; the message says which and what to do.
        """
        self._check_dissimilarities()
        columns = _columns(X)
        self._categorical = _categorical_indexes(categorical, len(columns))
        encoded = [_encode(columns[j], j) for j in self._categorical]
        self._levels = [levels for _, levels in encoded]
        found = fit_encoded(
            _numeric_table(columns, self._categorical),
            _table([codes for codes, _ in encoded], len(columns[0]), np.int32),
            [len(levels) for levels in self._levels],
            self.n_clusters,
            gamma=self.gamma,
            init=self.init,
            n_init=self.n_init,
            max_iter=self.max_iter,
            sample_weight=sample_weight,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )
        self._clustering = found
        self.labels_ = found.labels.astype(np.uint16)
        self.cost_ = found.cost
        self.n_iter_ = found.n_iter
        self.epoch_costs_ = found.epoch_costs
        self.gamma = found.gamma
        self.n_features_in_ = len(columns)
        return self

    def fit_predict(
        self,
        X: Any,
        y: object = None,
        categorical: int | Sequence[int] | None = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> npt.NDArray[np.uint16]:
        """Cluster the rows of X and return their clusters; parameters as in `fit`."""
        return self.fit(X, categorical=categorical, sample_weight=sample_weight).labels_

    def predict(
        self, X: Any, categorical: int | Sequence[int] | None = None
    ) -> npt.NDArray[np.uint16]:
        """Return the nearest prototype of each row of X.

        Parameters
        ----------
        X : (m, columns) rows laid out as in `fit`; a level never seen matches no mode
        categorical : as in `fit`; may be left out

        Raises
        ------
        InputError
            X is laid out otherwise than in `fit`, or a value is missing.
        """
        check_is_fitted(self, "labels_")
        columns = _columns(X)
        if len(columns) != self.n_features_in_:
            raise InputError(
                f"X has {len(columns)} columns; the model was fitted on {self.n_features_in_}."
            )
        if categorical is not None:
            given = _categorical_indexes(categorical, len(columns))
            if given != self._categorical:
                raise InputError(
                    f"categorical={given}; the model was fitted with {self._categorical}."
                )
        codes = [
            pd.Index(levels, dtype=object).get_indexer(np.asarray(columns[j], dtype=object))
            for j, levels in zip(self._categorical, self._levels, strict=True)
        ]
        distances = mixed_distances(
            _numeric_table(columns, self._categorical),
            _table(codes, len(columns[0]), np.int32),
            self._clustering.centers,
            self._clustering.modes,
            self._clustering.gamma,
        )
        labels: npt.NDArray[np.uint16] = distances.argmin(axis=1).astype(np.uint16)
        return labels

    @property
    def cluster_centroids_(self) -> npt.NDArray[Any]:
        """(K, p + q) means of the numeric columns, then modes of the categorical ones."""
        check_is_fitted(self, "labels_")
        modes = [
            levels[codes]
            for levels, codes in zip(self._levels, self._clustering.modes.T, strict=True)
        ]
        return np.column_stack([self._clustering.centers, *modes])

    def _check_dissimilarities(self) -> None:
        for name, given, only in (
            ("num_dissim", self.num_dissim, euclidean_dissim),
            ("cat_dissim", self.cat_dissim, matching_dissim),
        ):
            if given is not only:
                raise InputError(
                    f"{name}: only kmodes.util.dissim.{only.__name__} can be written as matrix "
                    "products; for another dissimilarity use kmodes.kprototypes.KPrototypes."
                )


def _columns(X: Any) -> list[pd.Series[Any]]:
    """Columns of a table, none of whose values is missing."""
    if sparse.issparse(X):
        raise InputError("X is sparse; give an array or a DataFrame.")
    if not isinstance(X, pd.DataFrame):
        X = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
        if X.ndim != 2:
            raise InputError(f"X has {X.ndim} dimensions; give a table of rows and columns.")
        X = pd.DataFrame(X)
    if X.shape[0] == 0 or X.shape[1] == 0:
        raise InputError(f"X has {X.shape[0]} rows and {X.shape[1]} columns: nothing to cluster.")
    columns = [X.iloc[:, j] for j in range(X.shape[1])]
    for j, column in enumerate(columns):
        missing = np.flatnonzero(column.isna())
        if len(missing):
            raise InputError(
                f"Column {j} has {len(missing)} missing values, the first in row {missing[0]}; "
                "fill them first (categories, for example, with a level 'unknown')."
            )
    return columns


def _categorical_indexes(categorical: int | Sequence[int] | None, n_columns: int) -> list[int]:
    """Column indexes as a list, in the order given."""
    if categorical is None:
        return []
    given = [categorical] if isinstance(categorical, int | np.integer) else list(categorical)
    valid = all(isinstance(j, int | np.integer) and 0 <= j < n_columns for j in given)
    if not valid or len(set(given)) < len(given):
        raise InputError(
            f"categorical={categorical!r}: give column indexes 0 to {n_columns - 1}, each once."
        )
    return [int(j) for j in given]


def _numeric_table(columns: list[pd.Series[Any]], categorical: list[int]) -> FloatArray:
    """(n, p) numbers of the columns that are not categorical."""
    numbers = []
    for j, column in enumerate(columns):
        if j not in categorical:
            try:
                numbers.append(np.asarray(column, dtype=np.float64))
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"Column {j} is not numeric ({error}); list it in 'categorical' or convert it."
                ) from error
            if not np.isfinite(numbers[-1]).all():
                raise InputError(f"Column {j} holds infinite values; replace them first.")
    return _table(numbers, len(columns[0]), np.float64)


def _encode(column: pd.Series[Any], index: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    """Codes of a column, and its levels in sorted order."""
    try:
        return pd.factorize(np.asarray(column, dtype=object), sort=True)
    except TypeError as error:
        raise InputError(
            f"Column {index} cannot be used as categories ({error}); convert it to text."
        ) from error


def _table(columns: list[npt.NDArray[Any]], n: int, dtype: type) -> npt.NDArray[Any]:
    """(n, number of columns) array, which may have no columns."""
    return np.column_stack(columns).astype(dtype) if columns else np.empty((n, 0), dtype)
