"""Bootstrap stability against brute force, and what it says of data with and without segments."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from planted_samples import GAMMA, by_cluster, fitted, null, planted, value, variant
from sklearn.cluster import AgglomerativeClustering, KMeans

from segmentation.errors import InputError
from segmentation.selection.gap import CHOSEN, gap_statistic, kprototypes_costs
from segmentation.selection.stability import (
    best_jaccards,
    bootstrap_stability,
    kprototypes_refit,
    stability_verdict,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def kmeans_refit(points: np.ndarray, k_values: list[int]):
    def refit(rows: np.ndarray, rng: np.random.Generator) -> Mapping[int, np.ndarray]:
        seed = int(rng.integers(2**31))
        return {k: KMeans(k, random_state=seed).fit_predict(points[rows]) for k in k_values}

    return refit


def ward_refit(points: np.ndarray, k_values: list[int]):
    def refit(rows: np.ndarray, rng: np.random.Generator) -> Mapping[int, np.ndarray]:
        return {k: AgglomerativeClustering(k).fit_predict(points[rows]) for k in k_values}

    return refit


class TestStability:
    def test_brute_force(self):
        points = null(n=80).numeric
        labels = {k: KMeans(k, random_state=0).fit_predict(points) for k in (2, 4)}
        refit, seen = kmeans_refit(points, [2, 4]), []

        def spy(rows, rng):
            seen.append((rows, refit(rows, rng)))
            return seen[-1][1]

        rows = bootstrap_stability(labels, spy, n_bootstraps=7, n_jobs=1)
        assert len(seen) == 7
        for k in (2, 4):
            means, errors = [], []
            for cluster in range(k):
                best = []
                for drawn, again in seen:
                    own = {i for i in drawn.tolist() if labels[k][i] == cluster}
                    others = [set(drawn[again[k] == c].tolist()) for c in range(k)]
                    best.append(max(len(own & other) / len(own | other) for other in others))
                means.append(sum(best) / 7)
                variance = sum((jaccard - means[-1]) ** 2 for jaccard in best) / 6
                errors.append((variance / 7) ** 0.5)
            assert by_cluster(rows, k, "jaccard") == pytest.approx(means)
            least = int(np.argmin(means))
            assert value(rows, k, "min_jaccard") == pytest.approx(means[least])
            assert value(rows, k, "min_jaccard", "std_error") == pytest.approx(errors[least])

    def test_draws_are_bootstraps_without_duplicates(self):
        seen = []

        def refit(rows, rng):
            seen.append(rows)
            return {2: np.zeros(len(rows), dtype=int)}

        bootstrap_stability({2: np.arange(1000) % 2}, refit, n_bootstraps=20, n_jobs=1)
        assert all((np.diff(rows) > 0).all() for rows in seen)
        assert np.mean([len(rows) for rows in seen]) == pytest.approx(632, abs=10)
        assert len({tuple(rows) for rows in seen}) == 20

    def test_best_jaccards_by_hand(self):
        labels = np.array([0, 0, 0, 1, 1, 1])
        others = np.array([0, 0, 1, 1, 1, 2])
        # {0,1,2} with {0,1}: 2/3; {3,4,5} with {2,3,4}: 2/4; cluster 2 has nobody.
        assert best_jaccards(labels, others, 3).tolist() == [2 / 3, 0.5, 0.0]
        others[-1] = 3  # as in a mixture, where a component may have nobody
        assert best_jaccards(labels, others, 3).tolist() == [2 / 3, 0.5, 0.0]

    @pytest.mark.parametrize("method", ["kprototypes", "kmeans", "ward"])
    def test_planted_clusters_are_highly_stable(self, method):
        matrix, labels = planted(3, n=300)
        refit = {
            "kprototypes": kprototypes_refit(matrix, 3, GAMMA),
            "kmeans": kmeans_refit(matrix.numeric, [3]),
            "ward": ward_refit(matrix.numeric, [3]),
        }[method]
        rows = bootstrap_stability({3: labels}, refit, method=method, n_bootstraps=10)
        assert value(rows, 3, "min_jaccard") > 0.9
        assert set(rows["verdict"]) == {"highly stable"}
        assert set(rows["method"]) == {method}

    @pytest.mark.parametrize("seed", range(3))
    def test_null_data_are_not_to_be_trusted(self, seed):
        matrix = null(seed=seed)
        labels = {k: v for k, v in fitted(matrix, 6).items() if k >= 3}
        rows = bootstrap_stability(labels, kprototypes_refit(matrix, 6, GAMMA), n_bootstraps=20)
        for k in labels:
            assert value(rows, k, "min_jaccard", "verdict") == "not to be trusted"

    def test_one_cluster_too_many_shows(self):
        matrix, labels = planted(3)
        split = np.where((labels == 2) & (matrix.numeric[:, 0] > 0), 3, labels)
        rows = bootstrap_stability({4: split}, kprototypes_refit(matrix, 4, GAMMA), n_bootstraps=20)
        jaccards = by_cluster(rows, 4, "jaccard")
        assert min(jaccards[:2]) > 0.75
        assert value(rows, 4, "min_jaccard") == min(jaccards[2:]) < 0.75

    @pytest.mark.parametrize(
        ("jaccard", "verdict"),
        [
            (1.0, "highly stable"),
            (0.85, "highly stable"),
            (0.849, "stable"),
            (0.75, "stable"),
            (0.749, "doubtful"),
            (0.6, "doubtful"),
            (0.599, "not to be trusted"),
            (0.0, "not to be trusted"),
        ],
    )
    def test_words(self, jaccard, verdict):
        assert stability_verdict(jaccard) == verdict

    def test_numbering_of_clusters_changes_nothing_else(self):
        matrix, labels = planted(3, n=200)
        refit = kprototypes_refit(matrix, 3, GAMMA)
        rows = bootstrap_stability({3: labels}, refit, n_bootstraps=5)
        again = bootstrap_stability({3: (labels + 1) % 3}, refit, n_bootstraps=5)
        first, second, third = by_cluster(rows, 3, "jaccard")
        assert by_cluster(again, 3, "jaccard") == [third, first, second]

    @pytest.mark.parametrize("method", ["kprototypes", "kmeans"])
    def test_same_bits_with_any_number_of_threads(self, method):
        matrix = null(n=600)
        labels = {4: fitted(matrix, 4)[4]}
        refit = {
            "kprototypes": kprototypes_refit(matrix, 4, GAMMA),
            "kmeans": kmeans_refit(matrix.numeric, [4]),
        }[method]
        one, four = (
            bootstrap_stability(labels, refit, n_bootstraps=8, n_jobs=n_jobs) for n_jobs in (1, 4)
        )
        pd.testing.assert_frame_equal(one, four, check_exact=True)

    def test_a_segment_without_customers_is_not_to_be_trusted(self):
        matrix, labels = planted(2, n=200)
        rows = bootstrap_stability({3: labels}, kprototypes_refit(matrix, 3, GAMMA), n_bootstraps=3)
        assert by_cluster(rows, 3, "jaccard")[2] == 0.0
        assert value(rows, 3, "min_jaccard") == 0.0
        assert value(rows, 3, "min_jaccard", "verdict") == "not to be trusted"

    def test_fewer_customers_drawn_than_clusters(self):
        matrix, _ = planted(6, n=9)
        refit = kprototypes_refit(matrix, 6, GAMMA)
        found = refit(np.array([0, 2, 3, 8]), np.random.default_rng(0))
        assert list(found) == [1, 2, 3, 4, 5, 6]
        for k in (4, 5, 6):
            assert sorted(found[k].tolist()) == [0, 1, 2, 3]
        rows = bootstrap_stability({6: np.arange(9) % 6}, refit, n_bootstraps=20)
        assert 0 < value(rows, 6, "min_jaccard") < 1

    def test_says_of_how_many_customers_and_bootstraps(self):
        matrix, labels = planted(2, n=70)
        rows = bootstrap_stability({2: labels}, kprototypes_refit(matrix, 2, GAMMA), n_bootstraps=4)
        assert (rows["customers"] == 70).all()
        assert (rows["replicates"] == 4).all()

    def test_bad_settings(self):
        refit = kprototypes_refit(null(n=50), 2, GAMMA)
        with pytest.raises(InputError, match="same customers"):
            bootstrap_stability({2: np.zeros(50, int), 3: np.zeros(49, int)}, refit)
        with pytest.raises(InputError, match="at least one k"):
            bootstrap_stability({}, refit)
        with pytest.raises(InputError, match="1 replicates; ask for at least 2"):
            bootstrap_stability({2: np.zeros(50, int)}, refit, n_bootstraps=1)


@pytest.mark.parametrize(
    "kind", ["row order", "duplicated rows", "column order", "constant columns"]
)
def test_gap_and_stability_change_no_more_than_by_chance(kind):
    matrix, _ = planted(4, n=300, seed=1)
    again, rows = variant(matrix, kind)
    labels = {k: of_k for k, of_k in fitted(matrix, 5).items() if k > 1}
    judged, judged_again = (
        pd.concat(
            [
                gap_statistic(data, kprototypes_costs(5, GAMMA), n_references=10),
                bootstrap_stability(of_data, kprototypes_refit(data, 5, GAMMA), n_bootstraps=10),
            ]
        )
        for data, of_data in ((matrix, labels), (again, {k: v[rows] for k, v in labels.items()}))
    )
    for found in (judged, judged_again):
        assert found.loc[found["verdict"] == CHOSEN, "k"].tolist() == [4]
        assert value(found, 4, "min_jaccard") > 0.95
        # Of twice the same customers a bootstrap misses fewer: one cluster too many shows less.
        assert value(found, 5, "min_jaccard") < (0.95 if kind == "duplicated rows" else 0.8)
    for k in range(1, 6):
        moved = value(judged_again, k, "gap") - value(judged, k, "gap")
        errors = np.hypot(
            *(value(found, k, "gap", "std_error") for found in (judged, judged_again))
        )
        assert abs(moved) < 4 * errors / np.sqrt(10) + 0.01
