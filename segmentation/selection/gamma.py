"""What gamma, the weight of a categorical mismatch, does to the segments.

gamma decides how much the categories count. Where one attribute makes up most of what separates the
clusters, the segmentation is little more than a split by that attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segmentation.clustering import candidates, silhouette
from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.centroids import draw_rows
from segmentation.clustering.processes import side_by_side
from segmentation.errors import InputError
from segmentation.selection import stability
from segmentation.selection.criteria import in_chinese
from segmentation.selection.elbow import within_costs

Labels = npt.NDArray[np.integer]

MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)
# An attribute that holds more of the between-cluster cost is a warning.
DOMINANT_SHARE = 0.5
DOMINANT = "dominates: over half of the between-cluster cost"

SWEEP_COLUMNS = ["multiple", "gamma", "criterion", "attribute", "value", "std_error", "verdict"]
_SweepRow = tuple[float, float, str, str | None, float, float | None, str]


def cost_shares(matrix: MixedMatrix, labels: Labels, gamma: float) -> pd.DataFrame:
    """Split what separates the clusters by attribute.

    The between-cluster cost of an attribute is what knowing the clusters saves: its cost around one
    mean (mode) for all, less its cost around the means (modes) of the clusters.

    Parameters
    ----------
    matrix : the customers
    labels : (n,) clusters, from 0 up
    gamma : weight of a categorical mismatch

    Returns
    -------
    One row per attribute, the numeric ones first: attribute, between_cost, share (of the sum over
    attributes; 0 where nothing separates the clusters), verdict (a warning over half)
    """
    within, total = (
        within_costs(
            silhouette.cluster_statistics(
                matrix.numeric, matrix.codes, matrix.n_levels, clusters, int(clusters.max()) + 1
            ),
            gamma,
        )
        for clusters in (labels, np.zeros_like(labels))
    )
    between = np.maximum(total - within, 0.0)
    share = between / between.sum() if between.sum() > 0 else between
    return pd.DataFrame(
        {
            "attribute": pd.Series([*matrix.number_names, *matrix.category_names], dtype="str"),
            "between_cost": between,
            "share": share,
            "verdict": pd.Series(np.where(share > DOMINANT_SHARE, DOMINANT, ""), dtype="str"),
        }
    )


def sweep_kprototypes(
    matrix: MixedMatrix,
    gamma: float,
    n_clusters: int,
    *,
    n_init: int = 10,
    n_bootstraps: int = 10,
    max_customers: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Sweep gamma for K-Prototypes as the project fits them.

    Parameters
    ----------
    matrix, gamma, n_clusters, n_bootstraps, seed : as in `gamma_sweep`
    n_init : random starts of each fit
    max_customers : of more, so many are drawn

    Returns
    -------
    As `gamma_sweep`, with `n_clusters`, `customers` and `replicates` (bootstraps, where there are
    any) in front and the verdict in Chinese at the end. Where gamma is 0 there is nothing to sweep:
    no rows.
    """
    some = candidates.some_customers(matrix, draw_rows(len(matrix.numeric), max_customers, seed))
    ids = pd.Series(np.arange(len(some.numeric)).astype(str))

    def fit(swept: float) -> Labels:
        fitted = candidates.fit_kprototypes(
            some, [n_clusters], gamma=swept, n_init=n_init, seed=seed, n_jobs=1
        )
        return candidates.assign(ids, some, fitted)["cluster"].to_numpy()

    swept = (
        gamma_sweep(some, fit, gamma, n_clusters, n_bootstraps=n_bootstraps, seed=seed)
        if gamma > 0
        else _sweep_frame([])
    )
    swept.insert(0, "k", np.int32(n_clusters))
    swept.insert(1, "customers", np.int64(len(ids)))
    is_replicated = swept["criterion"] == "min_jaccard"
    replicates = pd.Series(np.int32(n_bootstraps), swept.index, dtype="Int32")
    swept.insert(2, "replicates", replicates.where(is_replicated))
    return swept.assign(verdict_zh=swept["verdict"].map(in_chinese).astype("str"))


def gamma_sweep(
    matrix: MixedMatrix,
    fit: Callable[[float], Labels],
    gamma: float,
    n_clusters: int,
    *,
    multiples: Sequence[float] = MULTIPLES,
    n_bootstraps: int = 10,
    seed: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Cluster with some other gammas and compare with the chosen one.

    Parameters
    ----------
    matrix : the customers
    fit : clusters them into `n_clusters` with a given gamma; returns (n,) labels
    gamma : the one chosen
    n_clusters : K
    multiples : of the chosen gamma; 1 is added where it is not among them
    n_bootstraps : of the stability of each
    seed : of the bootstraps
    n_jobs : processes, as in `segmentation.clustering.processes.side_by_side`

    Returns
    -------
    `SWEEP_COLUMNS`, ascending by multiple. Criteria: `adjusted_rand` with the segments of the
    chosen gamma; `mean_silhouette` in the dissimilarity of that row's gamma; `min_jaccard`; and per
    attribute `cost_share`

    Raises
    ------
    InputError
        gamma or a multiple is not a number above 0.
    """
    if not all(0 < value < float("inf") for value in (gamma, *multiples)):
        raise InputError(
            f"The sweep needs gamma and its multiples above 0; got gamma = {gamma}, multiples = "
            f"{list(multiples)}."
        )
    swept_multiples = sorted({1.0, *multiples})
    fits = side_by_side(
        fit,
        [gamma * multiple for multiple in swept_multiples],
        customers=len(matrix.numeric) * len(swept_multiples),
        n_jobs=n_jobs,
    )
    labels = dict(zip(swept_multiples, fits, strict=True))
    rows: list[_SweepRow] = []
    for multiple, of_gamma in labels.items():
        swept = gamma * multiple
        statistics = silhouette.cluster_statistics(
            matrix.numeric, matrix.codes, matrix.n_levels, of_gamma, n_clusters
        )
        widths = silhouette.silhouette_samples(
            matrix.numeric, matrix.codes, of_gamma, statistics, swept
        )
        stable = stability.bootstrap_stability(
            {n_clusters: of_gamma},
            stability.kprototypes_refit(matrix, n_clusters, swept),
            method=f"gamma = {swept:.3g}",
            n_bootstraps=n_bootstraps,
            seed=seed,
            n_jobs=n_jobs,
        ).iloc[-1]
        agreement = float(adjusted_rand_score(labels[1.0], of_gamma))
        rows.append((multiple, swept, "adjusted_rand", None, agreement, None, ""))
        rows.append((multiple, swept, "mean_silhouette", None, float(widths.mean()), None, ""))
        least, error, verdict = stable["value"], stable["std_error"], stable["verdict"]
        rows.append((multiple, swept, "min_jaccard", None, least, error, verdict))
        shares = cost_shares(matrix, of_gamma, swept)
        rows.extend(
            (multiple, swept, "cost_share", attribute, share, None, verdict)
            for attribute, share, verdict in zip(
                shares["attribute"], shares["share"], shares["verdict"], strict=True
            )
        )
    return _sweep_frame(rows)


def _sweep_frame(rows: list[_SweepRow]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=SWEEP_COLUMNS).astype(
        {
            "multiple": "float64",
            "gamma": "float64",
            "criterion": "str",
            "attribute": "str",
            "value": "float64",
            "std_error": "float64",
            "verdict": "str",
        }
    )
