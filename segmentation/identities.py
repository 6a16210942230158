"""Which clusters of a new model are the segments of an old one, so that they keep their ids."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

DISTANCE_WEIGHT = 1e-6
"""Of the distance to the old prototype, as a share of the largest: decides equal overlaps."""


def match_segments(overlaps: pd.DataFrame, *, min_overlap: float) -> pd.DataFrame:
    """Give each old segment to at most one cluster of each segmentation, and the other way round.

    The assignment with the largest sum of Jaccard indices is taken (Kuhn, 1955: the Hungarian
    method); of equal ones that whose clusters are nearer to the old prototypes. Pairs whose index
    is below `min_overlap` count nothing, so no segment survives in a handful of its customers.

    Parameters
    ----------
    overlaps : DataFrame of shape (n_pairs, >= 5)
        Columns `segmentation_id`, `cluster` (int), `segment_id` (the old segment's), `jaccard` (0
        to 1) and `distance` (null where unknown); a row for each cluster and old segment that have
        customers in common.
    min_overlap : float
        Lowest index of a segment that survives, above 0 and at most 1.

    Returns
    -------
    DataFrame of shape (n_matches, 4)
        `segmentation_id`, `cluster`, `segment_id`, `jaccard`: the clusters that keep an id. Ordered
        by the first two.

    Raises
    ------
    ValueError
        `min_overlap` is out of its range.
    """
    if not 0 < min_overlap <= 1:
        raise ValueError(f"min_overlap is {min_overlap}; give a number above 0 and at most 1.")
    matches = [
        _match(pairs, min_overlap) for _, pairs in overlaps.groupby("segmentation_id", sort=True)
    ]
    if not matches:
        return pd.DataFrame(
            {
                "segmentation_id": pd.Series(dtype=str),
                "cluster": pd.Series(dtype="int32"),
                "segment_id": pd.Series(dtype=str),
                "jaccard": pd.Series(dtype=float),
            }
        )
    return pd.concat(matches, ignore_index=True)


def _match(pairs: pd.DataFrame, min_overlap: float) -> pd.DataFrame:
    """Match the clusters of one segmentation."""
    clusters, rows = np.unique(pairs["cluster"], return_inverse=True)
    segments, columns = np.unique(pairs["segment_id"].astype(str), return_inverse=True)
    distance = pairs["distance"].to_numpy(dtype=float)
    largest = np.nanmax(distance, initial=0.0) or 1.0
    jaccard = pairs["jaccard"].to_numpy(dtype=float)
    gain = np.zeros((len(clusters), len(segments)))
    gain[rows, columns] = np.where(
        jaccard >= min_overlap,
        jaccard - DISTANCE_WEIGHT * np.nan_to_num(distance / largest, nan=1.0),
        0.0,
    )
    own, other = linear_sum_assignment(gain, maximize=True)
    kept = gain[own, other] > 0
    found = pd.DataFrame({"cluster": clusters[own[kept]], "segment_id": segments[other[kept]]})
    found = found.merge(
        pairs[["segmentation_id", "cluster", "segment_id", "jaccard"]],
        on=["cluster", "segment_id"],
    )
    return found[["segmentation_id", "cluster", "segment_id", "jaccard"]].sort_values("cluster")
