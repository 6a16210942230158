"""Elbow, silhouette, gap, stability, gamma and the technical range, against plain references."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from kneed import DataGenerator
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score
from threadpoolctl import threadpool_info, threadpool_limits

from segmentation.clustering import kprototypes
from segmentation.clustering.candidates import MixedMatrix
from segmentation.errors import InputError
from segmentation.selection.criteria import COLUMNS, criteria_frame
from segmentation.selection.elbow import Knee, kneedle, pairwise_agreement, segmentation_criteria
from segmentation.selection.gamma import DOMINANT, cost_shares, gamma_sweep
from segmentation.selection.gap import CHOSEN, RISING, gap_statistic, kprototypes_costs
from segmentation.selection.kprototypes_paths import Rows, _fill_empty, fit_path
from segmentation.selection.replicates import run_replicates
from segmentation.selection.stability import (
    best_jaccards,
    bootstrap_stability,
    kprototypes_refit,
    stability_verdict,
)
from segmentation.selection.technical_range import technical_range

GAMMA = 1.5


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Many small products: on a busy machine threads would wait for each other."""
    with threadpool_limits(1):
        yield


def mixed(numeric, codes, n_levels) -> MixedMatrix:
    return MixedMatrix(
        numeric=np.asarray(numeric, dtype=np.float64),
        codes=np.asarray(codes, dtype=np.int32),
        number_names=[f"number_{j}" for j in range(np.shape(numeric)[1])],
        category_names=[f"category_{j}" for j in range(np.shape(codes)[1])],
        levels=[[f"level_{level}" for level in range(size)] for size in n_levels],
    )


def planted(k: int, n: int = 600, seed: int = 0) -> tuple[MixedMatrix, np.ndarray]:
    """Customers in k clear clusters: three numbers around a centre, two categories mostly alike."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(k, size=n)
    directions = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    centers = np.vstack([directions, -directions])[:k] * 6.0
    numeric = centers[labels] + rng.standard_normal((n, 3))
    codes = np.where(rng.random((n, 2)) < 0.8, labels[:, None], rng.integers(6, size=(n, 2)))
    return mixed(numeric, codes, [6, 6]), labels


def null(n: int = 600, seed: int = 0) -> MixedMatrix:
    """Customers without clusters: every column on its own."""
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(5, size=n), rng.random(n) < 0.2, rng.random(n) < 0.05])
    return mixed(rng.standard_normal((n, 6)), codes, [5, 2, 2])


def fitted(matrix: MixedMatrix, k_max: int, seed: int = 0) -> dict[int, np.ndarray]:
    path = fit_path(Rows.encode(matrix, GAMMA), k_max, np.random.default_rng(seed))
    return {k: partition.labels for k, partition in path.items()}


def value(rows: pd.DataFrame, k: int, criterion: str, column: str = "value"):
    (found,) = rows.loc[
        (rows["k"] == k) & (rows["criterion"] == criterion) & rows["cluster"].isna(), column
    ]
    return found


def by_cluster(rows: pd.DataFrame, k: int, criterion: str) -> list[float]:
    of_k = rows[(rows["k"] == k) & (rows["criterion"] == criterion)].sort_values("cluster")
    assert of_k["cluster"].tolist() == list(range(k))
    return of_k["value"].tolist()


def mixed_distances(matrix: MixedMatrix) -> np.ndarray:
    """All pairs, one by one."""
    n = len(matrix.codes)
    distances = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            numbers = ((matrix.numeric[i] - matrix.numeric[j]) ** 2).sum()
            distances[i, j] = numbers + GAMMA * (matrix.codes[i] != matrix.codes[j]).sum()
    return distances


def plain_cost(matrix: MixedMatrix, labels: np.ndarray) -> float:
    cost = 0.0
    for cluster in np.unique(labels):
        numbers, codes = matrix.numeric[labels == cluster], matrix.codes[labels == cluster]
        cost += ((numbers - numbers.mean(axis=0)) ** 2).sum()
        for column in codes.T:
            cost += GAMMA * (len(column) - max(np.unique(column, return_counts=True)[1]))
    return cost


class TestKneedle:
    def test_published_curve(self):
        # Figure 2 of the paper, upside down: the knee of 5 - 1/(x + 0.1) is at x = 0.22.
        x, y = DataGenerator.figure2()
        ks = np.arange(1, 11)
        knee = kneedle(ks, 5 - np.asarray(y))
        assert x[knee.k - 1] == pytest.approx(0.22, abs=0.005)
        assert knee == Knee(k=3, k_min=1, k_max=10)

    def test_the_range_of_k_decides(self):
        cost = [100, 62, 40, 24, 19, 16, 14, 12.5, 11.5]
        assert kneedle(range(1, 10), cost) == Knee(4, 1, 9)
        assert kneedle(range(3, 10), cost[2:]) == Knee(5, 3, 9)

    @pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.0])
    def test_farthest_below_the_chord(self, power):
        ks = np.arange(2, 15)
        cost = 1000.0 * ks**-power
        chord = cost[0] + (cost[-1] - cost[0]) * (ks - 2) / 12
        assert kneedle(ks, cost).k == ks[np.argmax(chord - cost)]

    def test_scale_and_shift_change_nothing(self):
        cost = np.array([100, 62, 40, 24, 19, 16, 14, 12.5, 11.5])
        assert kneedle(range(1, 10), 3e6 * cost + 7e6).k == 4

    @pytest.mark.parametrize("cost", [[5.0, 4.0, 3.0, 2.0], [5.0, 5.0, 5.0], [5.0, 1.0], [5.0]])
    def test_no_knee(self, cost):
        assert kneedle(range(2, 2 + len(cost)), cost).k is None

    @pytest.mark.parametrize(
        ("ks", "cost"), [([2, 3], [1.0]), ([], []), ([3, 2, 4], [3, 2, 1]), ([1, 2], [1, np.nan])]
    )
    def test_bad_curves(self, ks, cost):
        with pytest.raises(InputError, match="An elbow needs"):
            kneedle(ks, cost)


@pytest.fixture(scope="module")
def judged():
    matrix, _ = planted(3, n=120, seed=1)
    labels = fitted(matrix, 5)
    return matrix, labels, segmentation_criteria(matrix, labels, GAMMA)


class TestSegmentationCriteria:
    def test_silhouettes_are_those_of_scikit_learn(self, judged):
        matrix, labels, rows = judged
        distances = mixed_distances(matrix)
        for k in range(2, 6):
            widths = silhouette_samples(distances, labels[k], metric="precomputed")
            means = [widths[labels[k] == c].mean() for c in range(k)]
            assert by_cluster(rows, k, "silhouette") == pytest.approx(means)
            mean = silhouette_score(distances, labels[k], metric="precomputed")
            assert value(rows, k, "mean_silhouette") == pytest.approx(mean)
            error = widths.std(ddof=1) / np.sqrt(120)
            assert value(rows, k, "mean_silhouette", "std_error") == pytest.approx(error)
            assert value(rows, k, "negative_silhouettes") == np.mean(widths < 0)
            evenness = max(min(means), 0) / max(means)
            assert value(rows, k, "silhouette_evenness") == pytest.approx(evenness)

    def test_cost_and_sizes(self, judged):
        matrix, labels, rows = judged
        for k in range(1, 6):
            sizes = np.bincount(labels[k])
            assert value(rows, k, "cost") == pytest.approx(plain_cost(matrix, labels[k]))
            assert by_cluster(rows, k, "customers") == sizes.tolist()
            assert value(rows, k, "smallest_share") == sizes.min() / 120

    def test_verdicts(self, judged):
        _, _, rows = judged
        assert value(rows, 3, "cost", "verdict") == "knee on K = 1 to 5"
        assert value(rows, 4, "cost", "verdict") == ""
        assert value(rows, 3, "mean_silhouette", "verdict") == "highest"
        assert value(rows, 2, "mean_silhouette", "verdict") == ""
        assert value(rows, 3, "silhouette_evenness", "verdict") == "even"

    def test_is_tidy(self, judged):
        _, _, rows = judged
        assert list(rows) == COLUMNS
        assert not rows.duplicated(["method", "k", "cluster", "criterion"]).any()

    def test_uneven_where_a_cluster_lies_in_another(self):
        matrix, labels = planted(2, n=100)
        split = np.where(labels == 1, 1, np.where(np.arange(100) % 4, 0, 2))
        rows = segmentation_criteria(matrix, {3: split}, GAMMA)
        assert min(by_cluster(rows, 3, "silhouette")) < 0
        assert value(rows, 3, "silhouette_evenness") == 0.0
        assert value(rows, 3, "silhouette_evenness", "verdict") == "uneven"
        assert value(rows, 3, "cost", "verdict") == "no knee on K = 3 to 3"

    def test_numbering_of_clusters_changes_nothing(self, judged):
        matrix, labels, rows = judged
        renumbered = {k: (of_k + 1) % k for k, of_k in labels.items()}
        again = segmentation_criteria(matrix, renumbered, GAMMA)
        of_whole = rows["cluster"].isna()
        pd.testing.assert_frame_equal(rows[of_whole], again[of_whole])
        assert sorted(by_cluster(again, 4, "silhouette")) == pytest.approx(
            sorted(by_cluster(rows, 4, "silhouette"))
        )

    def test_order_of_rows_and_columns_and_a_constant_column_change_nothing(self, judged):
        matrix, labels, rows = judged
        order = np.random.default_rng(0).permutation(120)
        shuffled = mixed(
            np.column_stack([matrix.numeric[order][:, ::-1], np.full(120, 7.0)]),
            np.column_stack([np.zeros(120), matrix.codes[order][:, ::-1]]),
            [1, *matrix.n_levels[::-1]],
        )
        again = segmentation_criteria(
            shuffled, {k: of_k[order] for k, of_k in labels.items()}, GAMMA
        )
        pd.testing.assert_frame_equal(rows, again)

    def test_duplicated_rows_double_the_cost(self, judged):
        matrix, labels, rows = judged
        twice = np.tile(np.arange(120), 2)
        again = segmentation_criteria(
            replace(matrix, numeric=matrix.numeric[twice], codes=matrix.codes[twice]),
            {k: of_k[twice] for k, of_k in labels.items()},
            GAMMA,
        )
        for k in range(2, 6):
            assert value(again, k, "cost") == pytest.approx(2 * value(rows, k, "cost"))
            assert value(again, k, "smallest_share") == value(rows, k, "smallest_share")
            mean = value(rows, k, "mean_silhouette")
            assert value(again, k, "mean_silhouette") == pytest.approx(mean, abs=0.02)


class TestPaths:
    @pytest.mark.parametrize("offset", [0.0, 1e5])
    def test_cost_is_that_of_the_labels(self, offset):
        matrix, _ = planted(4, n=300)
        matrix = replace(matrix, numeric=matrix.numeric + offset)
        path = fit_path(Rows.encode(matrix, GAMMA), 6, np.random.default_rng(0))
        assert list(path) == [1, 2, 3, 4, 5, 6]
        for k, partition in path.items():
            assert set(partition.labels) == set(range(k))
            assert partition.cost == pytest.approx(plain_cost(matrix, partition.labels), rel=1e-5)
        assert (np.diff([partition.cost for partition in path.values()]) < 0).all()

    @pytest.mark.parametrize("seed", range(3))
    def test_as_good_as_full_fits(self, seed):
        matrix = null(n=800, seed=seed)
        path = fit_path(Rows.encode(matrix, GAMMA), 8, np.random.default_rng(seed))
        for k in (2, 5, 8):
            full = kprototypes.fit_encoded(
                matrix.numeric, matrix.codes, matrix.n_levels, k, gamma=GAMMA, random_state=0
            )
            assert path[k].cost <= 1.02 * full.cost

    def test_finds_planted_clusters(self):
        matrix, labels = planted(5)
        assert adjusted_rand_score(labels, fitted(matrix, 5)[5]) > 0.98

    @pytest.mark.parametrize("kind", ["numbers", "categories"])
    def test_one_kind_of_columns(self, kind):
        matrix, labels = planted(3, n=400)
        none = np.empty((400, 0))
        if kind == "numbers":
            found = fitted(mixed(matrix.numeric, none, []), 3)[3]
        else:
            found = fitted(mixed(none, matrix.codes, matrix.n_levels), 3)[3]
        assert adjusted_rand_score(labels, found) > 0.6

    def test_as_many_clusters_as_different_rows(self):
        matrix = mixed(np.repeat([[0.0], [1.0], [5.0]], 20, axis=0), np.empty((60, 0)), [])
        path = fit_path(Rows.encode(matrix, GAMMA), 4, np.random.default_rng(0))
        assert path[3].cost == pytest.approx(0.0, abs=1e-4)
        assert set(path[4].labels) == {0, 1, 2, 3}

    def test_an_empty_cluster_does_not_empty_another(self):
        rows = Rows.encode(mixed([[0.0], [1.0], [9.0]], np.empty((3, 0)), []), GAMMA)
        labels = np.array([0, 0, 1])  # nobody in cluster 2; the costliest row is alone in 1
        offsets = np.array([[0.0, 0, 0], [1, 0, 0], [0, 99, 0]], dtype=np.float32)
        assert _fill_empty(labels, offsets, rows).tolist() in ([2, 0, 1], [0, 2, 1])


def plain_gap(numeric: np.ndarray, k_max: int, n_references: int, seed: int):
    """Tibshirani's recipe with scikit-learn's PCA and K-Means."""
    rng = np.random.default_rng(seed)

    def log_costs(data):
        fits = [KMeans(k, n_init=5, random_state=seed).fit(data) for k in range(1, k_max + 1)]
        return np.log([fit.inertia_ for fit in fits])

    pca = PCA().fit(numeric)
    scores = pca.transform(numeric)
    drawn = [
        pca.inverse_transform(rng.uniform(scores.min(axis=0), scores.max(axis=0), scores.shape))
        for _ in range(n_references)
    ]
    references = np.array([log_costs(reference) for reference in drawn])
    s = references.std(axis=0) * np.sqrt(1 + 1 / n_references)
    gap = references.mean(axis=0) - log_costs(numeric)
    ks = [k for k in range(1, k_max) if gap[k - 1] >= gap[k] - s[k]]
    return gap, s, ks[0] if ks else None


class TestGap:
    @pytest.mark.parametrize("k", [1, 3])
    def test_plain_reference_on_numbers(self, k):
        rng = np.random.default_rng(k)
        blobs = np.array([[0.0, 0, 0], [6, 0, 0], [0, 6, 3]])[rng.integers(k, size=400)]
        skew = np.array([[1.0, 0.9, 0], [0, 0.4, 0], [0, 0.3, 1]])
        numeric = blobs + rng.standard_normal((400, 3)) @ skew
        expected, s, chosen = plain_gap(numeric, 5, 40, seed=11)
        matrix = mixed(numeric, np.empty((400, 0)), [])
        rows = gap_statistic(matrix, kprototypes_costs(5, GAMMA), n_references=40, seed=5)
        for at in range(5):
            error = value(rows, at + 1, "gap", "std_error")
            # Two means over 40 references each; starts differ a little too.
            tolerance = 4 * np.hypot(error, s[at]) / np.sqrt(40) + 0.005
            assert value(rows, at + 1, "gap") == pytest.approx(expected[at], abs=tolerance)
            assert error == pytest.approx(s[at], rel=0.5)
        assert chosen == k
        assert value(rows, k, "gap", "verdict") == CHOSEN

    def test_formula(self):
        matrix = null(n=50)
        seen = []

        def fit_costs(data: MixedMatrix, rng: np.random.Generator) -> dict[int, float]:
            seen.append({k: 100 / k * rng.uniform(0.9, 1.1) for k in (1, 2, 3)})
            return seen[-1]

        rows = gap_statistic(matrix, fit_costs, method="any", n_references=4, seed=3, n_jobs=1)
        data, *references = seen
        assert len(references) == 4
        for k in (1, 2, 3):
            logs = [np.log(costs[k]) for costs in references]
            mean = sum(logs) / 4
            sd = (sum((log - mean) ** 2 for log in logs) / 4) ** 0.5
            assert value(rows, k, "log_cost") == pytest.approx(np.log(data[k]))
            assert value(rows, k, "reference_log_cost") == pytest.approx(mean)
            assert value(rows, k, "gap") == pytest.approx(mean - np.log(data[k]))
            assert value(rows, k, "gap", "std_error") == pytest.approx(sd * 1.25**0.5)
        assert set(rows["method"]) == {"any"}

    def test_references_keep_box_and_shares_but_no_links(self):
        rng = np.random.default_rng(0)
        line = rng.standard_normal(2000)
        numeric = np.column_stack([line, line + 0.01 * rng.standard_normal(2000)])
        codes = np.repeat((rng.random(2000) < 0.3).astype(int)[:, None], 2, axis=1)
        matrix = mixed(numeric, codes, [2, 2])
        drawn = []

        def fit_costs(data: MixedMatrix, rng: np.random.Generator) -> dict[int, float]:
            drawn.append(data)
            return {1: 2.0, 2: 1.0}

        gap_statistic(matrix, fit_costs, n_references=5, n_jobs=1)
        assert drawn[0] is matrix
        for reference in drawn[1:]:
            across = reference.numeric[:, 1] - reference.numeric[:, 0]
            assert np.abs(across).max() < 0.1  # the box lies along the line
            along = reference.numeric.sum(axis=1)
            assert along.min() > numeric.sum(axis=1).min() - 0.1
            histogram = np.histogram(along, bins=4, range=(along.min(), along.max()))[0]
            assert histogram.min() > 400  # uniform
            assert reference.codes.mean(axis=0) == pytest.approx(codes.mean(axis=0), abs=0.05)
            assert (reference.codes[:, 0] != reference.codes[:, 1]).mean() > 0.3

    @pytest.mark.parametrize("seed", range(3))
    def test_null_data_have_one_cluster(self, seed):
        rows = gap_statistic(null(seed=seed), kprototypes_costs(5, GAMMA), seed=seed)
        assert rows.loc[rows["verdict"] == CHOSEN, "k"].tolist() == [1]

    @pytest.mark.parametrize("k", [2, 4, 5])
    def test_planted_clusters(self, k):
        matrix, _ = planted(k, seed=k)
        rows = gap_statistic(matrix, kprototypes_costs(7, GAMMA), n_references=10)
        assert rows.loc[rows["verdict"] == CHOSEN, "k"].tolist() == [k]

    def test_still_rising(self):
        matrix, _ = planted(6)
        rows = gap_statistic(matrix, kprototypes_costs(4, GAMMA), n_references=5)
        assert value(rows, 4, "gap", "verdict") == RISING
        assert (rows["verdict"] != "").sum() == 1

    def test_same_bits_with_any_number_of_threads(self):
        matrix = null(n=300)
        one, four = (
            gap_statistic(matrix, kprototypes_costs(4, GAMMA), n_references=6, n_jobs=n_jobs)
            for n_jobs in (1, 4)
        )
        pd.testing.assert_frame_equal(one, four, check_exact=True)

    def test_bad_settings(self):
        matrix = null(n=50)
        with pytest.raises(InputError, match="n_references=1"):
            gap_statistic(matrix, kprototypes_costs(3, GAMMA), n_references=1)
        with pytest.raises(InputError, match=r"k = 1, 2, \.\.\.; it got k = \[2, 3\]"):
            gap_statistic(matrix, lambda data, rng: {2: 2.0, 3: 1.0}, n_jobs=1)
        with pytest.raises(InputError, match=r"cost for k = 3 is 0.*at most k = 2"):
            gap_statistic(matrix, lambda data, rng: {1: 2.0, 2: 1.0, 3: 0.0}, n_jobs=1)


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

    def test_bad_settings(self):
        refit = kprototypes_refit(null(n=50), 2, GAMMA)
        with pytest.raises(InputError, match="same customers"):
            bootstrap_stability({2: np.zeros(50, int), 3: np.zeros(49, int)}, refit)
        with pytest.raises(InputError, match="at least one k"):
            bootstrap_stability({}, refit)
        with pytest.raises(InputError, match="1 replicates; ask for at least 2"):
            bootstrap_stability({2: np.zeros(50, int)}, refit, n_bootstraps=1)


def variant(matrix: MixedMatrix, kind: str) -> tuple[MixedMatrix, np.ndarray]:
    """The same customers in another form, and the rows they come from."""
    n = len(matrix.codes)
    rows = np.arange(n)
    if kind == "row order":
        rows = np.random.default_rng(0).permutation(n)
    elif kind == "duplicated rows":
        rows = np.tile(rows, 2)
    numeric, codes, n_levels = matrix.numeric[rows], matrix.codes[rows], matrix.n_levels
    if kind == "column order":
        numeric, codes, n_levels = numeric[:, ::-1], codes[:, ::-1], n_levels[::-1]
    elif kind == "constant columns":
        numeric = np.column_stack([numeric, np.full(n, 5.0)])
        codes, n_levels = np.column_stack([codes, np.zeros(n)]), [*n_levels, 1]
    return mixed(numeric, codes, n_levels), rows


@pytest.mark.parametrize(
    "kind", ["row order", "duplicated rows", "column order", "constant columns"]
)
def test_gap_and_stability_change_no_more_than_by_chance(kind):
    matrix, _ = planted(4, n=300)
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


def test_replicates_log_how_far_they_are(caplog):
    with caplog.at_level("INFO", logger="segmentation"):
        numbers = run_replicates(lambda number, rng: number, 10, name="test")
    assert numbers == list(range(10))
    assert [message.split(" after")[0] for message in caplog.messages] == [
        "test: 10 replicates",
        *(f"test: {done} of 10" for done in (2, 4, 6, 8, 10)),
    ]


def test_replicates_run_one_thread_each():
    assert KMeans(2).fit([[0.0], [1.0]])  # loads OpenMP
    pools = run_replicates(lambda number, rng: threadpool_info(), 3, name="test", n_jobs=2)
    assert {pool["user_api"] for of_one in pools for pool in of_one} == {"blas", "openmp"}
    assert {pool["num_threads"] for of_one in pools for pool in of_one} == {1}


def test_pairwise_agreement():
    rng = np.random.default_rng(0)
    labels = {"a_k3": rng.integers(3, size=90), "b_k4": rng.integers(4, size=90)}
    labels["c_k3"] = (labels["a_k3"] + 1) % 3
    pairs = pairwise_agreement(labels).set_index(["segmentation_id", "other_segmentation_id"])
    assert pairs.index.tolist() == [("a_k3", "b_k4"), ("a_k3", "c_k3"), ("b_k4", "c_k3")]
    rand = pairs["adjusted_rand"]
    assert rand["a_k3", "c_k3"] == 1.0
    assert rand["a_k3", "b_k4"] == adjusted_rand_score(labels["a_k3"], labels["b_k4"])


class TestGamma:
    def test_cost_shares_by_brute_force(self):
        matrix, labels = planted(3, n=150)
        shares = cost_shares(matrix, labels, GAMMA)
        everyone = np.zeros(150, dtype=int)
        columns = [(c[:, None], np.empty((150, 0)), []) for c in matrix.numeric.T]
        columns += [(np.empty((150, 0)), c[:, None], [6]) for c in matrix.codes.T]
        between = [
            plain_cost(mixed(*column), everyone) - plain_cost(mixed(*column), labels)
            for column in columns
        ]
        assert shares["attribute"].tolist() == [*matrix.number_names, *matrix.category_names]
        assert shares["between_cost"].tolist() == pytest.approx(between)
        assert shares["share"].tolist() == pytest.approx(np.array(between) / sum(between))
        total = plain_cost(matrix, everyone) - plain_cost(matrix, labels)
        assert shares["between_cost"].sum() == pytest.approx(total)
        assert (shares["verdict"] == "").all()

    def test_warns_of_a_dominant_attribute(self):
        matrix, _ = planted(2, n=100)
        split = (matrix.codes[:, 0] == 1).astype(int)
        shares = cost_shares(matrix, split, gamma=1000.0).set_index("attribute")
        assert shares["share"]["category_0"] > 0.5
        assert shares["verdict"]["category_0"] == DOMINANT
        assert (shares["verdict"].drop("category_0") == "").all()

    def test_nothing_separates_one_cluster(self):
        matrix, _ = planted(2, n=50)
        assert cost_shares(matrix, np.zeros(50, dtype=int), GAMMA)["share"].tolist() == [0.0] * 5

    def test_a_constant_column_has_no_share(self):
        matrix, labels = planted(3, n=90)
        shares = cost_shares(matrix, labels, GAMMA)["share"].tolist()
        wider = mixed(
            np.column_stack([matrix.numeric, np.full(90, 3.0)]), matrix.codes, matrix.n_levels
        )
        again = cost_shares(wider, labels, GAMMA)["share"].tolist()
        assert again.pop(3) == 0.0
        assert again == pytest.approx(shares)

    def test_sweep(self):
        matrix, _ = planted(3, n=200)
        used = []

        def fit(gamma: float) -> np.ndarray:
            used.append(gamma)
            path = fit_path(Rows.encode(matrix, gamma), 3, np.random.default_rng(0))
            return path[3].labels

        sweep = gamma_sweep(matrix, fit, GAMMA, 3, multiples=(0.5, 200.0), n_bootstraps=3)
        assert used == [0.5 * GAMMA, GAMMA, 200 * GAMMA]
        assert sweep.groupby("multiple")["gamma"].first().to_dict() == {
            0.5: 0.5 * GAMMA,
            1.0: GAMMA,
            200.0: 200 * GAMMA,
        }
        rand = sweep[sweep["criterion"] == "adjusted_rand"].set_index("multiple")["value"]
        assert rand[1.0] == 1.0
        assert rand[200.0] < rand[0.5]
        shares = sweep[sweep["criterion"] == "cost_share"]
        assert shares.groupby("multiple")["value"].sum().tolist() == pytest.approx([1.0] * 3)
        assert shares.groupby("multiple")["attribute"].nunique().tolist() == [5] * 3
        widths = sweep[sweep["criterion"] == "mean_silhouette"].set_index("multiple")["value"]
        criteria = segmentation_criteria(matrix, {3: fit(GAMMA)}, GAMMA)
        assert widths[1.0] == pytest.approx(value(criteria, 3, "mean_silhouette"))
        assert (sweep[sweep["criterion"] == "min_jaccard"]["std_error"] >= 0).all()

    @pytest.mark.parametrize(("gamma", "multiples"), [(0.0, (1.0,)), (1.0, (-1.0,))])
    def test_bad_settings(self, gamma, multiples):
        matrix, labels = planted(2, n=50)
        with pytest.raises(InputError, match="above 0"):
            gamma_sweep(matrix, lambda gamma: labels, gamma, 2, multiples=multiples)


def criteria(
    silhouettes: dict[int, float],
    *,
    knee: int | None,
    gap: int | None = None,
    jaccards: dict[int, float] | None = None,
    uneven: tuple[int, ...] = (),
) -> pd.DataFrame:
    """Rows of one method; `gap` 0 is a gap that is still rising."""
    ks = [1, *silhouettes]
    rows = []
    for k in ks:
        below = 0 if knee is None else 40 * min(k - 1, knee - 1) / (knee - 1)
        rows.append(("m", k, None, "cost", 100.0 - k - below, None, ""))
        if gap is not None:
            gaps = k if gap == 0 else min(k, gap)
            rows.append(("m", k, None, "gap", float(gaps), 0.1, ""))
    for k, width in silhouettes.items():
        rows.append(("m", k, None, "mean_silhouette", width, None, ""))
        rows.append(("m", k, None, "silhouette_evenness", 0.1 if k in uneven else 0.6, None, ""))
        rows.append(("m", k, 0, "silhouette", 0.9, None, ""))
    for k, jaccard in (jaccards or {}).items():
        rows.append(("m", k, None, "min_jaccard", jaccard, 0.01, ""))
    return criteria_frame(rows)


WIDTHS = {k: 0.3 - abs(k - 5) / 100 for k in range(2, 11)}
STABLE = dict.fromkeys(WIDTHS, 0.9)
SHAKY = dict.fromkeys(WIDTHS, 0.4)


class TestTechnicalRange:
    def test_within_the_plan(self):
        found = technical_range(criteria(WIDTHS, knee=4, gap=6, jaccards=STABLE))
        assert (found.k_min, found.k_max, found.k_values) == (4, 6, (4, 5, 6))
        assert found.support == "supported"
        assert found.meets_plan
        assert found.reason_en == (
            "The elbow of the cost on K = 1–10 is 4; among K with segments about equally wide, the "
            "mean silhouette is highest at K = 5 (0.30); the gap chooses K = 6; every segment has "
            "a bootstrap Jaccard of at least 0.6 at K = 2, 3, 4, 5, 6, 7, 8, 9, 10. The technical "
            "range is K = 4–6."
        )
        assert found.reason_zh == (
            "成本曲线在 K=1–10 上的肘点为 4；各群宽度较均匀时，平均轮廓系数以 K=5 最高（0.30）；"
            "Gap 统计量选择 K=6；各群自助抽样 Jaccard 均不低于 0.6 的 K："
            "2、3、4、5、6、7、8、9、10。技术区间为 K=4–6。"
        )

    def test_cut_to_the_plan(self):
        found = technical_range(criteria(WIDTHS, knee=3, gap=9, jaccards=STABLE))
        assert (found.k_min, found.k_max) == (4, 7)
        assert "K = 3–9 is cut to 4–7 by the plan's 4–7" in found.reason_en
        assert "K=3–9 按方案的 4–7 截取为 4–7" in found.reason_zh

    def test_outside_the_plan(self):
        widths = {k: 0.5 - abs(k - 3) / 10 for k in range(2, 8)}
        found = technical_range(criteria(widths, knee=3, gap=3, jaccards=STABLE))
        assert (found.k_min, found.k_max) == (3, 3)
        assert not found.meets_plan
        assert found.support == "supported"
        assert "K = 3; it does not meet the plan's 4–7" in found.reason_en
        assert "没有交集" in found.reason_zh
        assert technical_range(criteria(widths, knee=3), planned=(2, 3)).meets_plan

    def test_stability_shortens_the_range_and_leaves_holes(self):
        jaccards = STABLE | {4: 0.5, 6: 0.59, 8: 0.1}
        found = technical_range(criteria(WIDTHS, knee=4, gap=8, jaccards=jaccards))
        assert (found.k_min, found.k_max, found.k_values) == (5, 7, (5, 7))

    def test_uneven_widths_do_not_count(self):
        found = technical_range(criteria(WIDTHS, knee=6, gap=6, uneven=(5,)))
        assert (found.k_min, found.k_max) == (4, 6)
        every = technical_range(criteria(WIDTHS, knee=6, gap=6, uneven=tuple(WIDTHS)))
        assert (every.k_min, every.k_max) == (5, 6)
        assert "no K has segments about equally wide" in every.reason_en

    def test_criteria_that_name_none(self):
        found = technical_range(criteria(WIDTHS, knee=None, gap=0))
        assert found.k_values == (5,)
        assert "no elbow on K = 1–10" in found.reason_en
        assert "still rising at K = 10" in found.reason_en
        assert "stability was not computed" in found.reason_en
        assert found.support == "supported"

    def test_nothing_is_supported(self):
        found = technical_range(criteria(WIDTHS, knee=3, gap=1, jaccards=SHAKY))
        assert found.support == "unsupported"
        assert (found.k_values, found.meets_plan) == ((4, 5, 6, 7), False)
        assert "the gap chooses K = 1 (no segments)" in found.reason_en
        assert "at no K has every segment a bootstrap Jaccard" in found.reason_en
        assert "No segments are supported by this data" in found.reason_en
        assert "数据不支持任何分群" in found.reason_zh

    def test_the_halves_of_nothing_come_back_half_the_time(self):
        found = technical_range(criteria(WIDTHS, knee=3, gap=1, jaccards=SHAKY | {3: 0.7}))
        assert found.support == "unsupported"

    @pytest.mark.parametrize(("gap", "jaccards"), [(1, STABLE), (5, SHAKY), (1, None)])
    def test_one_doubt_alone(self, gap, jaccards):
        found = technical_range(criteria(WIDTHS, knee=4, gap=gap, jaccards=jaccards))
        assert found.support == "doubtful"
        assert found.k_values == (4, 5)
        assert "doubtful" in found.reason_en
        assert "存疑" in found.reason_zh

    def test_bad_rows(self):
        rows = criteria(WIDTHS, knee=4)
        other = rows.assign(method="other")
        with pytest.raises(InputError, match="one method"):
            technical_range(pd.concat([rows, other]))
        with pytest.raises(InputError, match=r"at least two numbers of segments.*\[5\]"):
            technical_range(criteria({5: 0.3}, knee=None))

    @pytest.mark.parametrize("k", [3, 5])
    def test_finds_planted_segments_end_to_end(self, k):
        matrix, _ = planted(k, seed=3)
        labels = fitted(matrix, 8)
        refit = kprototypes_refit(matrix, 8, GAMMA)
        judged = {k: of_k for k, of_k in labels.items() if k > 1}
        rows = pd.concat(
            [
                segmentation_criteria(matrix, labels, GAMMA),
                gap_statistic(matrix, kprototypes_costs(8, GAMMA), n_references=10),
                bootstrap_stability(judged, refit, n_bootstraps=10),
            ]
        )
        found = technical_range(rows)
        assert found.k_values == (k,)
        assert found.support == "supported"
        assert found.meets_plan == (k == 5)

    @pytest.mark.parametrize("seed", [2, 4])
    def test_says_that_null_data_have_no_segments(self, seed):
        matrix = null(seed=seed)
        labels = fitted(matrix, 8)
        judged = {k: of_k for k, of_k in labels.items() if k > 1}
        rows = pd.concat(
            [
                segmentation_criteria(matrix, labels, GAMMA),
                gap_statistic(matrix, kprototypes_costs(8, GAMMA), n_references=10),
                bootstrap_stability(judged, kprototypes_refit(matrix, 8, GAMMA), n_bootstraps=10),
            ]
        )
        assert technical_range(rows).support == "unsupported"
