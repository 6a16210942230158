"""Candidate segmentations: K-Prototypes for every K, as rows that SQL can score with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from kmodes.kprototypes import KPrototypes as ReferenceKPrototypes
from numpy.typing import NDArray

from segmentation.clustering import features, kprototypes
from segmentation.clustering.centroids import draw_rows
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.clustering.mixed_data import MixedData
from segmentation.clustering.processes import side_by_side
from segmentation.errors import InputError

METHOD = "kprototypes"
PARAMETER_COLUMNS = ["segmentation_id", "cluster", "parameter", "attribute", "level", "value"]
ENGINES = ("native", "kmodes")
GAMMA_RULES = {"lambdaest": "lambdaest", "huang": None}
MAX_PASSES = 1_000
"""Customers without clusters keep moving for long; a fit that has not ended is not one."""


@dataclass(frozen=True)
class MixedMatrix:
    """Feature set A as two matrices.

    Attributes
    ----------
    numeric : ndarray of shape (n_customers, n_numbers)
    codes : ndarray of shape (n_customers, n_categories)
        Positions in ``levels``; -1 for a level that was not there at fit time.
    number_names, category_names : list of str
    levels : list of list of str
        The levels of each category, sorted.
    flag_names : list of str
        The categories that are flags: level 0 is no, level 1 yes.
    """

    numeric: NDArray[np.float64]
    codes: NDArray[np.int32]
    number_names: list[str]
    category_names: list[str]
    levels: list[list[str]]
    flag_names: list[str] = field(default_factory=list)

    @property
    def n_levels(self) -> list[int]:
        """Number of levels of each category."""
        return [len(levels) for levels in self.levels]

    def mixed_data(self, gamma: float) -> MixedData:
        """Lay the customers out for K-Prototypes with a weight of a category mismatch."""
        return MixedData(self.numeric, self.codes, self.n_levels, gamma)


def mixed_matrix(encoded: pd.DataFrame, parameters: pd.DataFrame) -> MixedMatrix:
    """Split encoded customers into numbers and level codes.

    Parameters
    ----------
    encoded : DataFrame of shape (n_customers, n_attributes)
        What :func:`segmentation.clustering.features.encode` returned.
    parameters : DataFrame
        What :func:`segmentation.clustering.features.fit` returned.
    """
    encodings = parameters.groupby("attribute", sort=True)["encoding"].first()
    numbers = [
        str(name) for name in encodings.index if encodings[name] in features.NUMERIC_ENCODINGS
    ]
    categories = [str(name) for name in encodings.index if str(name) not in numbers]
    levels, codes = [], []
    for category in categories:
        if encodings[category] == "flag":
            known = ["0", "1"]
        else:
            known = sorted(parameters.loc[parameters["attribute"] == category, "level"])
        levels.append(known)
        codes.append(pd.Index(known).get_indexer(pd.Index(encoded[category].astype("str"))))
    return MixedMatrix(
        numeric=encoded[numbers].to_numpy(np.float64),
        codes=np.array(codes, dtype=np.int32).reshape(len(categories), len(encoded)).T,
        number_names=numbers,
        category_names=categories,
        levels=levels,
        flag_names=[category for category in categories if encodings[category] == "flag"],
    )


def one_hot_matrix(matrix: MixedMatrix) -> NDArray[np.float64]:
    """Turn customers into numbers only: a column a level, of a flag the level 1 alone.

    Returns
    -------
    ndarray of shape (n_customers, n_features)
        The columns of :func:`segmentation.clustering.features.one_hot`, in another order.
    """
    columns = [matrix.numeric]
    for name, codes, n_levels in zip(
        matrix.category_names, matrix.codes.T, matrix.n_levels, strict=True
    ):
        levels = np.arange(n_levels)[1:] if name in matrix.flag_names else np.arange(n_levels)
        columns.append((codes[:, None] == levels).astype(np.float64))
    return np.hstack(columns)


def some_customers(matrix: MixedMatrix, rows: NDArray[np.intp]) -> MixedMatrix:
    """Take some of the customers, by row number."""
    return replace(matrix, numeric=matrix.numeric[rows], codes=matrix.codes[rows])


def fit_kprototypes(
    matrix: MixedMatrix,
    k_values: Sequence[int],
    *,
    engine: str = "native",
    gamma: float | str = "lambdaest",
    n_init: int = 10,
    max_start_customers: int = 10_000,
    seed: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Fit K-Prototypes for every K and return the models as parameter rows.

    Parameters
    ----------
    matrix : MixedMatrix
        The training customers.
    k_values : sequence of int
        Numbers of clusters, each at least 2.
    engine : {'native', 'kmodes'}
        Our own K-Prototypes, or the reference implementation that it is tested against.
    gamma : float, 'lambdaest' or 'huang'
        Weight of a category mismatch.
    n_init : int
        Random starts of each fit.
    max_start_customers : int
        Of more, so many are drawn for the starts of our own K-Prototypes, and only the best of them
        goes on with all.
    seed : int
        Seed of the draw and of the starts; every K has its own stream.
    n_jobs : int, optional
        Processes, as in :func:`segmentation.clustering.processes.side_by_side`.

    Returns
    -------
    DataFrame
        One row per number: segmentation_id, cluster, parameter, attribute, level, value.

        ==================  =================================================================
        parameter           value
        ==================  =================================================================
        ``k``, ``gamma``    of the segmentation (cluster NA)
        ``size``            training customers of the cluster
        ``center``          mean of one number over its customers
        ``mode``            1 at the most frequent level of the category
        ==================  =================================================================

    Raises
    ------
    InputError
        When the engine or gamma is not one of the above.
    """
    if engine not in ENGINES:
        raise InputError(f"kprototypes_engine is {engine!r}; use one of {', '.join(ENGINES)}.")
    weight = _weight_of_a_mismatch(matrix, gamma)
    if engine == "native":
        fit = _native_fit(matrix, max(k_values), weight, n_init, max_start_customers, seed)
    else:
        fit = partial(_fit_kmodes, matrix, weight, n_init, seed)
    customers = len(matrix.numeric) * n_init * len(k_values)
    fitted = side_by_side(fit, k_values, customers=customers, n_jobs=n_jobs)
    rows: list[tuple[str, int | None, str, str | None, str | None, float]] = []
    for k, clustering in zip(k_values, fitted, strict=True):
        rows.extend(_model_rows(matrix, kprototypes.order_by_size(clustering), k))
    return pd.DataFrame(rows, columns=PARAMETER_COLUMNS).astype(
        {"cluster": "Int32", "attribute": "str", "level": "str", "value": "float64"}
    )


def _weight_of_a_mismatch(matrix: MixedMatrix, gamma: float | str) -> float:
    if isinstance(gamma, str):
        if gamma not in GAMMA_RULES:
            raise InputError(
                f"gamma is {gamma!r}; use a number or one of {', '.join(GAMMA_RULES)}."
            )
        rule = GAMMA_RULES[gamma]
        return kprototypes.estimate_gamma(matrix.numeric, matrix.codes, matrix.n_levels, rule)
    if not 0 <= gamma < float("inf"):
        raise InputError(f"gamma is {gamma}; use a number of at least 0.")
    return float(gamma)


def _native_fit(
    matrix: MixedMatrix,
    k_max: int,
    gamma: float,
    n_init: int,
    max_start_customers: int,
    seed: int,
) -> Callable[[int], kprototypes.Clustering]:
    """Return a function that fits K clusters.

    Besides the random starts there is one from a path over all K, and what costs less is kept. The
    cost of one K then does not stick out of the curve for want of a lucky start.
    """
    drawn = draw_rows(len(matrix.numeric), max_start_customers, seed)
    some = some_customers(matrix, drawn)
    data = some.mixed_data(gamma)
    path = fit_path(data, k_max, np.random.default_rng(seed))

    def fit_to(customers: MixedMatrix, k: int, **start: Any) -> kprototypes.Clustering:
        return kprototypes.fit_encoded(
            customers.numeric,
            customers.codes,
            customers.n_levels,
            k,
            gamma=gamma,
            max_iter=MAX_PASSES,
            **start,
        )

    def fit(k: int) -> kprototypes.Clustering:
        prototypes, _ = data.update(path[k].labels, k)
        found = min(
            fit_to(some, k, n_init=n_init, random_state=seed + k),
            fit_to(some, k, init=prototypes),
            key=lambda clustering: clustering.cost,
        )
        if len(drawn) < len(matrix.numeric):
            found = fit_to(matrix, k, init=[found.centers, found.modes])
        return found

    return fit


def _fit_kmodes(
    matrix: MixedMatrix, gamma: float, n_init: int, seed: int, k: int
) -> kprototypes.Clustering:
    rows = np.concatenate([matrix.numeric, matrix.codes], axis=1)
    categorical = list(range(matrix.numeric.shape[1], rows.shape[1]))
    reference = ReferenceKPrototypes(k, n_init=n_init, gamma=gamma, random_state=seed + k)
    reference.fit(rows, categorical=categorical)
    centers = reference.cluster_centroids_[:, : matrix.numeric.shape[1]].astype(np.float64)
    modes = (
        reference.cluster_centroids_[:, matrix.numeric.shape[1] :].astype(float).astype(np.int32)
    )
    return kprototypes.Clustering(
        labels=reference.labels_.astype(np.int32),
        centers=centers,
        modes=modes,
        gamma=gamma,
        cost=float(reference.cost_),
        n_iter=int(reference.n_iter_),
        epoch_costs=[float(cost) for cost in reference.epoch_costs_],
        converged=True,
    )


def _model_rows(
    matrix: MixedMatrix, clustering: kprototypes.Clustering, k: int
) -> list[tuple[str, int | None, str, str | None, str | None, float]]:
    name = f"{METHOD}_k{k}"
    # The labels that scoring will find: at an exact tie the lower cluster, whatever the fit said.
    labels = _nearest(matrix, clustering.centers, clustering.modes, clustering.gamma)[0]
    sizes = np.bincount(labels, minlength=k)
    rows: list[tuple[str, int | None, str, str | None, str | None, float]] = [
        (name, None, "k", None, None, float(k)),
        (name, None, "gamma", None, None, clustering.gamma),
    ]
    for cluster in range(k):
        rows.append((name, cluster, "size", None, None, float(sizes[cluster])))
        centers = clustering.centers[cluster].tolist()
        for number, center in zip(matrix.number_names, centers, strict=True):
            rows.append((name, cluster, "center", number, None, center))
        for j, (category, levels) in enumerate(
            zip(matrix.category_names, matrix.levels, strict=True)
        ):
            mode = levels[clustering.modes[cluster, j]]
            rows.append((name, cluster, "mode", category, mode, 1.0))
    return rows


def assign(
    customer_ids: pd.Series[str], matrix: MixedMatrix, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Assign the training customers to the prototypes of every fitted model.

    Parameters
    ----------
    customer_ids : Series of shape (n_customers,)
    matrix : MixedMatrix
        The customers that the models were fitted on.
    parameters : DataFrame
        What :func:`fit_kprototypes` returned.

    Returns
    -------
    DataFrame
        One row per customer and segmentation: customer_id, segmentation_id, k, cluster, distance
        (squared, mixed).
    """
    assigned = []
    for segmentation_id, rows in parameters.groupby("segmentation_id", sort=True):
        k = int(rows.loc[rows["parameter"] == "k", "value"].iloc[0])
        gamma = float(rows.loc[rows["parameter"] == "gamma", "value"].iloc[0])
        centers, modes = _prototypes(matrix, rows, k)
        labels, distances = _nearest(matrix, centers, modes, gamma)
        assigned.append(
            pd.DataFrame(
                {
                    "customer_id": customer_ids,
                    "segmentation_id": segmentation_id,
                    "k": np.int32(k),
                    "cluster": labels,
                    "distance": distances,
                }
            )
        )
    return pd.concat(assigned, ignore_index=True)


def fitted_gamma(parameters: pd.DataFrame) -> float:
    """Read gamma from what :func:`fit_kprototypes` returned; it is the same for every K."""
    return float(parameters.loc[parameters["parameter"] == "gamma", "value"].iloc[0])


def _nearest(
    matrix: MixedMatrix, centers: NDArray[np.float64], modes: NDArray[np.int32], gamma: float
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Nearest prototype of every customer, ties to the lower, and the distance to it."""
    distances = kprototypes.mixed_distances(matrix.numeric, matrix.codes, centers, modes, gamma)
    return distances.argmin(axis=1).astype(np.int32), distances.min(axis=1)


def _prototypes(
    matrix: MixedMatrix, rows: pd.DataFrame, k: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Read the prototypes of one segmentation back from its parameter rows."""
    of_parameter = dict(iter(rows.sort_values("cluster").groupby("parameter")))
    centers = np.empty((k, len(matrix.number_names)))
    for j, number in enumerate(matrix.number_names):
        of_number = of_parameter["center"][of_parameter["center"]["attribute"] == number]
        centers[:, j] = of_number["value"]
    modes = np.empty((k, len(matrix.category_names)), dtype=np.int32)
    for j, category in enumerate(matrix.category_names):
        of_category = of_parameter["mode"][of_parameter["mode"]["attribute"] == category]
        modes[:, j] = pd.Index(matrix.levels[j]).get_indexer(pd.Index(of_category["level"]))
    return centers, modes
