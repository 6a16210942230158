"""The criteria of every candidate: which of them a method has, and on how many customers.

All functions read one table of labels: method, k and cluster of the training customers in every
candidate, those of a candidate in the order of the matrix. A replicate is quick for K-Prototypes
and K-Means and slow for mixtures and Ward's trees, so these are replicated less often and on fewer
customers; `replicates` and `customers` in the result say how often and on how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmentation.clustering import agglomerative, candidates, famd, famd_clusters
from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.centroids import draw_rows
from segmentation.selection import elbow, gap, stability
from segmentation.selection.criteria import Row, criteria_frame
from segmentation.selection.stability import Refit

Labels = dict[int, npt.NDArray[np.integer]]

SLOW_METHODS = (famd_clusters.GMM, agglomerative.METHOD)


def judge(
    matrix: MixedMatrix, labels: pd.DataFrame, gamma: float, mixtures: pd.DataFrame
) -> pd.DataFrame:
    """Judge every candidate by cost, sizes and silhouettes, and mixtures by BIC and ICL as well.

    Parameters
    ----------
    matrix : the training customers
    labels : see above
    gamma : weight of a categorical mismatch
    mixtures : what `famd_clusters.Mixtures.as_rows` returned

    Returns
    -------
    `criteria.COLUMNS`. K = 1 has a cost and sizes, and no more.
    """
    n = len(matrix.numeric)
    everyone = np.zeros(n, dtype=np.int32)
    judged = [
        elbow.segmentation_criteria(matrix, {1: everyone, **of_method}, gamma, method=method)
        for method, of_method in _by_method(labels).items()
    ]
    mixture_criteria = criteria_frame(_judge_mixtures(mixtures), customers=n)
    return pd.concat([*judged, mixture_criteria], ignore_index=True)


def _judge_mixtures(mixtures: pd.DataFrame) -> list[Row]:
    """Criteria `bic` and `icl` (lower is better) and `collapsed_components` (how many)."""
    wide = mixtures[mixtures["cluster"].isna()].pivot_table(
        index=["segmentation_id", "covariance_type"], columns="parameter", values="value"
    )
    chosen = wide[wide["k"].notna()].reset_index().sort_values("k")  # the type chosen has a k
    collapsed = mixtures[(mixtures["parameter"] == "is_collapsed") & (mixtures["value"] == 1)]
    rows: list[Row] = []
    lowest = chosen[["bic", "icl"]].min()
    for name, kind, k, bic, icl in zip(
        chosen["segmentation_id"],
        chosen["covariance_type"],
        chosen["k"].astype(int),
        chosen["bic"],
        chosen["icl"],
        strict=True,
    ):
        verdict = f"{kind} covariances" + ("; lowest" if bic == lowest["bic"] else "")
        rows.append((famd_clusters.GMM, k, None, "bic", bic, None, verdict))
        verdict = "lowest" if icl == lowest["icl"] else ""
        rows.append((famd_clusters.GMM, k, None, "icl", icl, None, verdict))
        clusters = sorted(collapsed.loc[collapsed["segmentation_id"] == name, "cluster"])
        verdict = f"collapsed: cluster {', '.join(map(str, clusters))}" if clusters else ""
        count = float(len(clusters))
        rows.append((famd_clusters.GMM, k, None, "collapsed_components", count, None, verdict))
    return rows


def measure_stability(
    matrix: MixedMatrix,
    labels: pd.DataFrame,
    *,
    gamma: float,
    n_axes: int,
    covariance_types: Mapping[int, str],
    n_bootstraps: int = 50,
    n_bootstraps_slow: int = 20,
    max_customers: int = 10_000,
    max_customers_slow: int = 3_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure how surely the segments of every candidate come back.

    Parameters
    ----------
    matrix : the training customers
    labels : see above
    gamma : weight of a categorical mismatch
    n_axes : of FAMD, that its methods were fitted on
    covariance_types : of the mixture of each K
    n_bootstraps : B
    n_bootstraps_slow : B of mixtures and Ward's trees, where that is less
    max_customers, max_customers_slow : of more, so many are drawn, and the bootstraps draw from
        these; the second is for mixtures and Ward's trees
    seed : of draws, bootstraps and fits

    Returns
    -------
    `criteria.COLUMNS`, as `stability.bootstrap_stability` has them
    """
    judged = []
    for method, of_method in _by_method(labels).items():
        limit = max_customers_slow if method in SLOW_METHODS else max_customers
        rows = draw_rows(len(matrix.numeric), limit, seed)
        some = candidates.some_customers(matrix, rows)
        ks = list(of_method)
        refit: Refit
        if method == candidates.METHOD:
            refit = stability.kprototypes_refit(some, max(ks), gamma)
        elif method == famd_clusters.KMEANS:
            refit = famd_clusters.kmeans_refit(some, n_axes, ks)
        elif method == famd_clusters.GMM:
            types = {k: covariance_types[k] for k in ks}
            refit = famd_clusters.gmm_refit(some, n_axes, types)
        else:
            refit = agglomerative.ward_refit(candidates.one_hot_matrix(some), ks)
        judged.append(
            stability.bootstrap_stability(
                {k: of_k[rows] for k, of_k in of_method.items()},
                refit,
                method=method,
                n_bootstraps=(
                    min(n_bootstraps, n_bootstraps_slow) if method in SLOW_METHODS else n_bootstraps
                ),
                seed=seed,
            )
        )
    return pd.concat(judged, ignore_index=True)


def measure_gap(
    matrix: MixedMatrix,
    famd_parameters: pd.DataFrame,
    k_max: int,
    *,
    gamma: float,
    n_axes: int,
    n_references: int = 20,
    max_customers: int = 10_000,
    max_customers_slow: int = 3_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the gap of K-Prototypes, of K-Means on FAMD's axes and of Ward's tree.

    Each with its own cost: mixed distances, squared distances in coordinates, squared distances in
    one-hot features. A mixture minimises no such cost; BIC is its criterion.

    Parameters
    ----------
    matrix : the training customers
    famd_parameters : of a `famd.Famd`
    k_max : the largest K
    gamma : weight of a categorical mismatch
    n_axes : of FAMD, that K-Means was fitted on
    n_references : B
    max_customers, max_customers_slow, seed : as in `measure_stability`

    Returns
    -------
    `criteria.COLUMNS`, as `gap.gap_statistic` has them
    """
    some, few = (
        candidates.some_customers(matrix, draw_rows(len(matrix.numeric), limit, seed))
        for limit in (max_customers, max_customers_slow)
    )
    coordinates = famd.coordinates(some, famd_parameters)[:, :n_axes]
    on_axes = replace(
        some,
        numeric=coordinates,
        number_names=[f"axis_{axis + 1}" for axis in range(coordinates.shape[1])],
        codes=np.empty((len(coordinates), 0), dtype=np.int32),
        category_names=[],
        levels=[],
    )
    return pd.concat(
        [
            gap.gap_statistic(data, fit_costs, method=method, n_references=n_references, seed=seed)
            for method, data, fit_costs in (
                (candidates.METHOD, some, gap.kprototypes_costs(k_max, gamma)),
                (famd_clusters.KMEANS, on_axes, famd_clusters.kmeans_costs(k_max)),
                (agglomerative.METHOD, few, agglomerative.ward_costs(k_max)),
            )
        ],
        ignore_index=True,
    )


def _by_method(labels: pd.DataFrame) -> dict[str, Labels]:
    """Clusters by method and K, both ascending."""
    return {
        str(method): {
            k: of_method.loc[of_method["k"] == k, "cluster"].to_numpy()
            for k in sorted(of_method["k"].unique().tolist())
        }
        for method, of_method in labels.groupby("method", sort=True)
    }
