"""The quick K-Prototypes for every K: its costs, and that it finds what is there."""

from dataclasses import replace

import numpy as np
import pytest
from planted_samples import GAMMA, fitted, mixed, mixed_data, null, plain_cost, planted
from sklearn.metrics import adjusted_rand_score

from segmentation.clustering import kprototypes, kprototypes_paths
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.clustering.kprototypes_search import run_start
from segmentation.clustering.mixed_data import Prototypes

pytestmark = pytest.mark.usefixtures("one_thread")


class TestPaths:
    @pytest.mark.parametrize("offset", [0.0, 1e5])
    def test_cost_is_that_of_the_labels(self, offset):
        matrix, _ = planted(4, n=300)
        matrix = replace(matrix, numeric=matrix.numeric + offset)
        path = fit_path(mixed_data(matrix), 6, np.random.default_rng(0))
        assert list(path) == [1, 2, 3, 4, 5, 6]
        for k, partition in path.items():
            assert set(partition.labels) == set(range(k))
            assert partition.cost == pytest.approx(plain_cost(matrix, partition.labels), rel=1e-5)
        assert (np.diff([partition.cost for partition in path.values()]) < 0).all()

    @pytest.mark.parametrize("seed", range(3))
    def test_as_good_as_full_fits(self, seed):
        matrix = null(n=800, seed=seed)
        path = fit_path(mixed_data(matrix), 8, np.random.default_rng(seed))
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
        path = fit_path(mixed_data(matrix), 4, np.random.default_rng(0))
        assert path[3].cost == pytest.approx(0.0, abs=1e-4)
        assert set(path[4].labels) == {0, 1, 2, 3}

    def test_the_best_start_goes_on_and_swaps_lower_its_cost(self, monkeypatch):
        data, costs = mixed_data(null(n=300)), {}

        def watched(rows, prototypes, *settings, **more):
            start = run_start(rows, prototypes, *settings, **more)
            costs.setdefault(len(prototypes.centers), []).append(start.costs[-1])
            return start

        swapped = fit_path(data, 8, np.random.default_rng(0))
        monkeypatch.setattr(kprototypes_paths, "SWAPS", 0)
        unswapped = fit_path(data, 8, np.random.default_rng(0))
        assert sum(found.cost for found in swapped.values()) < 0.995 * sum(
            found.cost for found in unswapped.values()
        )
        monkeypatch.setattr(kprototypes_paths, "run_start", watched)
        monkeypatch.setattr(kprototypes_paths, "lloyd", lambda *settings, **more: None)
        path = fit_path(data, 8, np.random.default_rng(0))
        for k in range(2, 9):
            assert len(costs[k]) == 3
            assert path[k].cost == min(costs[k])

    def test_one_prototype_more_goes_where_the_cost_falls_most(self):
        matrix, labels = planted(5, n=300)
        data = mixed_data(matrix)
        before = data.rows(np.array([labels.argmin(), labels.argmax()]))
        found = kprototypes_paths._one_more(data, before, np.random.default_rng(5))
        places = data.rows(np.random.default_rng(5).integers(300, size=kprototypes_paths.PLACES))
        options = [
            Prototypes(np.vstack([before.centers, center]), np.vstack([before.modes, mode]))
            for center, mode in zip(places.centers, places.modes, strict=True)
        ]
        costs = [data.nearest(option)[1].sum() for option in options]
        assert data.nearest(found)[1].sum() == pytest.approx(min(costs))
        assert min(costs) < 0.99 * np.median(costs)
