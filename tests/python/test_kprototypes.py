"""K-Prototypes against kmodes, against brute force, and against a published result."""

import doctest
import inspect
import itertools
import pickle
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kmodes.kmodes import init_cao, init_huang
from kmodes.kprototypes import KPrototypes as ReferenceKPrototypes
from kmodes.util.dissim import matching_dissim, ng_dissim
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score, rand_score
from threadpoolctl import threadpool_limits

from segmentation.clustering import kprototypes, kprototypes_core, kprototypes_search
from segmentation.clustering.kprototypes import (
    KPrototypes,
    estimate_gamma,
    fit_encoded,
    mixed_distances,
    order_by_size,
)
from segmentation.clustering.mixed_data import MixedData, Prototypes
from segmentation.errors import InputError

# kmodes' example data: market value, sector and country of companies.
STOCKS = np.array(
    [
        [738.5, "tech", "USA"],
        [369.5, "nrg", "USA"],
        [368.2, "tech", "USA"],
        [346.7, "tech", "USA"],
        [343.5, "fin", "USA"],
        [282.4, "fin", "USA"],
        [282.1, "tel", "CN"],
        [279.7, "cons", "USA"],
        [257.2, "cons", "USA"],
        [205.2, "tel", "USA"],
        [192.1, "tech", "USA"],
        [195.7, "nrg", "NL"],
    ]
)
STOCKS2 = np.array(
    [[134.1, "fin", "USA"], [190.2, "cons", "USA"], [389.1, "nrg", "CA"], [150.4, "mat", "USA"]]
)
STOCKS_INIT = [
    np.array([[356.975], [275.35], [738.5], [197.667]]),
    np.array([[3, 2], [0, 2], [3, 2], [2, 2]]),
]


def planted(n, n_clusters, separation, agreement, *, p=4, q=4, levels=4, seed=0):
    """Rows around planted centres; each category is its cluster's own with that probability."""
    rng = np.random.default_rng(seed)
    truth = np.sort(rng.integers(n_clusters, size=n))
    numeric = rng.normal(size=(n_clusters, p))[truth] * separation + rng.normal(size=(n, p))
    own = rng.integers(levels, size=(n_clusters, q))[truth]
    codes = np.where(rng.random((n, q)) < agreement, own, rng.integers(levels, size=(n, q)))
    return numeric, codes.astype(np.int32), [levels] * q, truth


def as_table(numeric, codes):
    """Numbers and codes side by side as objects, and which columns are categorical."""
    p, q = numeric.shape[1], codes.shape[1]
    return np.hstack([numeric.astype(object), codes.astype(object)]), list(range(p, p + q))


def reference_fit(numeric, codes, init, gamma=None, **settings):
    """kmodes from given prototypes; it writes into them, so it gets copies."""
    table, categorical = as_table(numeric, codes)
    init = [np.array(part) for part in init]
    n_clusters = len(init[0])
    model = ReferenceKPrototypes(n_clusters, init=init, gamma=gamma, random_state=0, **settings)
    return model.fit(table, categorical=categorical)


def cost_of(numeric, codes, labels, gamma, weight=None):
    """Cost of a partition by its definition, cluster by cluster."""
    weight = np.ones(len(labels)) if weight is None else weight
    total = 0.0
    for k in np.unique(labels):
        x, c, w = numeric[labels == k], codes[labels == k], weight[labels == k]
        total += (w[:, None] * (x - np.average(x, axis=0, weights=w)) ** 2).sum()
        total += gamma * sum(w.sum() - np.bincount(column, weights=w).max() for column in c.T)
    return total


def same_partition(one, other):
    return adjusted_rand_score(one, other) == 1.0


class TestAgainstKmodes:
    @pytest.mark.parametrize("init", ["Huang", "Cao", "random", STOCKS_INIT, "k-means++"])
    def test_stocks_example(self, init):
        model = KPrototypes(n_clusters=4, init=init, random_state=42)
        labels = model.fit_predict(STOCKS, categorical=[1, 2])
        assert same_partition(labels, [2, 0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 3])
        assert labels.dtype == np.uint16
        assert model.cost_ == pytest.approx(1664.4708549504871, rel=1e-12)
        predicted = model.predict(STOCKS2, categorical=[1, 2])
        assert predicted.dtype == np.uint16
        assert predicted.tolist() == [labels[9], labels[9], labels[1], labels[9]]

    @pytest.mark.parametrize("init", ["Huang", "Cao", "random", STOCKS_INIT])
    def test_stocks_with_one_seed_number_for_number(self, init):
        ours = KPrototypes(n_clusters=4, init=init, random_state=42)
        init = [part.copy() for part in init] if isinstance(init, list) else init
        theirs = ReferenceKPrototypes(n_clusters=4, init=init, random_state=42)
        for model in (ours, theirs):
            model.fit(STOCKS, categorical=[1, 2])
        np.testing.assert_array_equal(ours.labels_, theirs.labels_)
        assert ours.cost_ == pytest.approx(theirs.cost_, rel=1e-12)
        assert ours.gamma == pytest.approx(theirs.gamma, rel=1e-14)
        assert ours.cluster_centroids_.shape == theirs.cluster_centroids_.shape
        for our_row, their_row in zip(
            ours.cluster_centroids_, theirs.cluster_centroids_, strict=True
        ):
            assert our_row[0] == pytest.approx(float(their_row[0]))
            assert our_row[1:].tolist() == their_row[1:].tolist()

    @pytest.mark.parametrize("seed", range(4))
    def test_prototypes_to_begin_with(self, seed):
        """Of equally near rows we take the first, and kmodes any: it gets no equally near ones."""

        def first_is_nearer(rows, mode):
            return matching_dissim(rows, mode) + np.arange(len(rows)) / len(rows)

        numeric, codes, n_levels, _ = planted(30, 3, 1.0, 0.6, seed=seed)
        data = MixedData(numeric, codes, n_levels, 1.0)
        ours = kprototypes_core._huang_modes(data, 4, np.random.RandomState(seed))
        theirs = init_huang(codes, 4, first_is_nearer, np.random.RandomState(seed))
        assert ours.tolist() == theirs.tolist()
        ours = kprototypes_core._cao_modes(data, 4, np.random.RandomState(seed))
        assert ours.tolist() == init_cao(codes, 4, matching_dissim).tolist()
        numeric *= [1, 10, 100, 1000]
        data = MixedData(numeric, codes, n_levels, 1.0)
        centers = kprototypes_core._SEEDINGS["cao"](data, 2, np.random.RandomState(seed)).centers
        steps = np.random.RandomState(seed).randn(2, 4) * numeric.std(axis=0)
        np.testing.assert_allclose(centers, numeric.mean(axis=0) + steps)

    def test_people_example_with_weights(self):
        people = pd.DataFrame(
            {"x": [0.2, -0.2, 0.2, 0.2], "y": [-2, 0, 0.2, 0.1], "z": list("AAAA")}
        )
        weight = [1, 1, 100, 100]
        ours = KPrototypes(3, init="Cao", random_state=0)
        theirs = ReferenceKPrototypes(3, init="Cao", random_state=0)
        for model in (ours, theirs):
            model.fit(people, categorical=[2], sample_weight=weight)
        assert same_partition(ours.labels_, theirs.labels_)
        assert ours.cost_ == pytest.approx(theirs.cost_)

    @pytest.mark.parametrize("seed", range(6))
    def test_well_separated_data_same_labels_and_cost(self, seed):
        numeric, codes, n_levels, truth = planted(300, 4, 8.0, 0.9, seed=seed)
        first = np.searchsorted(truth, range(4))
        init = [numeric[first], codes[first]]
        theirs = reference_fit(numeric, codes, init)
        ours = fit_encoded(numeric, codes, n_levels, 4, gamma=None, init=init)
        np.testing.assert_array_equal(ours.labels, theirs.labels_)
        assert ours.gamma == pytest.approx(theirs.gamma, rel=1e-14)
        assert ours.cost == pytest.approx(theirs.cost_, rel=1e-12)
        np.testing.assert_allclose(ours.centers, theirs._enc_cluster_centroids[0], rtol=1e-12)
        np.testing.assert_array_equal(ours.modes, theirs._enc_cluster_centroids[1])

    @pytest.mark.parametrize(("separation", "agreement"), [(2.0, 0.8), (1.0, 0.5), (0.6, 0.4)])
    @pytest.mark.parametrize("n_clusters", [3, 5])
    @pytest.mark.parametrize("seed", range(3))
    def test_overlapping_data_no_worse_from_the_same_prototypes(
        self, separation, agreement, n_clusters, seed
    ):
        numeric, codes, n_levels, _ = planted(250, n_clusters, separation, agreement, seed=seed)
        rows = np.random.default_rng(seed).choice(250, n_clusters, replace=False)
        init = [numeric[rows], codes[rows]]
        theirs = reference_fit(numeric, codes, init, gamma=1.0, max_iter=300)
        ours = fit_encoded(numeric, codes, n_levels, n_clusters, gamma=1.0, init=init, max_iter=300)
        assert ours.cost <= theirs.cost_ * (1 + 1e-12)

    def test_predicts_as_kmodes_with_unseen_levels(self):
        numeric, codes, _, truth = planted(200, 3, 1.0, 0.8, seed=3)
        table, categorical = as_table(numeric, codes)
        first = np.searchsorted(truth, range(3))
        init, gamma = [numeric[first], codes[first]], 20.0
        theirs = reference_fit(numeric, codes, init, gamma)
        ours = KPrototypes(3, init=init, gamma=gamma).fit(table, categorical=categorical)
        new_numeric, new_codes, _, _ = planted(100, 3, 1.0, 0.3, seed=5)
        new_codes[::3, :3] = 99
        new, _ = as_table(new_numeric, new_codes)
        expected = theirs.predict(new, categorical=categorical)
        np.testing.assert_array_equal(ours.predict(new, categorical=categorical), expected)
        np.testing.assert_array_equal(ours.predict(new), expected)


class TestObjective:
    """What is minimised, found independently."""

    @pytest.mark.parametrize("gamma", [0.0, 0.7, 3.0])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("n_clusters", [1, 2, 3])
    def test_global_optimum_of_tiny_data(self, gamma, weighted, n_clusters):
        rng = np.random.default_rng(4)
        numeric, codes = rng.normal(size=(8, 2)), rng.integers(3, size=(8, 2)).astype(np.int32)
        weight = rng.uniform(0.2, 3.0, size=8) if weighted else np.ones(8)
        partitions = itertools.product(range(n_clusters), repeat=8)
        best = min(
            cost_of(numeric, codes, np.array(labels), gamma, weight)
            for labels in partitions
            if len(set(labels)) == n_clusters
        )
        found = fit_encoded(
            numeric,
            codes,
            [3, 3],
            n_clusters,
            gamma=gamma,
            n_init=100,
            sample_weight=weight,
            random_state=0,
        )
        assert found.cost == pytest.approx(best, rel=1e-12)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_result_is_a_fixed_point(self, data):
        """On any data, with ties, duplicates and constant columns among them."""
        n = data.draw(st.integers(4, 40))
        p, q = data.draw(st.sampled_from([(1, 1), (2, 3), (0, 3), (2, 0)]))
        seed = data.draw(st.integers(0, 10_000))
        rng = np.random.default_rng(seed)
        numeric = rng.integers(4, size=(n, p)) * data.draw(st.sampled_from([1.0, 0.1, 1e5]))
        codes = rng.integers(3, size=(n, q)).astype(np.int32)
        distinct = len(np.unique(np.hstack([numeric, codes]), axis=0))
        n_clusters = data.draw(st.integers(1, min(distinct, 5)))
        found = fit_encoded(numeric, codes, [3] * q, n_clusters, n_init=2, random_state=seed)

        assert found.converged
        assert set(found.labels) == set(range(n_clusters))
        distances = mixed_distances(numeric, codes, found.centers, found.modes, found.gamma)
        np.testing.assert_array_equal(found.labels, distances.argmin(axis=1))
        assert found.cost == pytest.approx(distances.min(axis=1).sum(), rel=1e-12, abs=1e-12)
        assert found.epoch_costs[-1] == found.cost
        assert len(found.epoch_costs) == found.n_iter + 1
        for k in range(n_clusters):
            mine = found.labels == k
            mean = numeric[mine].mean(axis=0)
            np.testing.assert_allclose(found.centers[k], mean, rtol=1e-12, atol=1e-14)
            for j in range(q):
                assert found.modes[k, j] == np.bincount(codes[mine, j]).argmax()

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("seed", range(5))
    def test_no_single_move_lowers_the_cost(self, weighted, seed):
        numeric, codes, n_levels, _ = planted(40, 3, 0.7, 0.5, p=2, q=6, levels=3, seed=seed)
        rng = np.random.default_rng(seed)
        weight = rng.uniform(0.5, 2.0, 40) if weighted else np.ones(40)
        settings = {"gamma": 1.0, "n_init": 1, "random_state": 1, "sample_weight": weight}
        found = fit_encoded(numeric, codes, n_levels, 3, **settings)
        assert found.cost == pytest.approx(cost_of(numeric, codes, found.labels, 1.0, weight))
        for row, cluster in itertools.product(range(40), range(3)):
            labels = found.labels.copy()
            labels[row] = cluster
            assert cost_of(numeric, codes, labels, 1.0, weight) >= found.cost * (1 - 1e-9)

    def test_costs_never_rise(self):
        numeric, codes, n_levels, _ = planted(500, 4, 0.8, 0.5)
        costs = fit_encoded(numeric, codes, n_levels, 4, n_init=1, random_state=0).epoch_costs
        assert len(costs) > 3
        assert np.all(np.diff(costs) <= 1e-9 * costs[0])

    def test_whole_weights_count_as_copies(self):
        numeric, codes, n_levels, _ = planted(80, 3, 2.0, 0.7)
        weight = np.random.default_rng(0).integers(0, 4, 80)
        weighted = fit_encoded(
            numeric, codes, n_levels, 3, gamma=1.0, sample_weight=weight, random_state=0
        )
        copied = fit_encoded(
            np.repeat(numeric, weight, axis=0),
            np.repeat(codes, weight, axis=0),
            n_levels,
            3,
            gamma=1.0,
            random_state=0,
        )
        assert weighted.cost == pytest.approx(copied.cost)
        assert same_partition(np.repeat(weighted.labels, weight), copied.labels)

    def test_row_order_and_cluster_order_do_not_matter(self):
        numeric, codes, n_levels, truth = planted(400, 4, 3.0, 0.8)
        first = np.searchsorted(truth, range(4))
        shuffled = np.random.default_rng(3).permutation(400)
        turned = first[[2, 0, 3, 1]]
        one = fit_encoded(numeric, codes, n_levels, 4, init=[numeric[first], codes[first]])
        other = fit_encoded(
            numeric[shuffled],
            codes[shuffled],
            n_levels,
            4,
            init=[numeric[turned], codes[turned]],
        )
        assert other.cost == pytest.approx(one.cost, rel=1e-12)
        assert same_partition(one.labels[shuffled], other.labels)
        one, other = order_by_size(one), order_by_size(other)
        np.testing.assert_array_equal(one.labels[shuffled], other.labels)

    def test_numbers_only_is_k_means(self):
        numeric, _, _, _ = planted(300, 4, 3.0, 0.0)
        codes = np.empty((300, 0), dtype=np.int32)
        ours = fit_encoded(numeric, codes, [], 4, random_state=0)
        theirs = KMeans(4, n_init=10, random_state=0).fit(numeric)
        assert same_partition(ours.labels, theirs.labels_)
        assert ours.cost == pytest.approx(theirs.inertia_)

    def test_categories_only_is_k_modes(self):
        _, codes, n_levels, truth = planted(300, 3, 0.0, 0.95, q=8)
        found = fit_encoded(np.empty((300, 0)), codes, n_levels, 3, random_state=0)
        assert adjusted_rand_score(found.labels, truth) > 0.95
        assert found.gamma == 1.0
        assert found.cost == cost_of(np.empty((300, 0)), codes, found.labels, 1.0)

    def test_far_from_zero_nothing_is_lost(self):
        numeric, codes, n_levels, _ = planted(300, 4, 3.0, 0.8)
        far_numeric = numeric + 1e9
        near = fit_encoded(far_numeric - 1e9, codes, n_levels, 4, random_state=0)
        far = fit_encoded(far_numeric, codes, n_levels, 4, random_state=0)
        np.testing.assert_array_equal(near.labels, far.labels)
        assert far.epoch_costs == pytest.approx(near.epoch_costs, rel=1e-6)

    def test_the_cost_is_that_of_direct_differences(self):
        """To the last digits, also where customers lie close to their prototype."""
        numeric, codes, n_levels, _ = planted(300, 4, 1e6, 1.0)
        found = fit_encoded(numeric, codes, n_levels, 4, random_state=0)
        distances = mixed_distances(numeric, codes, found.centers, found.modes, found.gamma)
        assert found.cost == pytest.approx(distances.min(axis=1).sum(), rel=1e-13)
        assert found.cost == pytest.approx(
            cost_of(numeric, codes, found.labels, found.gamma), rel=1e-9
        )

    def test_as_many_clusters_as_distinct_rows(self):
        numeric = np.repeat([[0.0], [0.0], [5.0], [7.0]], 3, axis=0)
        codes = np.repeat([[0], [1], [1], [1]], 3, axis=0)
        found = fit_encoded(numeric, codes, [2], 4, random_state=0)
        assert found.cost == 0.0
        assert same_partition(found.labels, np.repeat(range(4), 3))

    def test_a_prototype_nobody_is_near_gets_rows(self):
        numeric, codes, n_levels, truth = planted(200, 3, 5.0, 0.8)
        centers = np.vstack([numeric[:2], [[1e6] * 4]])
        found = fit_encoded(numeric, codes, n_levels, 3, init=[centers, codes[:3]])
        assert np.bincount(found.labels, minlength=3).min() > 0
        assert adjusted_rand_score(found.labels, truth) > 0.95

    def test_every_empty_cluster_gets_a_row_of_its_own(self):
        """The costliest that weighs anything, one after the other."""
        numeric, codes, n_levels, _ = planted(50, 3, 2.0, 0.8)
        far = Prototypes(np.vstack([numeric[:1], np.full((2, 4), 1e6)]), codes[:3])
        order = np.argsort(MixedData(numeric, codes, n_levels, 1.0).nearest(far)[1])[::-1]
        weight = np.ones(50)
        weight[order[0]] = 0.0
        labels, _ = kprototypes_search._assign(
            MixedData(numeric, codes, n_levels, 1.0, weight), far
        )
        assert labels[order[:3]].tolist() == [0, 1, 2]
        assert np.bincount(labels).tolist() == [48, 1, 1]
        none = np.empty((2, 0), dtype=np.int32)
        two = MixedData(np.array([[0.0], [1.0]]), none, [], 1.0)
        labels, _ = kprototypes_search._assign(two, Prototypes(np.array([[0.0], [9.0]]), none))
        assert labels.tolist() == [0, 1]

    def test_moves_that_spoil_each_other_are_not_made_together(self):
        numeric, codes = np.array([[-2.0], [0.0], [0.0], [2.0]]), np.empty((4, 0), dtype=np.int32)
        data, labels = MixedData(numeric, codes, [], 1.0), np.array([0, 0, 1, 1], dtype=np.int32)
        start = kprototypes_search.Start(labels, data.update(labels, 2)[0], [4.0])
        assert kprototypes_search.move_single_rows(data, start)
        assert start.labels.tolist() == [0, 1, 1, 1]
        assert not kprototypes_search.move_single_rows(data, start)


class TestGamma:
    def test_kmodes_rule(self):
        numeric, codes, n_levels, _ = planted(100, 3, 2.0, 0.8)
        expected = 0.5 * np.mean(numeric.std(axis=0))
        assert estimate_gamma(numeric, codes, n_levels, None) == expected

    def test_lambdaest_by_hand(self):
        numeric = np.array([[0.0], [2.0], [4.0], [6.0]])  # sample variance 20/3
        codes = np.array([[0, 0], [0, 1], [1, 2], [1, 3]])  # 1 - sum p^2: 1/2 and 3/4
        assert estimate_gamma(numeric, codes, [2, 4]) == pytest.approx((20 / 3) / 0.625)

    @pytest.mark.parametrize("constant", ["numeric", "codes"])
    def test_nothing_to_compare(self, constant):
        numeric, codes, n_levels, _ = planted(50, 2, 2.0, 0.8)
        (numeric if constant == "numeric" else codes)[:] = 1
        assert estimate_gamma(numeric, codes, n_levels) == 1.0
        found = fit_encoded(numeric, codes, n_levels, 2, random_state=0)
        assert np.bincount(found.labels).min() > 0

    def test_gamma_zero_ignores_categories(self):
        numeric, codes, n_levels, _ = planted(200, 3, 4.0, 0.8)
        found = fit_encoded(numeric, codes, n_levels, 3, gamma=0, random_state=0)
        assert found.cost == pytest.approx(
            KMeans(3, n_init=10, random_state=0).fit(numeric).inertia_
        )


class TestDeterminism:
    def test_same_bits_whatever_the_threads(self):
        numeric, codes, n_levels, _ = planted(3000, 6, 0.6, 0.4, p=40, q=6)
        results = []
        for threads, n_jobs in [(1, 1), (2, 1), (4, 1), (2, 2), (1, 4), (4, -1)]:
            with threadpool_limits(limits=threads, user_api="blas"):
                results.append(
                    fit_encoded(
                        numeric, codes, n_levels, 6, n_init=4, random_state=3, n_jobs=n_jobs
                    )
                )
        for other in results[1:]:
            assert other.labels.tobytes() == results[0].labels.tobytes()
            assert other.centers.tobytes() == results[0].centers.tobytes()
            assert other.epoch_costs == results[0].epoch_costs

    def test_seeds(self):
        numeric, codes, n_levels, _ = planted(300, 4, 0.5, 0.4)

        def fit(seed):
            return fit_encoded(numeric, codes, n_levels, 4, n_init=1, random_state=seed)

        assert fit(1).labels.tobytes() == fit(1).labels.tobytes()
        assert fit(1).labels.tobytes() == fit(np.random.RandomState(1)).labels.tobytes()
        assert len({fit(seed).labels.tobytes() for seed in range(5)}) > 1

    def test_numpys_global_state_is_neither_read_nor_changed(self):
        numeric, codes, n_levels, _ = planted(100, 3, 1.0, 0.5)
        before = np.random.get_state()[1].tobytes()  # noqa: NPY002
        fit_encoded(numeric, codes, n_levels, 3, random_state=None)
        assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


def test_szepannek_2018_example():
    """R Journal 10(2), section 5: Rand index 0.870 and lambda 5.52 on one draw of this design.

    Clusters 1 to 4 differ by the sign of two normals and by the likelier level of two binaries. One
    draw of the paper's, from R's generator, must be an ordinary one among ours.
    """
    shift = NormalDist().inv_cdf(0.9)
    positive = np.repeat([True, True, False, False], 100)
    likely = np.repeat([True, False, True, False], 100)
    rands, gammas = {"prototypes": [], "means": [], "modes": []}, []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        numeric = np.where(positive, shift, -shift)[:, None] + rng.normal(size=(400, 2))
        codes = ((rng.random((400, 2)) < 0.9) == likely[:, None]).astype(np.int32)
        truth = np.repeat(range(4), 100)
        found = fit_encoded(numeric, codes, [2, 2], 4, random_state=seed)
        means = fit_encoded(numeric, codes[:, :0], [], 4, random_state=seed)
        modes = fit_encoded(numeric[:, :0], codes, [2, 2], 4, random_state=seed)
        gammas.append(found.gamma)
        for name, labels in zip(rands, (found.labels, means.labels, modes.labels), strict=True):
            rands[name].append(rand_score(truth, labels))
    for values, published in [
        (rands["prototypes"], 0.870),
        (rands["means"], 0.728),
        (rands["modes"], 0.733),
        (gammas, 5.52477),
    ]:
        low, high = np.quantile(values, [0.025, 0.975])
        assert low <= published <= high
        assert high - low < 0.2 * published


def test_order_by_size():
    numeric, codes, n_levels, _ = planted(200, 3, 4.0, 0.8)
    numeric, codes = np.vstack([numeric, numeric[:30]]), np.vstack([codes, codes[:30]])
    found = fit_encoded(numeric, codes, n_levels, 3, random_state=0)
    ordered = order_by_size(found)
    sizes = np.bincount(ordered.labels)
    assert sizes.tolist() == sorted(sizes, reverse=True)
    assert same_partition(found.labels, ordered.labels)
    np.testing.assert_array_equal(ordered.centers[ordered.labels], found.centers[found.labels])
    np.testing.assert_array_equal(ordered.modes[ordered.labels], found.modes[found.labels])
    assert ordered.cost == found.cost


def test_order_by_size_of_equal_sizes_goes_by_centre():
    numeric, codes = np.array([[5.0], [5.1], [1.0], [1.1]]), np.zeros((4, 0), dtype=np.int32)
    for seed in range(4):
        ordered = order_by_size(fit_encoded(numeric, codes, [], 2, random_state=seed))
        assert ordered.labels.tolist() == [1, 1, 0, 0]


class TestEstimator:
    def test_example_in_the_docstring(self):
        assert doctest.testmod(kprototypes) == (0, 3)

    def test_frame_array_and_list_give_the_same(self):
        frame = pd.DataFrame(
            {"sector": ["b", "a", "b", "a", "c", "c"], "value": [1, 5, 1.5, 5.5, 9, 9.5]}
        )
        settings = {"n_clusters": 3, "random_state": 0}
        frame["sector"] = frame["sector"].astype("category")
        from_frame = KPrototypes(**settings).fit(frame, categorical=[0])
        for X in (frame.to_numpy(), frame.to_numpy().tolist()):
            other = KPrototypes(**settings).fit(X, categorical=0)
            np.testing.assert_array_equal(other.labels_, from_frame.labels_)
        assert sorted(from_frame.cluster_centroids_.tolist()) == [
            [1.25, "b"],
            [5.25, "a"],
            [9.25, "c"],
        ]
        assert from_frame.predict(frame).tolist() == from_frame.labels_.tolist()

    def test_numeric_levels_give_numeric_centroids(self):
        X = np.array([[0.0, 3], [0.1, 3], [9.0, 7], [9.1, 7]])
        model = KPrototypes(2, random_state=0).fit(X, categorical=[1])
        assert sorted(model.cluster_centroids_[:, 1]) == [3, 7]

    def test_scikit_learn_habits(self):
        model = KPrototypes(3, init="Cao", gamma="lambdaest", random_state=1)
        copy = clone(model)
        assert copy.get_params() == model.get_params()
        with pytest.raises(NotFittedError):
            model.predict(STOCKS)
        with pytest.raises(AttributeError):
            _ = model.cluster_centroids_
        fitted = model.fit(STOCKS, categorical=[1, 2])
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.predict(STOCKS), fitted.labels_)
        codes = np.column_stack(
            [np.unique(column, return_inverse=True)[1] for column in STOCKS.T[1:]]
        )
        assert fitted.gamma == estimate_gamma(STOCKS[:, :1].astype(float), codes, [5, 3])

    def test_verbose(self, capsys):
        KPrototypes(3, n_init=2, random_state=1, verbose=1).fit(STOCKS, categorical=[1, 2])
        assert [line[:8] for line in capsys.readouterr().out.splitlines()] == [
            "start 1:",
            "start 2:",
        ]

    def test_too_few_passes_warn(self):
        numeric, codes, _, _ = planted(500, 6, 0.3, 0.3)
        table, categorical = as_table(numeric, codes)
        model = KPrototypes(6, max_iter=2, random_state=0)
        with pytest.warns(ConvergenceWarning, match="raise max_iter"):
            model.fit(table, categorical=categorical)
        np.testing.assert_array_equal(model.predict(table), model.labels_)

    def test_defaults_are_those_of_kmodes(self):
        reference = inspect.signature(ReferenceKPrototypes).parameters
        ours = inspect.signature(KPrototypes).parameters
        for name in ("n_clusters", "max_iter", "n_init", "gamma", "verbose", "random_state"):
            assert ours[name].default == reference[name].default
        for name in ("init", "max_iter", "n_init", "verbose", "random_state"):
            assert inspect.signature(fit_encoded).parameters[name].default == ours[name].default


class TestRefusals:
    """Each message names the column or the parameter, and what to do."""

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"n_clusters": 0}, "n_clusters=0: give a whole number"),
            ({"n_clusters": 2.5}, "n_clusters=2.5: give a whole number"),
            ({"n_init": 0}, "n_init=0"),
            ({"max_iter": 0}, "max_iter=0"),
            ({"gamma": -1.0}, "gamma=-1.0: give a number >= 0"),
            ({"gamma": float("nan")}, "gamma=nan"),
            ({"gamma": "huang"}, "gamma='huang': give"),
            ({"init": "nonsense"}, "init='nonsense': give 'k-means"),
            ({"init": [np.zeros((4, 1))]}, "init has 1 parts"),
            ({"init": STOCKS_INIT[::-1]}, r"centers .* shape \(4, 1\)"),
            ({"init": [np.full((4, 1), np.nan), STOCKS_INIT[1]]}, "finite"),
            (
                {"init": [STOCKS_INIT[0], STOCKS_INIT[1] + 2]},
                r"column 0 must be level codes 0\.\.4",
            ),
            ({"n_jobs": 0}, "n_jobs=0"),
            ({"cat_dissim": ng_dissim}, "cat_dissim: only .*matching_dissim"),
            ({"n_clusters": 13}, "only 12 different rows; n_clusters=13"),
        ],
    )
    def test_parameters(self, settings, message):
        model = KPrototypes(**{"n_clusters": 4, "random_state": 0} | settings)
        with pytest.raises(InputError, match=message):
            model.fit(STOCKS, categorical=[1, 2])

    @pytest.mark.parametrize("categorical", [[1, 3], [-1], [1, 1], ["sector"], {1.5}])
    def test_categorical(self, categorical):
        with pytest.raises(InputError, match="give column indexes 0 to 2, each once"):
            KPrototypes(4).fit(STOCKS, categorical=categorical)

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            (0, np.nan, "Column 0 has 1 missing values, the first in row 2"),
            (1, None, "Column 1 has 1 missing values, the first in row 2"),
            (0, np.inf, "Column 0 holds infinite"),
            (0, "lots", "Column 0 is not numeric .*lots.*'categorical'"),
        ],
    )
    def test_values(self, column, value, message):
        X = STOCKS.astype(object)
        X[2, column] = value
        with pytest.raises(InputError, match=message):
            KPrototypes(4).fit(X, categorical=[1, 2])

    @pytest.mark.parametrize("shape", [(0, 2), (2, 0)])
    def test_empty_tables(self, shape):
        with pytest.raises(InputError, match=f"X has {shape[0]} rows and {shape[1]} columns"):
            KPrototypes(n_clusters=1).fit(np.empty(shape))

    def test_values_that_are_no_categories(self):
        X = STOCKS.astype(object)
        X[2, 1] = ["a", 1]
        with pytest.raises(InputError, match="Column 1 cannot be used as categories"):
            KPrototypes(4).fit(X, categorical=[1, 2])

    @pytest.mark.parametrize(
        ("weight", "message"),
        [
            ([1.0] * 11, r"shape \(11,\); give 12"),
            ([-1.0] + [1.0] * 11, "not negative"),
            ([1.0] * 3 + [0.0] * 9, "Only 3 rows weigh more than 0"),
        ],
    )
    def test_weights(self, weight, message):
        with pytest.raises(InputError, match=message):
            KPrototypes(4).fit(STOCKS, categorical=[1, 2], sample_weight=weight)

    def test_too_few_distinct_rows_for_gamma_zero(self):
        numeric, codes = np.repeat([[1.0], [2.0]], 5, axis=0), np.arange(10)[:, None]
        with pytest.raises(InputError, match="only 2 different rows in the numeric columns"):
            fit_encoded(numeric, codes, [10], 3, gamma=0.0)

    @pytest.mark.parametrize(
        ("numeric", "codes", "n_levels", "message"),
        [
            (np.zeros((3, 1)), np.zeros((2, 1)), [1], "same rows"),
            (np.zeros(3), np.zeros((3, 1)), [1], "two tables"),
            (np.zeros((0, 1)), np.zeros((0, 1)), [1], "nothing to cluster"),
            (np.zeros((3, 0)), np.zeros((3, 0)), [], "nothing to cluster"),
            ([[0.0], [np.nan]], np.zeros((2, 1)), [1], "Numeric column 0 has nan in row 1"),
            (np.zeros((2, 1)), [[0], [3]], [3], r"column 0 run from 0 to 3.*between 0 and 2"),
            (np.zeros((2, 1)), [[0], [1]], [2, 2], "n_levels has 2 entries"),
        ],
    )
    def test_encoded_tables(self, numeric, codes, n_levels, message):
        with pytest.raises(InputError, match=message):
            fit_encoded(numeric, codes, n_levels, 2)

    def test_prediction_of_another_layout(self):
        model = KPrototypes(3, random_state=0).fit(STOCKS, categorical=[1, 2])
        with pytest.raises(InputError, match="X has 2 columns; the model was fitted on 3"):
            model.predict(STOCKS[:, :2])
        with pytest.raises(InputError, match="the model was fitted with"):
            model.predict(STOCKS, categorical=[1])
