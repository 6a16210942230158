"""The work that K-Prototypes does, counted: a guard of its speed that does not depend on a clock.

The bounds are what was counted when they were written, and a fifth more. One that is passed is not
wrong; it is work that somebody should have meant to add.
"""

import tracemalloc
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from planted_samples import GAMMA, mixed, mixed_data, null, planted

from segmentation.clustering import kprototypes, silhouette
from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.clustering.kprototypes_search import lloyd, run_start
from segmentation.clustering.mixed_data import MixedData
from segmentation.selection import gap, stability

LOOPS = ("nearest", "update", "distances", "swap_costs")
"""The loops over all customers."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each loop ran."""
    counted: Counter[str] = Counter()

    def count(name: str, method: Callable[..., object]) -> Callable[..., object]:
        def counting(*arguments: object) -> object:
            counted[name] += 1
            return method(*arguments)

        return counting

    for name in LOOPS:
        monkeypatch.setattr(MixedData, name, count(name, getattr(MixedData, name)))
    return counted


def expect_at_most(calls: Counter[str], **bounds: int) -> None:
    assert set(calls) == set(bounds)
    assert {name: n for name, n in calls.items() if n > bounds[name]} == {}


class TestPasses:
    def test_a_pass_is_one_nearest_and_one_update(self, calls):
        data = mixed_data(null(n=2_000))
        start = run_start(data, data.rows(np.arange(6)), 3)
        assert start.n_iter == 3
        assert calls == {"nearest": 4, "update": 3}  # the prototypes given are assigned to first
        lloyd(data, start, 4)
        assert calls == {"nearest": 8, "update": 7}

    def test_passes_end_when_nobody_moves(self, calls):
        data = mixed_data(planted(5)[0])
        start = run_start(data, data.rows(np.arange(5)), 1_000)
        assert start.converged
        assert calls == {"nearest": start.n_iter + 1, "update": start.n_iter}
        assert start.n_iter <= 20

    def test_a_path_over_clusters(self, calls):
        fit_path(mixed_data(planted(5, n=2_000)[0]), 10, np.random.default_rng(0))
        expect_at_most(calls, nearest=356, update=273, distances=154, swap_costs=14)

    def test_a_path_over_none(self, calls):
        fit_path(mixed_data(null(n=2_000)), 10, np.random.default_rng(0))
        expect_at_most(calls, nearest=684, update=596, distances=158, swap_costs=18)

    def test_a_fit(self, calls):
        matrix, _ = planted(5, n=2_000)
        found = kprototypes.fit_encoded(
            matrix.numeric, matrix.codes, matrix.n_levels, 6, gamma=GAMMA, random_state=0
        )
        assert found.converged
        expect_at_most(calls, nearest=175, update=157, distances=74, swap_costs=2)


N, N_LEVELS = 3_000, 1_000


@pytest.fixture(scope="module")
def many_levels() -> MixedMatrix:
    """Customers of 4 kB each as one-hot bytes, and of 24 kB as distances to each other."""
    rng = np.random.default_rng(0)
    codes = rng.integers(N_LEVELS, size=(N, 4))
    return mixed(rng.normal(size=(N, 3)), codes, [N_LEVELS] * 4)


def peak_bytes_a_customer(work: Callable[[], object]) -> float:
    """Give what numpy held at most at one time; what is compiled holds a block."""
    work()  # compiles
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / N
    finally:
        tracemalloc.stop()


class TestMemory:
    def test_of_a_fit(self, many_levels):
        def fit() -> None:
            kprototypes.fit_encoded(
                many_levels.numeric,
                many_levels.codes,
                many_levels.n_levels,
                5,
                gamma=1.0,
                n_init=2,
                random_state=0,
            )

        assert peak_bytes_a_customer(fit) < 1_500

    def test_of_the_stability(self, many_levels):
        labels = {k: np.arange(N) % k for k in (2, 5)}

        def bootstraps() -> None:
            refit = stability.kprototypes_refit(many_levels, 5, 1.0)
            stability.bootstrap_stability(labels, refit, n_bootstraps=2, n_jobs=1)

        assert peak_bytes_a_customer(bootstraps) < 1_500

    def test_of_the_gap(self, many_levels):
        def references() -> None:
            fit_costs = gap.kprototypes_costs(5, 1.0)
            gap.gap_statistic(many_levels, fit_costs, n_references=2, n_jobs=1)

        assert peak_bytes_a_customer(references) < 2_000

    def test_of_silhouettes(self, many_levels):
        numeric, codes, n_levels = many_levels.numeric, many_levels.codes, many_levels.n_levels
        labels = np.arange(N, dtype=np.int32) % 5

        def silhouettes() -> None:
            statistics = silhouette.cluster_statistics(numeric, codes, n_levels, labels, 5)
            silhouette.silhouette_samples(numeric, codes, labels, statistics, 1.0)

        assert peak_bytes_a_customer(silhouettes) < 1_000
