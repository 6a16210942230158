"""Which clusters keep an id, against all assignments that there are."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from segmentation.identities import match_segments


def overlaps_of(
    jaccard: np.ndarray, distance: np.ndarray | None = None, segmentation_id: str = "m_k3"
) -> pd.DataFrame:
    """Write a table of overlaps down as rows; no row where there is none."""
    rows = [
        {
            "segmentation_id": segmentation_id,
            "cluster": cluster,
            "segment_id": f"S{segment + 1:02d}",
            "jaccard": jaccard[cluster, segment],
            "distance": None if distance is None else distance[cluster, segment],
        }
        for cluster, segment in np.ndindex(jaccard.shape)
        if jaccard[cluster, segment] > 0
    ]
    return pd.DataFrame(rows)


def by_brute_force(jaccard: np.ndarray, min_overlap: float) -> float:
    """Give the largest sum of overlaps that are enough, over all assignments."""
    gain = np.where(jaccard >= min_overlap, jaccard, 0.0)
    if gain.shape[0] > gain.shape[1]:
        gain = gain.T
    rows = np.arange(gain.shape[0])
    return max(
        gain[rows, list(columns)].sum()
        for columns in itertools.permutations(range(gain.shape[1]), len(rows))
    )


@pytest.mark.parametrize("seed", range(30))
def test_the_sum_of_overlaps_is_the_largest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    jaccard = rng.random((rng.integers(1, 6), rng.integers(1, 6))) * (rng.random() < 0.8)
    found = match_segments(overlaps_of(jaccard), min_overlap=0.3) if jaccard.any() else None
    if found is None:
        return
    assert found["jaccard"].sum() == pytest.approx(by_brute_force(jaccard, 0.3), abs=1e-9)
    assert found["cluster"].is_unique
    assert found["segment_id"].is_unique
    assert (found["jaccard"] >= 0.3).all()


def test_the_nearer_prototype_decides_between_equal_overlaps() -> None:
    halves = np.array([[0.5], [0.5]])
    for nearer in (0, 1):
        distance = np.array([[9.0], [9.0]])
        distance[nearer] = 1.0
        found = match_segments(overlaps_of(halves, distance), min_overlap=0.3)
        assert list(found["cluster"]) == [nearer]


def test_a_distance_does_not_outweigh_an_overlap() -> None:
    jaccard = np.array([[0.501], [0.5]])
    found = match_segments(overlaps_of(jaccard, np.array([[9.0], [0.0]])), min_overlap=0.3)
    assert list(found["cluster"]) == [0]


def test_a_distance_of_any_size_counts_as_a_share_of_the_largest() -> None:
    jaccard = np.array([[0.501], [0.5]])
    found = match_segments(overlaps_of(jaccard, np.array([[9e9], [0.0]])), min_overlap=0.3)
    assert list(found["cluster"]) == [0]
    tiny = np.array([[9e-12], [1e-12]])
    found = match_segments(overlaps_of(np.full((2, 1), 0.5), tiny), min_overlap=0.3)
    assert list(found["cluster"]) == [1]


def test_an_unknown_distance_counts_as_a_large_one() -> None:
    distance = np.array([[np.nan], [1.0], [2.0]])
    found = match_segments(overlaps_of(np.full((3, 1), 0.5), distance), min_overlap=0.3)
    assert list(found["cluster"]) == [1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("distance", [0.0, np.nan])
def test_where_all_distances_are_zero_or_unknown_the_overlap_decides(distance: float) -> None:
    jaccard = np.array([[0.4, 0.5], [0.6, 0.4]])
    found = match_segments(overlaps_of(jaccard, np.full((2, 2), distance)), min_overlap=0.3)
    assert list(found["segment_id"]) == ["S02", "S01"]


def test_the_lowest_overlap_that_is_allowed_is_enough() -> None:
    found = match_segments(overlaps_of(np.array([[0.3]])), min_overlap=0.3)
    assert list(found["segment_id"]) == ["S01"]


def test_each_segmentation_is_matched_by_itself_whatever_the_order_of_rows() -> None:
    own = overlaps_of(np.eye(3) * 0.9)
    other = overlaps_of(np.eye(3)[::-1] * 0.8, segmentation_id="n_k3")
    together = pd.concat([other, own]).sample(frac=1, random_state=1)
    found = match_segments(together, min_overlap=0.3)
    assert list(found["segmentation_id"]) == ["m_k3"] * 3 + ["n_k3"] * 3
    assert list(found["segment_id"]) == ["S01", "S02", "S03", "S03", "S02", "S01"]


def test_without_a_snapshot_before_nothing_is_matched() -> None:
    found = match_segments(overlaps_of(np.eye(2)).iloc[:0], min_overlap=0.3)
    assert list(found) == ["segmentation_id", "cluster", "segment_id", "jaccard"]
    assert found.empty


@pytest.mark.parametrize("min_overlap", [0, -0.1, 1.1])
def test_an_overlap_out_of_its_range_is_refused(min_overlap: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        match_segments(overlaps_of(np.eye(2)), min_overlap=min_overlap)
