"""Elbow, silhouettes, costs and agreement against plain references."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kneed import DataGenerator
from planted_samples import (
    GAMMA,
    by_cluster,
    fitted,
    mixed,
    mixed_distances,
    plain_cost,
    planted,
    value,
)
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score

from segmentation.errors import InputError
from segmentation.selection.criteria import COLUMNS
from segmentation.selection.elbow import Knee, agreement_by_k, kneedle, segmentation_criteria

pytestmark = pytest.mark.usefixtures("one_thread")


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

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("cost", [[5.0, 4.0, 3.0, 2.0], [5.0, 5.0, 5.0], [5.0, 1.0], [5.0]])
    def test_no_knee(self, cost):
        assert kneedle(range(2, 2 + len(cost)), cost).k is None

    @pytest.mark.parametrize(
        ("ks", "cost"),
        [
            ([2, 3], [1.0]),
            ([], []),
            ([3, 2, 4], [3, 2, 1]),
            ([2, 2, 3], [3, 2, 1]),
            ([1, 2], [1, np.nan]),
        ],
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

    def test_says_on_how_many_customers(self, judged):
        _, _, rows = judged
        assert (rows["customers"] == 120).all()
        assert rows["replicates"].isna().all()

    @settings(max_examples=25, deadline=None)
    @given(
        n=st.integers(4, 30),
        p=st.integers(0, 2),
        q=st.integers(0, 2),
        k=st.integers(2, 4),
        seed=st.integers(0, 2**16),
    )
    def test_any_segmentation_by_brute_force(self, n, p, q, k, seed):
        rng = np.random.default_rng(seed)
        matrix = mixed(rng.integers(3, size=(n, p)), rng.integers(3, size=(n, q)), [3] * q)
        labels = rng.integers(k, size=n)
        labels[:2] = rng.permutation(k)[:2]  # two clusters at least; the others may be empty
        rows = segmentation_criteria(matrix, {k: labels}, GAMMA)
        sizes = np.bincount(labels, minlength=k)
        widths = np.zeros(n)
        if np.count_nonzero(sizes) < n:
            distances = mixed_distances(matrix)
            widths = silhouette_samples(distances, labels, metric="precomputed")
        assert by_cluster(rows, k, "customers") == sizes.tolist()
        assert value(rows, k, "cost") == pytest.approx(plain_cost(matrix, labels), abs=1e-9)
        assert value(rows, k, "mean_silhouette") == pytest.approx(widths.mean(), abs=1e-9)
        found = rows[rows["criterion"] == "silhouette"].set_index("cluster")["value"]
        assert list(found.index) == np.flatnonzero(sizes).tolist()  # of nobody there is none
        means = [widths[labels == c].mean() for c in np.flatnonzero(sizes)]
        assert found.tolist() == pytest.approx(means, abs=1e-9)
        if sizes.min() == 0:
            assert value(rows, k, "silhouette_evenness") == 0.0

    def test_all_customers_in_one_component_of_a_mixture(self):
        matrix, labels = planted(2, n=60)
        rows = segmentation_criteria(matrix, {2: labels, 3: np.full(60, 1)}, GAMMA)
        assert value(rows, 3, "smallest_share") == 0.0
        assert value(rows, 3, "mean_silhouette") == 0.0
        assert value(rows, 3, "negative_silhouettes") == 0.0
        assert value(rows, 3, "silhouette_evenness", "verdict") == "uneven"
        assert value(rows, 3, "cost") == pytest.approx(plain_cost(matrix, np.zeros(60)))
        assert value(rows, 2, "mean_silhouette", "verdict") == "highest"

    def test_nobody_to_compare_with(self):
        matrix, _ = planted(2, n=3)
        rows = segmentation_criteria(matrix, {3: np.arange(3)}, GAMMA)
        assert value(rows, 3, "mean_silhouette") == 0.0
        assert value(rows, 3, "silhouette_evenness") == 0.0


def plain_adjusted_rand(one: np.ndarray, other: np.ndarray) -> float:
    """Hubert and Arabie's index from pairs of customers, one pair after the other."""
    together, in_one, in_other, pairs = 0, 0, 0, 0
    for i in range(len(one)):
        for j in range(i):
            together += one[i] == one[j] and other[i] == other[j]
            in_one += one[i] == one[j]
            in_other += other[i] == other[j]
            pairs += 1
    expected = in_one * in_other / pairs
    return (together - expected) / ((in_one + in_other) / 2 - expected)


def labels_table(labels: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame({"segmentation_id": name, "k": int(name[-1]), "cluster": clusters})
            for name, clusters in labels.items()
        ]
    )


class TestAgreement:
    def test_scikit_learn_and_pairs_counted_one_by_one(self):
        rng = np.random.default_rng(0)
        labels = {name: rng.integers(int(name[-1]), size=50) for name in ("a_k3", "b_k3", "b_k4")}
        labels["c_k3"] = np.where(rng.random(50) < 0.7, labels["a_k3"], labels["b_k3"])
        labels["a_k2"] = np.minimum(labels["a_k3"], 1)
        labels["c_k2"] = np.minimum(labels["c_k3"], 1)
        found = agreement_by_k(labels_table(labels))
        pairs = list(zip(found["segmentation_id"], found["other_segmentation_id"], strict=True))
        assert pairs == [
            *[("a_k2", "c_k2"), ("c_k2", "a_k2")],
            *[("a_k3", "b_k3"), ("b_k3", "a_k3"), ("a_k3", "c_k3"), ("c_k3", "a_k3")],
            *[("b_k3", "c_k3"), ("c_k3", "b_k3")],
        ]
        assert found["k"].tolist() == [2] * 2 + [3] * 6
        for (one, other), rand in zip(pairs, found["adjusted_rand"], strict=True):
            assert rand == pytest.approx(adjusted_rand_score(labels[one], labels[other]))
            assert rand == pytest.approx(plain_adjusted_rand(labels[one], labels[other]))
        assert found["adjusted_rand"].nunique() == 4

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 2**16))
    def test_numbers_of_clusters_order_of_customers_and_copies(self, seed):
        rng = np.random.default_rng(seed)
        one, other = rng.integers(3, size=40), rng.integers(3, size=40)
        found = agreement_by_k(labels_table({"a_k3": one, "b_k3": other}))
        order, renumbered = rng.permutation(40), rng.permutation(3)
        again = agreement_by_k(labels_table({"a_k3": renumbered[one][order], "b_k3": other[order]}))
        pd.testing.assert_frame_equal(found, again)
        same = agreement_by_k(labels_table({"a_k3": one, "b_k3": renumbered[one]}))
        assert (same["adjusted_rand"] == 1.0).all()
        # The share of pairs that agree by chance is another among twice as many customers.
        copies = agreement_by_k(labels_table({"a_k3": np.tile(one, 2), "b_k3": np.tile(other, 2)}))
        assert copies["adjusted_rand"].tolist() == pytest.approx(found["adjusted_rand"], abs=0.06)

    def test_random_labels_agree_as_by_chance(self):
        rng = np.random.default_rng(1)
        labels = {"a_k4": rng.integers(4, size=5000), "b_k4": rng.integers(4, size=5000)}
        assert agreement_by_k(labels_table(labels))["adjusted_rand"].abs().max() < 0.01

    def test_nothing_to_compare(self):
        alone = labels_table({"a_k3": np.array([0, 1, 2]), "b_k2": np.array([0, 1, 1])})
        found = agreement_by_k(alone)
        assert len(found) == 0
        two = labels_table({"a_k3": np.arange(3), "b_k3": np.arange(3)})
        pd.testing.assert_series_equal(found.dtypes, agreement_by_k(two).dtypes)
