"""The compiled loops over customers, against plain ones."""

import numpy as np
import pytest

from segmentation.clustering.mixed_data import BLOCK, MixedData, Prototypes

GAMMA = 0.7


def plain_distances(numeric, codes, prototypes):
    squares = ((numeric[None] - prototypes.centers[:, None]) ** 2).sum(axis=2)
    return squares + GAMMA * (codes[None] != prototypes.modes[:, None]).sum(axis=2)


# Blocks that are not full, one code a byte or four bytes, a kind of columns that is not there.
@pytest.fixture(
    params=[
        (1, 3, [2, 5]),
        (BLOCK, 2, [255]),
        (BLOCK + 1, 3, [256, 2]),
        (1500, 0, [4, 3]),
        (1500, 4, []),
        (700, 1, [2] * 256),
    ]
)
def sample(request):
    n, p, n_levels = request.param
    rng = np.random.default_rng(n)
    numeric = rng.normal(size=(n, p)) + 1e6
    codes = np.column_stack([np.empty((n, 0)), *(rng.integers(size, size=n) for size in n_levels)])
    return numeric, codes.astype(np.int32), n_levels, rng


def drawn(sample, n_prototypes):
    numeric, _, n_levels, rng = sample
    modes = [rng.integers(size, size=n_prototypes) for size in n_levels]
    return Prototypes(
        numeric[rng.integers(len(numeric), size=n_prototypes)] + rng.normal(size=numeric.shape[1]),
        np.column_stack([np.empty((n_prototypes, 0)), *modes]).astype(np.int32),
    )


def test_distances(sample):
    numeric, codes, n_levels, _ = sample
    data, prototypes = MixedData(numeric, codes, n_levels, GAMMA), drawn(sample, 5)
    plain = plain_distances(numeric, codes, prototypes)
    np.testing.assert_allclose(data.distances(prototypes), plain, rtol=1e-12)
    labels, distances = data.nearest(prototypes)
    np.testing.assert_array_equal(labels, data.distances(prototypes).argmin(axis=0))
    np.testing.assert_array_equal(distances, data.distances(prototypes).min(axis=0))
    squares = ((numeric[None] - prototypes.centers[:, None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(data.squared_distances(prototypes.centers), squares, rtol=1e-12)


def test_ties_go_to_the_lowest():
    data = MixedData(np.zeros((3, 1)), np.zeros((3, 1), dtype=np.int32), [2], GAMMA)
    labels, _ = data.nearest(Prototypes(np.array([[1.0], [-1.0]]), np.zeros((2, 1), np.int32)))
    assert labels.tolist() == [0, 0, 0]
    prototypes, _ = MixedData(np.zeros((2, 0)), np.array([[1], [0]]), [2], GAMMA).update(
        np.zeros(2, dtype=np.int32), 1
    )
    assert prototypes.modes.tolist() == [[0]]


def test_where_all_distances_overflow_the_lowest_is_nearest():
    data = MixedData(np.full((2, 1), 1e200), np.zeros((2, 0), dtype=np.int32), [], GAMMA)
    far = Prototypes(np.array([[-1e200], [-2e200]]), np.zeros((2, 0), np.int32))
    assert data.nearest(far)[0].tolist() == [0, 0]


def test_sums_are_taken_around_the_value_nearest_to_the_mean():
    numeric = np.array([[0.0, -50.0], [10.0, -9.0], [11.0, -10.0], [50.0, 0.0]])
    data = MixedData(numeric, np.zeros((4, 0), dtype=np.int32), [], GAMMA)
    assert data.origin.tolist() == [11.0, -10.0]


@pytest.mark.parametrize("n_levels", [3, 300])
def test_a_level_never_seen_matches_no_mode(n_levels):
    codes = np.array([[-1], [n_levels - 1]], dtype=np.int32)
    data = MixedData(np.zeros((2, 0)), codes, [n_levels], GAMMA)
    modes = np.array([[0], [n_levels - 1]], dtype=np.int32)
    assert data.distances(Prototypes(np.zeros((2, 0)), modes)).T.tolist() == [
        [GAMMA, GAMMA],
        [GAMMA, 0.0],
    ]


def test_update(sample):
    numeric, codes, n_levels, rng = sample
    weight = rng.integers(1, 4, size=len(numeric)).astype(float)
    labels = rng.integers(3, size=len(numeric)).astype(np.int32)
    labels[: min(3, len(labels))] = range(min(3, len(labels)))
    data = MixedData(numeric, codes, n_levels, GAMMA, weight)
    prototypes, totals = data.update(labels, 3)
    for k in set(labels.tolist()):
        own = labels == k
        assert totals.weight[k] == weight[own].sum()
        mean = np.average(numeric[own], axis=0, weights=weight[own])
        np.testing.assert_allclose(prototypes.centers[k], mean, rtol=1e-14)
        counts = [
            np.bincount(column[own], weights=weight[own], minlength=size)
            for column, size in zip(codes.T, n_levels, strict=True)
        ]
        assert totals.level_weight[k].tolist() == [c for count in counts for c in count.tolist()]
        assert prototypes.modes[k].tolist() == [count.argmax() for count in counts]


def test_swap_costs(sample):
    numeric, codes, n_levels, rng = sample
    weight = rng.random(len(numeric))
    data = MixedData(numeric, codes, n_levels, GAMMA, weight)
    prototypes, places = drawn(sample, 4), drawn(sample, 6)
    to_own, to_place = data.distances(prototypes), data.distances(places)
    plain = [
        [
            (weight * np.minimum(np.delete(to_own, k, axis=0).min(axis=0), distance)).sum()
            for distance in to_place
        ]
        for k in range(4)
    ]
    np.testing.assert_allclose(data.swap_costs(prototypes, places), plain, rtol=1e-9)


def test_take_is_as_if_only_those_were_given(sample):
    numeric, codes, n_levels, rng = sample
    rows = np.sort(rng.integers(len(numeric), size=max(1, len(numeric) // 2)))
    prototypes = drawn(sample, 3)
    some = MixedData(numeric, codes, n_levels, GAMMA).take(rows)
    alone = MixedData(numeric[rows], codes[rows], n_levels, GAMMA)
    assert len(some) == len(rows)
    np.testing.assert_array_equal(some.distances(prototypes), alone.distances(prototypes))
    labels = (np.arange(len(rows)) % 2).astype(np.int32)
    for of_some, of_alone in zip(
        (part for result in some.update(labels, 2) for part in result),
        (part for result in alone.update(labels, 2) for part in result),
        strict=True,
    ):
        np.testing.assert_allclose(of_some, of_alone, rtol=1e-14)
    rows_back = some.rows(np.arange(len(rows)))
    np.testing.assert_array_equal(rows_back.centers, numeric[rows])
    np.testing.assert_array_equal(rows_back.modes, codes[rows])


def test_far_from_zero_means_keep_their_digits():
    numeric = 1e9 + np.arange(10_000.0)[:, None] % 7
    data = MixedData(numeric, np.zeros((10_000, 0), dtype=np.int32), [], GAMMA)
    prototypes, _ = data.update(np.zeros(10_000, dtype=np.int32), 1)
    assert prototypes.centers[0, 0] - 1e9 == pytest.approx((numeric - 1e9).mean(), abs=1e-6)
