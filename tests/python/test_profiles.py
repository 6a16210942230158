"""The profile statistics against scipy, R's catdes formula and hand-made cases."""

import numpy as np
import pytest
from scipy import stats

from segmentation import profiles


def test_v_test_of_a_mean_is_catdes():
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    segment = values[:40]
    v = profiles.v_test_mean(segment.mean(), values.mean(), values.std(), 40, 200)
    by_hand = (segment.mean() - values.mean()) / values.std() * np.sqrt(40) / np.sqrt(160 / 199)
    assert v == pytest.approx(by_hand, rel=1e-12)


def test_v_test_of_a_mean_is_standard_normal_under_sampling_without_replacement():
    rng = np.random.default_rng(1)
    values = rng.exponential(size=500)
    means = [rng.choice(values, 100, replace=False).mean() for _ in range(3000)]
    v = profiles.v_test_mean(means, values.mean(), values.std(), 100, 500)
    assert abs(v.mean()) < 0.06
    assert v.std() == pytest.approx(1, abs=0.05)


def test_v_test_of_a_mean_where_nothing_can_be_tested():
    v = profiles.v_test_mean([1, 1, 1], [1, 1, 1], [0, 1, 1], [5, 10, 0], [10, 10, 10])
    assert v[0] == 0
    assert v[1] == 0
    assert np.isnan(v[2])


@pytest.mark.parametrize("total", [7, 40, 1000])
def test_share_test_equals_the_hypergeometric_distribution(total):
    rng = np.random.default_rng(total)
    size = rng.integers(1, total, 300)
    level = rng.integers(0, total + 1, 300)
    x = np.array([rng.hypergeometric(k, total - k, n) for k, n in zip(level, size, strict=True)])
    v, p = profiles.v_test_share(x, size, level, np.full(300, total))
    hypergeom = stats.hypergeom(total, level, size)
    expected = np.minimum(
        1, np.minimum(2 * hypergeom.cdf(x - 1), 2 * hypergeom.sf(x)) + hypergeom.pmf(x)
    )
    np.testing.assert_allclose(p, expected, rtol=1e-9)
    direction = np.sign(x / size - level / total)
    expected_v = direction * stats.norm.isf(expected / 2)
    np.testing.assert_allclose(v, expected_v, rtol=1e-6, atol=1e-7)


def test_share_test_stays_finite_where_p_underflows():
    v, p = profiles.v_test_share([5000], [5000], [5000], [10000])
    assert p == 0
    log_p = stats.hypergeom.logpmf(5000, 10000, 5000, 5000)
    # For large v, log p is close to -v^2 / 2 - log(v) + log(2) / 2 - log(pi) / 2.
    assert -(v**2) / 2 - np.log(v) == pytest.approx(log_p, rel=1e-3)


def test_adjusted_p_values_are_benjamini_hochberg():
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.005])
    adjusted = profiles.adjust_p_values(p)
    np.testing.assert_allclose(adjusted, [0.02, 0.04, np.nan, 0.04, 0.02])
