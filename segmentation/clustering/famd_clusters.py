"""K-Means and Gaussian mixtures on FAMD's axes, as rows that SQL can score with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from segmentation.clustering import famd
from segmentation.clustering.candidates import MixedMatrix, some_customers
from segmentation.clustering.centroids import (
    FloatArray,
    IntArray,
    draw_rows,
    nearest,
    order_by_size,
)
from segmentation.clustering.processes import side_by_side
from segmentation.clustering.threads import single_threaded_blas
from segmentation.errors import InputError
from segmentation.selection.gap import FitCosts
from segmentation.selection.stability import HIGHLY_STABLE, Refit, bootstrap_stability

KMEANS: Final = "famd_kmeans"
GMM: Final = "famd_gmm"
COVARIANCE_TYPES: Final = ("full", "tied", "diag", "spherical")
PARAMETER_COLUMNS = ["segmentation_id", "cluster", "parameter", "axis", "other_axis", "value"]

_Row = tuple[str, int | None, str, int | None, int | None, float]
_Criterion = tuple[str, str, int, str, str, float, bool]


class Mixtures(NamedTuple):
    """Gaussian mixtures for several K.

    Attributes
    ----------
    parameters : one row a number: segmentation_id, cluster, parameter, axis, other_axis, value

        =======================  ===============================================================
        parameter                value
        =======================  ===============================================================
        ``k``                    of the segmentation (cluster NA)
        ``size``                 customers whose most probable component it is
        ``weight``               prior probability of the component
        ``mean``                 on an axis
        ``precision_cholesky``   P of axis and other_axis, the inverse covariance being P P';
                                 written out in full for every covariance type
        ``log_determinant``      of P: sum of the logarithms of its diagonal
        =======================  ===============================================================
    criteria : one row for each K, covariance type and criterion: segmentation_id, method, k,
        covariance_type, criterion, value, is_chosen (the type of that K with the lowest BIC).
        Criteria: ``bic`` and ``icl`` (lower is better; ICL = BIC - 2 sum of ln of each customer's
        largest posterior probability, as mclust has it), ``log_likelihood`` (mean of a customer),
        ``converged`` (1 or 0)
    """

    parameters: pd.DataFrame
    criteria: pd.DataFrame

    def as_rows(self, components: pd.DataFrame) -> pd.DataFrame:
        """Write all that a fit says as one table.

        Parameters
        ----------
        components : what :func:`inspect_components` returned

        Returns
        -------
        The columns of parameters, and covariance_type: of a criterion the type that it was computed
        for, of all else the type chosen. Further parameters are the criteria and, of each
        component, ``least_variance`` and ``is_collapsed`` (1 or 0).
        """
        chosen = self.criteria[self.criteria["is_chosen"]]
        types = chosen.groupby("segmentation_id")["covariance_type"].first()
        tables = [self.parameters]
        for name in ("least_variance", "is_collapsed"):
            of_components = components.rename(columns={name: "value"}).assign(parameter=name)
            tables.append(of_components[["segmentation_id", "cluster", "parameter", "value"]])
        rows = pd.concat(tables, ignore_index=True)
        rows["covariance_type"] = rows["segmentation_id"].map(types)
        criteria = self.criteria.rename(columns={"criterion": "parameter"})
        rows = pd.concat([rows, criteria], ignore_index=True).astype(
            {"cluster": "Int32", "axis": "Int32", "other_axis": "Int32", "value": "float64"}
        )
        return rows[["segmentation_id", "covariance_type", *PARAMETER_COLUMNS[1:]]]


def fit_kmeans(
    coordinates: FloatArray, k_values: Sequence[int], *, n_init: int = 10, seed: int = 0
) -> pd.DataFrame:
    """Fit K-Means for every K.

    Parameters
    ----------
    coordinates : (n, axes) of the training customers
    k_values : numbers of clusters
    n_init : random starts of each fit
    seed : of the starts; every K has its own stream

    Returns
    -------
    One row a number: segmentation_id, cluster, parameter (``k``, ``size``, ``center``), axis,
    other_axis (always NA), value
    """
    rows: list[_Row] = []
    with _one_thread():
        for k in k_values:
            fitted = KMeans(k, n_init=n_init, random_state=seed + k).fit(coordinates)
            centers = fitted.cluster_centers_
            centers = centers[order_by_size(nearest(coordinates, centers)[0], centers)]
            sizes = np.bincount(nearest(coordinates, centers)[0], minlength=k)
            name = f"{KMEANS}_k{k}"
            rows.append((name, None, "k", None, None, float(k)))
            for cluster in range(k):
                rows.append((name, cluster, "size", None, None, float(sizes[cluster])))
                rows.extend(_vector_rows(name, cluster, "center", centers[cluster]))
    return _parameter_frame(rows)


def assign_kmeans(
    customer_ids: pd.Series[str], coordinates: FloatArray, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Assign customers to the nearest center of every K-Means, ties to the lower cluster.

    Parameters
    ----------
    customer_ids, coordinates : (n,) and (n, axes)
    parameters : what :func:`fit_kmeans` returned

    Returns
    -------
    One row for each customer and segmentation: customer_id, segmentation_id, k, cluster, distance
    (squared, in FAMD's coordinates)
    """
    assigned = []
    for name, rows in parameters.groupby("segmentation_id", sort=True):
        centers = _values(rows, "center").reshape(-1, coordinates.shape[1])
        cluster, distance = nearest(coordinates, centers)
        assigned.append(_labels(customer_ids, str(name), len(centers), cluster, distance=distance))
    return pd.concat(assigned, ignore_index=True)


def fit_gmm(
    coordinates: FloatArray,
    k_values: Sequence[int],
    *,
    covariance_types: Sequence[str] = COVARIANCE_TYPES,
    n_init: int = 2,
    max_customers: int = 10_000,
    seed: int = 0,
) -> Mixtures:
    """Fit Gaussian mixtures for every K, the covariance type of each K chosen by BIC.

    Parameters
    ----------
    coordinates : (n, axes) of the training customers
    k_values : numbers of components
    covariance_types : those that BIC chooses from
    n_init : starts of each fit, from K-Means
    max_customers : of more, so many are drawn, and the mixtures are fitted to these; sizes and
        criteria are of all
    seed : of the draw and of the starts; every K has its own stream
    """
    drawn = coordinates[draw_rows(len(coordinates), max_customers, seed)]

    def fit(k: int) -> tuple[list[_Row], list[_Criterion]]:
        name, fits = f"{GMM}_k{k}", {}
        for kind in covariance_types:
            mixture = GaussianMixture(
                k, covariance_type=kind, n_init=n_init, max_iter=500, random_state=seed + k
            )
            fits[kind] = mixture.fit(drawn), float(mixture.bic(coordinates))
        chosen = min(fits, key=lambda kind: fits[kind][1])
        criteria: list[_Criterion] = []
        for kind, (mixture, bic) in fits.items():
            largest = mixture.predict_proba(coordinates).max(axis=1)
            for criterion, value in (
                ("bic", bic),
                ("icl", bic - 2 * float(np.log(largest).sum())),
                ("log_likelihood", float(mixture.score(coordinates))),
                ("converged", float(mixture.converged_)),
            ):
                criteria.append((name, GMM, k, kind, criterion, value, kind == chosen))
        return _mixture_rows(name, coordinates, fits[chosen][0]), criteria

    n = len(drawn) * len(k_values) * len(covariance_types)
    rows: list[_Row] = []
    criteria: list[_Criterion] = []
    for of_k in side_by_side(fit, k_values, customers=n):
        rows.extend(of_k[0])
        criteria.extend(of_k[1])
    columns = ["segmentation_id", "method", "k", "covariance_type", "criterion", "value"]
    return Mixtures(
        _parameter_frame(rows),
        pd.DataFrame(criteria, columns=[*columns, "is_chosen"]).astype({"k": "int32"}),
    )


def posteriors(
    customer_ids: pd.Series[str], coordinates: FloatArray, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Give the probability of every customer for every component.

    Parameters
    ----------
    customer_ids, coordinates : (n,) and (n, axes)
    parameters : of :class:`Mixtures`

    Returns
    -------
    One row for each customer, segmentation and component: customer_id, segmentation_id, cluster,
    probability; the probabilities of a customer in a segmentation sum to 1
    """
    found = []
    for name, rows in parameters.groupby("segmentation_id", sort=True):
        probabilities = _posteriors(coordinates, rows)
        n, k = probabilities.shape
        found.append(
            pd.DataFrame(
                {
                    "customer_id": customer_ids.repeat(k).to_numpy(),
                    "segmentation_id": name,
                    "cluster": np.tile(np.arange(k, dtype=np.int32), n),
                    "probability": probabilities.ravel(),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def assign_gmm(
    customer_ids: pd.Series[str], coordinates: FloatArray, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Assign customers to the most probable component of every mixture.

    Parameters
    ----------
    customer_ids, coordinates : (n,) and (n, axes)
    parameters : of :class:`Mixtures`

    Returns
    -------
    One row for each customer and segmentation: customer_id, segmentation_id, k, cluster,
    probability
    """
    assigned = []
    for name, rows in parameters.groupby("segmentation_id", sort=True):
        probabilities = _posteriors(coordinates, rows)
        cluster = probabilities.argmax(axis=1).astype(np.int32)
        largest = probabilities.max(axis=1)
        k = probabilities.shape[1]
        assigned.append(_labels(customer_ids, str(name), k, cluster, probability=largest))
    return pd.concat(assigned, ignore_index=True)


def assign(
    customer_ids: pd.Series[str],
    coordinates: FloatArray,
    kmeans: pd.DataFrame,
    mixtures: pd.DataFrame,
) -> pd.DataFrame:
    """Assign customers by every K-Means and by every mixture.

    Parameters
    ----------
    customer_ids, coordinates : (n,) and (n, axes)
    kmeans : what :func:`fit_kmeans` returned
    mixtures : the parameters of :class:`Mixtures`, or what its `as_rows` returned

    Returns
    -------
    One row for each customer and segmentation: customer_id, segmentation_id, k, cluster, distance
    (of K-Means) and probability (of a mixture)
    """
    columns = ["customer_id", "segmentation_id", "k", "cluster", "distance", "probability"]
    assigned = [
        assign_kmeans(customer_ids, coordinates, kmeans),
        assign_gmm(customer_ids, coordinates, mixtures),
    ]
    return pd.concat(assigned, ignore_index=True)[columns]


def chosen_covariance_types(mixtures: pd.DataFrame) -> dict[int, str]:
    """Read from what `Mixtures.as_rows` returned which covariance type BIC chose for each K."""
    of_k = mixtures[mixtures["parameter"] == "k"]
    return dict(zip(of_k["value"].astype(int), of_k["covariance_type"], strict=True))


def inspect_components(
    coordinates: FloatArray,
    parameters: pd.DataFrame,
    *,
    min_share: float = 0.01,
    min_variance: float = 0.01,
) -> pd.DataFrame:
    """Say which components of the mixtures have collapsed.

    A mixture may put a component on a handful of customers, or on a spike of customers that are
    (nearly) alike on some axis: its likelihood grows without bound, and BIC with it.

    Parameters
    ----------
    coordinates : (n, axes) of the training customers
    parameters : of :class:`Mixtures`
    min_share : a component with a smaller share of the customers, or of the weight, is small
    min_variance : a component with a smaller variance in some direction, as a share of the
        customers' variance on their least axis, is flat

    Returns
    -------
    One row for each segmentation and component: segmentation_id, cluster, customers,
    customer_share, weight, least_variance (as a share, see above), is_small, is_flat, is_collapsed
    (either)
    """
    n, n_axes = coordinates.shape
    smallest_axis = coordinates.var(axis=0).min()
    reports = []
    for name, rows in parameters.groupby("segmentation_id", sort=True):
        sizes, weights = _values(rows, "size"), _values(rows, "weight")
        choleskys = _values(rows, "precision_cholesky").reshape(-1, n_axes, n_axes)
        least = 1 / np.linalg.norm(choleskys, ord=2, axis=(1, 2)) ** 2 / smallest_axis
        is_small = np.minimum(sizes / n, weights) < min_share
        reports.append(
            pd.DataFrame(
                {
                    "segmentation_id": name,
                    "cluster": np.arange(len(sizes), dtype=np.int32),
                    "customers": sizes.astype(np.int64),
                    "customer_share": sizes / n,
                    "weight": weights,
                    "least_variance": least,
                    "is_small": is_small,
                    "is_flat": least < min_variance,
                    "is_collapsed": is_small | (least < min_variance),
                }
            )
        )
    return pd.concat(reports, ignore_index=True)


def kmeans_refit(
    matrix: MixedMatrix, n_axes: int, k_values: Sequence[int], *, n_init: int = 2
) -> Refit:
    """Return a `refit` for `bootstrap_stability`: FAMD + K-Means.

    Of fewer customers than K, as many clusters.
    """

    def labels(coordinates: FloatArray, k: int, seed: int) -> IntArray:
        fitted = KMeans(min(k, len(coordinates)), n_init=n_init, random_state=seed)
        found: IntArray = fitted.fit(coordinates).labels_
        return found

    return _refit(matrix, n_axes, k_values, labels)


def kmeans_costs(k_max: int, *, n_init: int = 2) -> FitCosts:
    """Return a `fit_costs` for :func:`segmentation.selection.gap.gap_statistic`.

    The cost is that of K-Means for k = 1, ..., `k_max`; the matrix holds coordinates.
    """

    def fit_costs(matrix: MixedMatrix, rng: np.random.Generator) -> dict[int, float]:
        points, costs = matrix.numeric, {}
        for k in range(1, k_max + 1):
            fitted = KMeans(k, n_init=n_init, random_state=int(rng.integers(2**31))).fit(points)
            costs[k] = float(fitted.inertia_)
        return costs

    return fit_costs


def gmm_refit(matrix: MixedMatrix, n_axes: int, covariance_types: Mapping[int, str]) -> Refit:
    """Return a `refit` for `bootstrap_stability`: FAMD + GMM.

    Of fewer customers than K, as many components.

    Parameters
    ----------
    matrix, n_axes : the customers, and the axes of the segmentations that are judged
    covariance_types : for each K the type that BIC chose
    """

    def labels(coordinates: FloatArray, k: int, seed: int) -> IntArray:
        mixture = GaussianMixture(
            min(k, len(coordinates)), covariance_type=covariance_types[k], random_state=seed
        )
        found: IntArray = mixture.fit(coordinates).predict(coordinates)
        return found

    return _refit(matrix, n_axes, list(covariance_types), labels)


def _refit(
    matrix: MixedMatrix,
    n_axes: int,
    k_values: Sequence[int],
    labels: Callable[[FloatArray, int, int], IntArray],
) -> Refit:
    table, n_numbers = famd.indicators(matrix), len(matrix.number_names)

    def refit(
        rows: npt.NDArray[np.intp], rng: np.random.Generator
    ) -> Mapping[int, npt.NDArray[np.integer]]:
        coordinates = famd.refit_coordinates(table[rows], n_numbers, n_axes)
        if coordinates.shape[1] == 0:  # all drawn are alike
            return {k: np.zeros(len(rows), dtype=np.int32) for k in k_values}
        return {k: labels(coordinates, k, int(rng.integers(2**31))) for k in k_values}

    return refit


def choose_axes(
    matrix: MixedMatrix,
    k_values: Sequence[int],
    *,
    axes: Sequence[int] = (2, 3, 5, 10),
    n_bootstraps: int = 20,
    max_customers: int = 5_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Choose the number of FAMD's axes by the stability of K-Means on them.

    Each bootstrap fits FAMD and K-Means anew (`selection.stability`). Chosen are the axes
    on which the most clusters are told apart with every one of them highly stable; of several such,
    those with the most stable weakest cluster, to two decimals; then the fewer. The highest
    stability alone would not do: few axes merge segments into fewer and very stable ones.

    Parameters
    ----------
    matrix : the training customers
    k_values : numbers of clusters to try
    axes : numbers of axes to choose from; more than the data have count as all they have
    n_bootstraps : at least 2
    max_customers : of more, so many are drawn; this bounds the time, and among very many customers
        every split is stable
    seed : of the draw, the bootstraps and the starts

    Returns
    -------
    One row for each number of axes and K: n_axes, k, customers, bootstraps, min_jaccard (of the
    least stable cluster), std_error, verdict, is_chosen (n_axes)

    Raises
    ------
    InputError
        There are no axes or no K to choose from.
    """
    if not axes or min(axes) < 1 or not k_values:
        raise InputError("Give at least one K, and numbers of axes of at least 1, as 2, 3, 5, 10.")
    drawn = draw_rows(len(matrix.numeric), max_customers, seed)
    some = some_customers(matrix, drawn)
    everyone = np.arange(len(drawn))
    coordinates = famd.refit_coordinates(famd.indicators(some), len(some.number_names), max(axes))
    evidence = []
    for n_axes in sorted({min(n_axes, coordinates.shape[1]) for n_axes in axes}):
        refit = kmeans_refit(some, n_axes, sorted(set(k_values)))
        with _one_thread():
            labels = refit(everyone, np.random.default_rng(seed))
        criteria = bootstrap_stability(
            labels, refit, method=f"K-Means on {n_axes} axes", n_bootstraps=n_bootstraps, seed=seed
        )
        weakest = criteria[criteria["criterion"] == "min_jaccard"]
        evidence.append(
            pd.DataFrame(
                {
                    "n_axes": np.int32(n_axes),
                    "k": weakest["k"],
                    "customers": len(everyone),
                    "bootstraps": n_bootstraps,
                    "min_jaccard": weakest["value"],
                    "std_error": weakest["std_error"],
                    "verdict": weakest["verdict"],
                }
            )
        )
    found = pd.concat(evidence, ignore_index=True)
    return found.assign(is_chosen=found["n_axes"] == _most_told_apart(found))


def chosen_axes(evidence: pd.DataFrame) -> int:
    """Read from what :func:`choose_axes` returned how many axes it chose."""
    return int(evidence.loc[evidence["is_chosen"], "n_axes"].iloc[0])


def _most_told_apart(evidence: pd.DataFrame) -> int:
    """Apply the rule of :func:`choose_axes`."""

    def merit(n_axes: int) -> tuple[int, float, int]:
        of_axes = evidence[evidence["n_axes"] == n_axes]
        tried = list(zip(of_axes["k"], of_axes["min_jaccard"].round(2), strict=True))
        stable = [(k, jaccard) for k, jaccard in tried if jaccard >= HIGHLY_STABLE]
        k, jaccard = max(stable) if stable else (0, max(jaccard for _, jaccard in tried))
        return k, jaccard, -n_axes

    chosen: int = max(evidence["n_axes"].unique().tolist(), key=merit)
    return chosen


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for BLAS and for OpenMP: K-Means adds up in the order its threads finish.

    OpenMP's limit belongs to the calling thread alone.
    """
    with single_threaded_blas(), threadpool_limits(limits=1, user_api="openmp"):
        yield


def _mixture_rows(name: str, coordinates: FloatArray, mixture: GaussianMixture) -> list[_Row]:
    k, n_axes = mixture.means_.shape
    choleskys: FloatArray = mixture.precisions_cholesky_
    if mixture.covariance_type == "tied":
        choleskys = np.broadcast_to(choleskys, (k, n_axes, n_axes))
    elif mixture.covariance_type in ("diag", "spherical"):
        choleskys = choleskys.reshape(k, -1, 1) * np.eye(n_axes)
    labels = mixture.predict(coordinates)
    sizes = np.bincount(labels, minlength=k)
    rows: list[_Row] = [(name, None, "k", None, None, float(k))]
    for cluster, component in enumerate(order_by_size(labels, mixture.means_)):
        factor = choleskys[component]
        single_numbers = {
            "size": sizes[component],
            "weight": mixture.weights_[component],
            "log_determinant": np.log(factor.diagonal()).sum(),
        }
        for parameter, value in single_numbers.items():
            rows.append((name, cluster, parameter, None, None, float(value)))
        rows.extend(_vector_rows(name, cluster, "mean", mixture.means_[component]))
        for axis, line in enumerate(factor.tolist(), start=1):
            for other_axis, value in enumerate(line, start=1):
                rows.append((name, cluster, "precision_cholesky", axis, other_axis, value))
    return rows


def _posteriors(coordinates: FloatArray, rows: pd.DataFrame) -> FloatArray:
    """(n, K) posterior probabilities under one mixture."""
    n_axes = coordinates.shape[1]
    means = _values(rows, "mean").reshape(-1, n_axes)
    choleskys = _values(rows, "precision_cholesky").reshape(-1, n_axes, n_axes)
    # The factor (2 pi)^(-axes / 2) is the same for all components.
    logarithms = np.log(_values(rows, "weight")) + _values(rows, "log_determinant")
    with single_threaded_blas():
        densities = np.column_stack(
            [
                logarithm - 0.5 * (((coordinates - mean) @ cholesky) ** 2).sum(axis=1)
                for logarithm, mean, cholesky in zip(logarithms, means, choleskys, strict=True)
            ]
        )
    relative = np.exp(densities - densities.max(axis=1, keepdims=True))
    probabilities: FloatArray = relative / relative.sum(axis=1, keepdims=True)
    return probabilities


def _vector_rows(
    name: str, cluster: int, parameter: str, vector: npt.NDArray[np.float64]
) -> list[_Row]:
    return [
        (name, cluster, parameter, axis, None, value)
        for axis, value in enumerate(vector.tolist(), start=1)
    ]


def _parameter_frame(rows: list[_Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=PARAMETER_COLUMNS).astype(
        {"cluster": "Int32", "axis": "Int32", "other_axis": "Int32", "value": "float64"}
    )


def _values(rows: pd.DataFrame, parameter: str) -> FloatArray:
    """Values of a parameter of one segmentation, by cluster, then axis, then other axis."""
    wanted = rows[rows["parameter"] == parameter]
    return wanted.sort_values(["cluster", "axis", "other_axis"])["value"].to_numpy(np.float64)


def _labels(
    customer_ids: pd.Series[str], name: str, k: int, cluster: IntArray, **measure: FloatArray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": customer_ids.to_numpy(),
            "segmentation_id": name,
            "k": np.int32(k),
            "cluster": cluster,
            **measure,
        }
    )
