"""The closed form against every pair looked at, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from segmentation.clustering.kprototypes import mixed_distances
from segmentation.clustering.silhouette import (
    cluster_statistics,
    silhouette_by_cluster,
    silhouette_samples,
    summed_distances,
)
from segmentation.errors import InputError

GAMMA = 1.7
LEVELS = [3, 5]


def mixed_data(n=200, p=3, n_levels=LEVELS, seed=0, offset=0.0):
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(levels, size=n) for levels in n_levels] or [()] * n)
    return rng.normal(size=(n, p)) + offset, codes.reshape(n, -1).astype(np.int32)


def all_pairs(numeric, codes, gamma=GAMMA):
    """Every row against every row."""
    return mixed_distances(numeric, codes, numeric, codes, gamma)


@pytest.mark.parametrize(
    ("p", "n_levels", "offset"),
    [(3, LEVELS, 0.0), (4, [], 0.0), (0, [2, 3, 4], 0.0), (1, [2], 0.0), (3, LEVELS, 1e6)],
)
@pytest.mark.parametrize("n_clusters", [2, 5])
def test_equals_scikit_learn(p, n_levels, offset, n_clusters):
    numeric, codes = mixed_data(p=p, n_levels=n_levels, offset=offset)
    labels = np.random.default_rng(1).integers(n_clusters, size=len(numeric))
    statistics = cluster_statistics(numeric, codes, n_levels, labels, n_clusters)
    ours = silhouette_samples(numeric, codes, labels, statistics, GAMMA)
    theirs = metrics.silhouette_samples(all_pairs(numeric, codes), labels, metric="precomputed")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 if offset == 0 else 1e-8)
    assert np.ptp(ours) > 0.01


def test_summed_distances_equal_brute_force_for_rows_outside_the_clusters_too():
    numeric, codes = mixed_data()
    labels = np.arange(len(numeric)) % 4
    statistics = cluster_statistics(numeric, codes, LEVELS, labels, 4)
    new_numeric, new_codes = mixed_data(n=20, seed=9)
    new_codes[:5, 0] = -1  # a level nobody had
    pairs = mixed_distances(new_numeric, new_codes, numeric, codes, GAMMA)
    brute = np.column_stack([pairs[:, labels == k].sum(axis=1) for k in range(4)])
    ours = summed_distances(new_numeric, new_codes, statistics, GAMMA)
    np.testing.assert_allclose(ours, brute, rtol=1e-12)


def test_statistics_are_what_they_say():
    numeric = np.array([[1.0], [3.0], [10.0]])
    codes = np.array([[0], [2], [2]], dtype=np.int32)
    statistics = cluster_statistics(numeric, codes, [3], np.array([0, 0, 2]), 3)
    assert statistics.sizes.tolist() == [2, 0, 1]
    assert statistics.means.tolist() == [[2.0], [0.0], [10.0]]
    assert statistics.scatter.tolist() == [[2.0], [0.0], [0.0]]
    assert statistics.level_counts[0].tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]


def test_a_cluster_of_one_scores_zero_and_an_empty_one_nothing():
    numeric, codes = mixed_data(n=30)
    labels = np.where(np.arange(30) == 7, 3, np.arange(30) % 2)  # cluster 2 is empty
    statistics = cluster_statistics(numeric, codes, LEVELS, labels, 4)
    ours = silhouette_samples(numeric, codes, labels, statistics, GAMMA)
    assert ours[7] == 0.0
    theirs = metrics.silhouette_samples(all_pairs(numeric, codes), labels, metric="precomputed")
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    means = silhouette_by_cluster(ours, labels, 4)
    assert means[0] == pytest.approx(theirs[labels == 0].mean(), abs=1e-12)
    assert np.isnan(means[2])
    assert means[3] == 0.0


def test_rows_all_alike_score_zero():
    numeric, codes = np.ones((6, 2)), np.zeros((6, 1), dtype=np.int32)
    labels = np.arange(6) % 2
    statistics = cluster_statistics(numeric, codes, [1], labels, 2)
    assert silhouette_samples(numeric, codes, labels, statistics, 1.0).tolist() == [0.0] * 6


def test_one_cluster_is_refused():
    numeric, codes = mixed_data(n=10)
    labels = np.zeros(10, dtype=int)
    statistics = cluster_statistics(numeric, codes, LEVELS, labels, 2)
    with pytest.raises(InputError, match="at least two clusters"):
        silhouette_samples(numeric, codes, labels, statistics, GAMMA)
