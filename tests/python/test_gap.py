"""The gap statistic against plain references, and on data with and without segments."""

import numpy as np
import pandas as pd
import pytest
from planted_samples import GAMMA, mixed, mixed_data, null, plain_cost, planted, value
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.errors import InputError
from segmentation.selection.gap import (
    CHOSEN,
    RISING,
    choose_by_gap,
    gap_statistic,
    kprototypes_costs,
)

pytestmark = pytest.mark.usefixtures("one_thread")


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
        line = 9 + rng.standard_normal(2000)
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

    def test_costs_of_kprototypes_are_those_of_the_labels(self):
        matrix = null(n=120)
        costs = kprototypes_costs(5, GAMMA)(matrix, np.random.default_rng(2))
        path = fit_path(mixed_data(matrix), 5, np.random.default_rng(2))
        assert list(costs) == [1, 2, 3, 4, 5]
        for k, cost in costs.items():
            assert cost == pytest.approx(plain_cost(matrix, path[k].labels), rel=1e-12)

    def test_rounding_is_no_cost(self):
        numeric = np.repeat([[0.1, 7.3], [0.7, 7.1], [1.3, 7.9]], 10, axis=0) * 1e3
        matrix = mixed(numeric, np.zeros((30, 1)), [1])
        with pytest.raises(InputError, match=r"cost for k = 3 is 0.*at most k = 2"):
            gap_statistic(matrix, kprototypes_costs(3, GAMMA), n_references=2)

    @pytest.mark.parametrize("kind", ["numbers", "categories"])
    def test_one_kind_of_columns(self, kind):
        matrix, _ = planted(3, n=300)
        none = np.empty((300, 0))
        if kind == "numbers":
            matrix = mixed(matrix.numeric, none, [])
        else:
            matrix = mixed(none, matrix.codes, matrix.n_levels)
        rows = gap_statistic(matrix, kprototypes_costs(5, GAMMA), n_references=8)
        assert rows.loc[rows["verdict"] == CHOSEN, "k"].tolist() == [3]

    def test_says_of_how_many_customers_and_references(self):
        rows = gap_statistic(null(n=40), kprototypes_costs(2, GAMMA), n_references=3)
        assert (rows["customers"] == 40).all()
        assert (rows["replicates"] == 3).all()

    @pytest.mark.parametrize(
        ("gap", "s", "chosen"),
        [
            ([0.1, 0.5, 0.6], [0.0, 0.0, 0.0], None),
            ([0.1, 0.5, 0.6], [0.0, 0.0, 0.1], 2),
            ([0.1, 0.5, 0.6], [0.0, 0.41, 0.0], 1),
            ([0.5, 0.5], [0.0, 0.0], 1),
            ([0.5], [0.1], None),
            ([], [], None),
        ],
    )
    def test_the_rule(self, gap, s, chosen):
        assert choose_by_gap(np.array(gap), np.array(s)) == chosen
