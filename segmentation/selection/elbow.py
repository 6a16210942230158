"""The data-science elbow: what cost and silhouette say of every K.

The other criteria are in `segmentation.selection.gap` and `segmentation.selection.stability`;
`segmentation.selection.technical_range` brings all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from kneed import KneeLocator
from sklearn.metrics import adjusted_rand_score

from segmentation.clustering import silhouette
from segmentation.errors import InputError
from segmentation.selection.criteria import Row, criteria_frame

if TYPE_CHECKING:
    from segmentation.clustering.candidates import MixedMatrix

Labels = npt.NDArray[np.integer]

# From here on the clusters count as about equally wide: none below a quarter of the widest.
EVEN = 0.25


# ---- Elbow ----


@dataclass(frozen=True)
class Knee:
    """The knee of a cost curve.

    Attributes
    ----------
    k : the knee; None where the curve has none (fewer than three points, a straight line)
    k_min, k_max : the range it was computed on. Another range may give another knee
    """

    k: int | None
    k_min: int
    k_max: int


def kneedle(k_values: Sequence[int], cost: Sequence[float]) -> Knee:
    """Find the knee of a decreasing convex curve (Kneedle; Satopaa et al. 2011).

    Both axes are stretched to 0..1, and the knee is the point farthest below the straight line
    between the ends, in kneed's implementation with the paper's sensitivity 1.

    Parameters
    ----------
    k_values : ascending numbers of clusters
    cost : of each of them

    Raises
    ------
    InputError
        The two do not fit together, are empty, not ascending or not finite.
    """
    k, costs = np.asarray(k_values), np.asarray(cost, dtype=np.float64)
    if len(k) != len(costs) or len(k) == 0 or (np.diff(k) <= 0).any():
        raise InputError(
            f"An elbow needs ascending k and one cost each; got k = {k.tolist()}, "
            f"{len(costs)} costs."
        )
    if not np.isfinite(costs).all():
        raise InputError(f"An elbow needs finite costs; got {costs.tolist()}.")
    found = None
    if len(k) >= 3 and costs.min() < costs.max():
        found = KneeLocator(k, costs, S=1.0, curve="convex", direction="decreasing").knee
    return Knee(None if found is None else int(found), int(k[0]), int(k[-1]))


# ---- Criteria of given segmentations ----


def segmentation_criteria(
    matrix: MixedMatrix,
    labels: Mapping[int, Labels],
    gamma: float,
    *,
    method: str = "kprototypes",
) -> pd.DataFrame:
    """Judge the segmentations of one method by their cost, sizes and silhouettes.

    Cost and distances are those of K-Prototypes, whatever the method, so that methods compare.

    Parameters
    ----------
    matrix : the customers
    labels : for each k, (n,) clusters 0..k-1; k = 1 has no silhouette. A cluster may be empty, as
        in a mixture; where all customers are in one, their silhouettes are 0
    gamma : weight of a categorical mismatch
    method : goes into the rows

    Returns
    -------
    `criteria.COLUMNS`. Per k and cluster `customers` and `silhouette` (the mean of the cluster);
    per k

    - `cost`: distances to the own mean and mode; the verdict names the knee and its K range
    - `smallest_share`: of customers, in the smallest cluster
    - `mean_silhouette`: over customers, exact; the standard error is theirs. The verdict marks the
      highest
    - `silhouette_evenness`: the lowest mean of a cluster over the highest, 0 where the lowest is
      below 0 or a cluster is empty; `even` from a quarter
    - `negative_silhouettes`: the share of customers nearer to another cluster than to their own
    """
    rows: list[Row] = []
    costs, means = {}, {}
    for k, of_k in sorted(labels.items()):
        statistics = silhouette.cluster_statistics(
            matrix.numeric, matrix.codes, matrix.n_levels, of_k, k
        )
        sizes = statistics.sizes
        costs[k] = float(within_costs(statistics, gamma).sum())
        rows.extend((method, k, c, "customers", float(sizes[c]), None, "") for c in range(k))
        rows.append((method, k, None, "smallest_share", sizes.min() / sizes.sum(), None, ""))
        if k == 1:
            continue
        widths = np.zeros(len(of_k))
        if np.count_nonzero(sizes) > 1:
            widths = silhouette.silhouette_samples(
                matrix.numeric, matrix.codes, of_k, statistics, gamma
            )
        by_cluster = silhouette.silhouette_by_cluster(widths, of_k, k)
        means[k] = (float(widths.mean()), float(widths.std(ddof=1) / np.sqrt(len(widths))))
        rows.extend(
            (method, k, c, "silhouette", float(by_cluster[c]), None, "")
            for c in np.flatnonzero(sizes).tolist()
        )
        evenness = _evenness(by_cluster)
        even = "even" if evenness >= EVEN else "uneven"
        rows.append((method, k, None, "silhouette_evenness", evenness, None, even))
        negative = float((widths < 0).mean())
        rows.append((method, k, None, "negative_silhouettes", negative, None, ""))
    knee = kneedle(list(costs), list(costs.values()))
    span = f"on K = {knee.k_min} to {knee.k_max}"
    for k, cost in costs.items():
        verdict = f"knee {span}" if k == knee.k else f"no knee {span}" if knee.k is None else ""
        rows.append((method, k, None, "cost", cost, None, verdict))
    best = max(means.values(), default=None)
    for k, mean in means.items():
        rows.append((method, k, None, "mean_silhouette", *mean, "highest" if mean == best else ""))
    criteria = criteria_frame(rows, customers=len(matrix.numeric))
    return criteria.sort_values(["k", "criterion", "cluster"], ignore_index=True)


def within_costs(statistics: silhouette.ClusterStatistics, gamma: float) -> npt.NDArray[np.float64]:
    """Sum the distances to the own mean and mode, attribute by attribute.

    Returns
    -------
    (p + q,) costs: first the numeric, then the categorical attributes
    """
    mismatches = [
        statistics.sizes.sum() - counts.max(axis=1).sum() for counts in statistics.level_counts
    ]
    return np.concatenate([statistics.scatter.sum(axis=0), gamma * np.array(mismatches)])


def _evenness(silhouettes: npt.NDArray[np.float64]) -> float:
    lowest, highest = silhouettes.min(), silhouettes.max()
    return float(lowest / highest) if lowest > 0 else 0.0


def agreement_by_k(labels: pd.DataFrame) -> pd.DataFrame:
    """Compare the segmentations of equal K by the adjusted Rand index (Hubert and Arabie 1985).

    Parameters
    ----------
    labels : DataFrame
        segmentation_id, k, cluster; the customers of every segmentation in the same order

    Returns
    -------
    One row per ordered pair, so that each segmentation can be looked up first: segmentation_id,
    other_segmentation_id, k, adjusted_rand (1 the same, 0 as good as chance)
    """
    rows = []
    for k, of_k in labels.groupby("k", sort=True):
        by_name = of_k.groupby("segmentation_id")["cluster"]
        clusters = {name: of_name.to_numpy() for name, of_name in by_name}
        for a, b in combinations(clusters, 2):
            agreement = adjusted_rand_score(clusters[a], clusters[b])
            rows += [(a, b, k, agreement), (b, a, k, agreement)]
    columns = ["segmentation_id", "other_segmentation_id", "k", "adjusted_rand"]
    return pd.DataFrame(rows, columns=columns).astype(
        {
            "segmentation_id": "str",
            "other_segmentation_id": "str",
            "k": "int32",
            "adjusted_rand": "float64",
        }
    )
