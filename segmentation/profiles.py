"""Tests that a segment differs from everyone: FactoMineR's ``catdes``, from summary tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]


def v_test_mean(
    segment_mean: ArrayLike,
    overall_mean: ArrayLike,
    overall_std: ArrayLike,
    segment_size: ArrayLike,
    overall_size: ArrayLike,
) -> Floats:
    """v-test of a segment's mean against everyone's, sampling without replacement.

    Parameters
    ----------
    segment_mean, overall_mean : array-like of shape (n,)
    overall_std : array-like of shape (n,)
        Population standard deviation of everyone.
    segment_size, overall_size : array-like of shape (n,)
        Customers whose value is known.

    Returns
    -------
    ndarray of shape (n,)
        Standard normal under the null hypothesis; 0 where nothing varies or the segment is
        everyone, NaN where the segment has no known value.

    References
    ----------
    Lebart, Morineau, Piron, *Statistique exploratoire multidimensionnelle*, 1995; ``catdes`` of
    FactoMineR.
    """
    size = np.asarray(segment_size, dtype=np.float64)
    total = np.asarray(overall_size, dtype=np.float64)
    spread = np.asarray(overall_std, dtype=np.float64)
    difference = np.asarray(segment_mean, dtype=np.float64) - np.asarray(overall_mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        standard_error = spread * np.sqrt((total - size) / (total - 1) / size)
        v = difference / standard_error
    return np.where(size == 0, np.nan, np.where((spread == 0) | (size == total), 0.0, v))


def v_test_share(
    segment_level: ArrayLike,
    segment_size: ArrayLike,
    overall_level: ArrayLike,
    overall_size: ArrayLike,
) -> tuple[Floats, Floats]:
    """Two-sided hypergeometric test of a level's share in a segment, as FactoMineR's ``catdes``.

    Parameters
    ----------
    segment_level : array-like of shape (n,)
        Customers of the segment that have the level.
    segment_size : array-like of shape (n,)
        Customers of the segment.
    overall_level : array-like of shape (n,)
        Customers that have the level.
    overall_size : array-like of shape (n,)
        All customers.

    Returns
    -------
    v_test : ndarray of shape (n,)
        The normal quantile of the p-value, positive where the level is over-represented.
    p_value : ndarray of shape (n,)
        ``min(1, 2 P(X < x) + P(X = x), 2 P(X > x) + P(X = x))``.
    """
    x, size, level, total = (
        np.asarray(values, dtype=np.float64)
        for values in (segment_level, segment_size, overall_level, overall_size)
    )
    sign = np.sign(x / size - level / total)
    log_exact = stats.hypergeom.logpmf(x, total, level, size)
    # The tail away from the expected count; the lower one is the upper one of the other levels.
    tail = _relative_upper_tail(
        np.where(sign > 0, x, size - x), size, np.where(sign > 0, level, total - level), total
    )
    log_near = log_exact + np.log1p(2 * tail)
    exact = np.exp(log_exact)
    far = 2 * (1 - exact - exact * tail) + exact
    log_p = np.minimum(log_near, np.log(np.clip(far, np.finfo(float).tiny, 1)))
    # ndtri_exp is the normal quantile of exp(.): it stays finite where p underflows to 0.
    v = sign * np.abs(special.ndtri_exp(log_p - np.log(2)))
    return v, np.exp(log_p)


def _relative_upper_tail(x: Floats, size: Floats, level: Floats, total: Floats) -> Floats:
    """P(X > x) / P(X = x), summed term by term for all rows at once until no term counts."""
    term = np.ones_like(x)
    tail = np.zeros_like(x)
    while (term > tail * np.finfo(float).eps).any():
        term = term * (level - x) * (size - x) / ((x + 1) * (total - level - size + x + 1))
        tail += term
        x = np.minimum(x + 1, np.minimum(level, size))
    return tail


def p_value_normal(v_test: ArrayLike) -> Floats:
    """Two-sided p-value of a standard normal statistic, of any shape."""
    return np.asarray(2 * stats.norm.sf(np.abs(np.asarray(v_test, dtype=np.float64))))


def adjust_p_values(p_values: ArrayLike) -> Floats:
    """Adjust p-values for the false discovery rate (Benjamini and Hochberg 1995), NaN kept as NaN.

    Parameters
    ----------
    p_values : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known], method="bh")
    return adjusted


def compare_segments(numbers: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Test every number and every level of every segment against everyone.

    Parameters
    ----------
    numbers : DataFrame
        One row per segmentation, cluster and attribute: segmentation_id, cluster, basis, attribute,
        known_customers, mean, population_std_dev, transformed_mean, transformed_std_dev; the rows
        with cluster NA are those of all customers of a basis.
    levels : DataFrame
        One row per segmentation, cluster, attribute and level: customers, segment_customers,
        overall_customers, all_customers.

    Returns
    -------
    DataFrame
        segmentation_id, cluster, attribute, level (NA for numbers), v_test, p_value, p_adjusted,
        and v_test_transformed, p_adjusted_transformed: the same of the numbers as the clustering
        takes them (a mean of raw spend is a matter of a few customers), of levels unchanged. The
        adjustments are over all tests of one segmentation, but for those of what is the same for
        everyone: there is nothing to find, and more such columns would weaken the other tests.
    """
    of_segments = numbers[numbers["cluster"].notna()]
    everyone = of_segments[["basis", "attribute"]].merge(
        numbers[numbers["cluster"].isna()], on=["basis", "attribute"], validate="many_to_one"
    )
    v_numbers, v_transformed = (
        v_test_mean(
            of_segments[mean].to_numpy(float),
            everyone[mean].to_numpy(float),
            everyone[spread].to_numpy(float),
            of_segments["known_customers"].to_numpy(float),
            everyone["known_customers"].to_numpy(float),
        )
        for mean, spread in (
            ("mean", "population_std_dev"),
            ("transformed_mean", "transformed_std_dev"),
        )
    )
    v_levels, p_levels = v_test_share(
        levels["customers"],
        levels["segment_customers"],
        levels["overall_customers"],
        levels["all_customers"],
    )
    keys = ["segmentation_id", "cluster", "attribute"]
    tests = pd.concat(
        [
            of_segments[keys].assign(
                level=None,
                v_test=v_numbers,
                p_value=p_value_normal(v_numbers),
                v_test_transformed=v_transformed,
                p_value_transformed=p_value_normal(v_transformed),
                varies=everyone["population_std_dev"].to_numpy(float) > 0,
            ),
            levels[[*keys, "level"]].assign(
                v_test=v_levels,
                p_value=p_levels,
                v_test_transformed=v_levels,
                p_value_transformed=p_levels,
                varies=levels["overall_customers"] < levels["all_customers"],
            ),
        ],
        ignore_index=True,
    ).sort_values([*keys, "level"], ignore_index=True)
    for scale in ("", "_transformed"):
        p_values = tests[f"p_value{scale}"]
        of_segmentation = p_values.where(tests["varies"]).groupby(tests["segmentation_id"])
        adjusted = of_segmentation.transform(adjust_p_values)
        tests[f"p_adjusted{scale}"] = adjusted.where(tests["varies"], p_values)
    helpers = ["p_value_transformed", "varies"]
    return tests.drop(columns=helpers).astype({"cluster": "int32", "level": "str"})


def welch_test(
    mean: ArrayLike,
    std: ArrayLike,
    size: ArrayLike,
    other_mean: ArrayLike,
    other_std: ArrayLike,
    other_size: ArrayLike,
) -> tuple[Floats, Floats]:
    """Welch's t-test of two means, from summaries: unequal variances, degrees after Satterthwaite.

    Parameters
    ----------
    mean, other_mean : array-like of shape (n,)
    std, other_std : array-like of shape (n,)
        Sample standard deviations.
    size, other_size : array-like of shape (n,)
        Customers whose value is known.

    Returns
    -------
    t : ndarray of shape (n,)
        Positive where the first mean is the larger one.
    p_value : ndarray of shape (n,)
        Two-sided.

        Both are NaN where a side has fewer than 2 customers or does not vary: nothing then says
        how far its mean may be off.

    References
    ----------
    Welch, Biometrika 34, 1947.
    """
    means = np.asarray(mean, dtype=np.float64), np.asarray(other_mean, dtype=np.float64)
    stds = np.asarray(std, dtype=np.float64), np.asarray(other_std, dtype=np.float64)
    sizes = np.asarray(size, dtype=np.int64), np.asarray(other_size, dtype=np.int64)
    testable = (np.minimum(*sizes) >= 2) & (np.minimum(*stds) > 0)
    t, p_value = np.full((2, *testable.shape), np.nan)
    first, second = (
        (means[side][testable], stds[side][testable], sizes[side][testable]) for side in (0, 1)
    )
    t[testable], p_value[testable] = stats.ttest_ind_from_stats(*first, *second, equal_var=False)
    return t, p_value


_NO_SPREAD = 1e-9
"""A spread below this share of everyone's is the rounding of equal values."""


def compare_segment_pairs(numbers: pd.DataFrame) -> pd.DataFrame:
    """Test every number of every segment against every other segment, as the clustering takes it.

    Parameters
    ----------
    numbers : DataFrame
        One row per segmentation, cluster and attribute: segmentation_id, cluster, basis, attribute,
        known_customers, transformed_mean, transformed_std_dev (of the population); the rows with
        cluster NA are those of all customers of a basis.

    Returns
    -------
    DataFrame
        segmentation_id, cluster, other_cluster (the larger), attribute; effect, the difference of
        the means over everyone's standard deviation, the unit of
        ``rpt_segment_kpis.effect_size_transformed``, NaN where one is not known; t_statistic,
        p_value and p_adjusted of Welch's test, over all tests of one segmentation.
    """
    keys = ["segmentation_id", "cluster", "other_cluster", "attribute"]
    is_segment = numbers["cluster"].notna()
    spread_of_all = numbers.loc[~is_segment, ["basis", "attribute", "transformed_std_dev"]].rename(
        columns={"transformed_std_dev": "spread_of_all"}
    )
    segments = numbers[is_segment].merge(
        spread_of_all, on=["basis", "attribute"], validate="many_to_one"
    )
    size, spread = segments["known_customers"].astype(float), segments["transformed_std_dev"]
    has_spread = spread.astype(float) > _NO_SPREAD * segments["spread_of_all"].astype(float)
    segments = segments[["segmentation_id", "cluster", "attribute", "spread_of_all"]].assign(
        size=size,
        mean=segments["transformed_mean"].astype(float),
        std=spread.astype(float).where(has_spread, 0) * np.sqrt(size / (size - 1).clip(lower=1)),
    )

    pairs = segments.merge(
        segments.rename(columns={"cluster": "other_cluster"}).drop(columns="spread_of_all"),
        on=["segmentation_id", "attribute"],
        suffixes=("", "_other"),
    )
    pairs = pairs[pairs["cluster"] < pairs["other_cluster"]].sort_values(keys, ignore_index=True)
    sides = ["mean", "std", "size", "mean_other", "std_other", "size_other"]
    everyone = pairs["spread_of_all"].astype(float)
    pairs["effect"] = (pairs["mean"] - pairs["mean_other"]) / everyone.where(everyone > 0)
    pairs["t_statistic"], pairs["p_value"] = welch_test(*(pairs[side] for side in sides))
    of_segmentation = pairs.groupby("segmentation_id")["p_value"]
    pairs["p_adjusted"] = of_segmentation.transform(adjust_p_values)
    return pairs.drop(columns=sides).astype(
        {"cluster": "int32", "other_cluster": "int32", "p_adjusted": "float64"}
    )[[*keys, "effect", "t_statistic", "p_value", "p_adjusted"]]
