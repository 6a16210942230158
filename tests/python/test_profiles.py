"""The profile statistics against scipy, R's catdes formula and hand-made cases."""

import numpy as np
import pandas as pd
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


@pytest.mark.filterwarnings("error")
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


def summaries(customers: pd.DataFrame) -> pd.DataFrame:
    """Summarise customers (segmentation_id, cluster, and numbers) as int_segment_numbers does.

    All training customers, whom nothing here rests on, have other numbers.
    """
    attributes = [name for name in customers if name not in ("segmentation_id", "cluster")]
    rows = []
    groups = [*customers.groupby(["segmentation_id", "cluster"])]
    first = customers[customers["segmentation_id"] == customers["segmentation_id"].iloc[0]]
    for (segmentation, cluster), group in [*groups, (("everyone", np.nan), first)]:
        for attribute in attributes:
            known = group[attribute].dropna()
            rows.append(
                (segmentation, cluster, attribute, len(known), known.mean(), known.std(ddof=0))
            )
    columns = ["segmentation_id", "cluster", "attribute", "known_customers"]
    table = pd.DataFrame(rows, columns=[*columns, "transformed_mean", "transformed_std_dev"])
    overall = table[table["cluster"].isna()].assign(segmentation_id="training customers")
    overall[["transformed_mean", "transformed_std_dev"]] *= 99
    table = pd.concat([table.assign(basis="everyone"), overall.assign(basis="training customers")])
    return table.sample(frac=1, random_state=0)


def test_pairs_of_segments_are_tested_as_scipy_tests_their_customers():
    rng = np.random.default_rng(3)
    n = 400
    customers = pd.DataFrame({"x": rng.normal(5, 2, n), "y": np.log1p(rng.lognormal(3, 2, n)) / 9})
    customers.loc[rng.random(n) < 0.2, "y"] = np.nan
    labels = {"a_k3": rng.choice(3, n, p=[0.7, 0.25, 0.05]), "b_k4": rng.choice(4, n)}
    customers["x"] += labels["a_k3"]
    table = pd.concat(
        customers.assign(segmentation_id=name, cluster=cluster) for name, cluster in labels.items()
    )
    found = profiles.compare_segment_pairs(summaries(table))
    assert len(found) == (3 + 6) * 2
    assert (found["cluster"] < found["other_cluster"]).all()
    for row in found.itertuples():
        own, other = (
            customers.loc[labels[row.segmentation_id] == cluster, row.attribute].dropna()
            for cluster in (row.cluster, row.other_cluster)
        )
        expected = stats.ttest_ind(own, other, equal_var=False)
        assert row.t_statistic == pytest.approx(expected.statistic, rel=1e-9)
        assert row.p_value == pytest.approx(expected.pvalue, rel=1e-9)
        spread = customers[row.attribute].std(ddof=0)
        assert row.effect == pytest.approx((own.mean() - other.mean()) / spread, rel=1e-9)
    for _, of_segmentation in found.groupby("segmentation_id"):
        np.testing.assert_allclose(
            of_segmentation["p_adjusted"], profiles.adjust_p_values(of_segmentation["p_value"])
        )


def test_what_no_test_can_tell_is_unknown():
    """One customer, customers without a value, equal values: effects, but no p-values."""
    table = pd.DataFrame(
        {
            "segmentation_id": "m_k4",
            "cluster": [0, 0, 0, 1, 2, 2, 3, 3],
            "amount": [1.0, 2.0, 4.0, 9.0, np.nan, np.nan, 0.1 + 0.2, 0.3],
            "constant": 7.0,
        }
    )
    found = profiles.compare_segment_pairs(summaries(table))
    amount = found[found["attribute"] == "amount"]
    assert amount["p_value"].isna().all()
    assert amount["p_adjusted"].isna().all()
    with_unknown = (amount["cluster"] == 2) | (amount["other_cluster"] == 2)
    assert list(amount["effect"].isna()) == list(with_unknown)
    assert found.loc[found["attribute"] == "constant", "effect"].isna().all()


def test_rounding_has_no_effect_where_nothing_varies():
    """A mean of equal values depends on how many there are, in its last digits."""
    numbers = pd.DataFrame(
        {
            "segmentation_id": ["m_k2", "m_k2", None],
            "cluster": [0, 1, None],
            "basis": "everyone",
            "attribute": "constant",
            "known_customers": [3, 2, 5],
            "transformed_mean": [sum([0.1] * 3) / 3, 0.1, 0.1],
            "transformed_std_dev": 0.0,
        }
    )
    (found,) = profiles.compare_segment_pairs(numbers).itertuples()
    assert np.isnan([found.effect, found.t_statistic, found.p_value]).all()


def test_a_single_segment_has_no_pairs():
    table = pd.DataFrame({"segmentation_id": "m_k1", "cluster": 0, "amount": [1.0, 2.0]})
    found = profiles.compare_segment_pairs(summaries(table))
    assert found.empty
    assert found.dtypes.to_dict()["p_adjusted"] == np.float64


def test_segments_are_tested_against_everyone_of_their_basis():
    """Each number and each level by itself; raw and transformed numbers differ."""
    numbers = pd.DataFrame(
        [
            ("m_k2", 0, "all", "spend", 40, 9.0, 4.0, 1.5, 0.5),
            ("m_k2", 1, "all", "spend", 50, 6.0, 2.0, 0.9, 0.4),
            ("w_k2", 0, "some", "spend", 20, 5.0, 2.0, 1.0, 0.4),
            (None, None, "all", "spend", 90, 7.0, 5.0, 1.3, 0.7),
            (None, None, "some", "spend", 60, 6.5, 4.0, 1.2, 0.6),
        ],
        columns=[
            *["segmentation_id", "cluster", "basis", "attribute", "known_customers"],
            *["mean", "population_std_dev", "transformed_mean", "transformed_std_dev"],
        ],
    )
    levels = pd.DataFrame(
        [("m_k2", 1, "plan", "basic", 30, 50, 40, 100), ("m_k2", 1, "plan", "pro", 9, 50, 35, 100)],
        columns=[
            *["segmentation_id", "cluster", "attribute", "level"],
            *["customers", "segment_customers", "overall_customers", "all_customers"],
        ],
    )
    found = profiles.compare_segments(numbers.sample(frac=1, random_state=0), levels[::-1])
    assert found.iloc[:, :4].astype(object).where(found.notna(), None).to_numpy().tolist() == [
        ["m_k2", 0, "spend", None],
        ["m_k2", 1, "plan", "basic"],
        ["m_k2", 1, "plan", "pro"],
        ["m_k2", 1, "spend", None],
        ["w_k2", 0, "spend", None],
    ]
    v_levels, p_levels = profiles.v_test_share([30, 9], [50, 50], [40, 35], [100, 100])
    raw, transformed = (
        profiles.v_test_mean(means, overall, spread, [40, 50, 20], [90, 90, 60])
        for means, overall, spread in (
            ([9, 6, 5], [7, 7, 6.5], [5, 5, 4]),
            ([1.5, 0.9, 1.0], [1.3, 1.3, 1.2], [0.7, 0.7, 0.6]),
        )
    )
    for suffix, v_numbers in (("", raw), ("_transformed", transformed)):
        v_tests = np.insert(v_numbers, 1, v_levels)
        p_values = np.insert(profiles.p_value_normal(v_numbers), 1, p_levels)
        np.testing.assert_allclose(found[f"v_test{suffix}"], v_tests, rtol=1e-12)
        adjusted = [*profiles.adjust_p_values(p_values[:4]), p_values[4]]
        np.testing.assert_allclose(found[f"p_adjusted{suffix}"], adjusted, rtol=1e-12)
        if not suffix:
            np.testing.assert_allclose(found["p_value"], p_values, rtol=1e-12)


def test_what_is_the_same_for_everyone_weakens_no_other_test():
    rng = np.random.default_rng(5)
    cluster = np.repeat([0, 1, 2], 40)
    table = pd.DataFrame(
        {"amount": rng.normal(cluster * 0.3), "number": rng.normal(size=120), "constant": 7.0}
    )
    groups = [(pd.NA, table), *table.groupby(cluster)]
    numbers = pd.DataFrame(
        {
            "segmentation_id": None if number is pd.NA else "m_k3",
            "cluster": number,
            "basis": "everyone",
            "attribute": attribute,
            "known_customers": len(rows),
            "mean": rows[attribute].mean(),
            "population_std_dev": rows[attribute].std(ddof=0),
            "transformed_mean": rows[attribute].mean(),
            "transformed_std_dev": rows[attribute].std(ddof=0),
        }
        for number, rows in groups
        for attribute in table
    )
    levels = pd.DataFrame(
        {
            "segmentation_id": "m_k3",
            "cluster": [0, 1, 2] * 2,
            "attribute": ["plan"] * 3 + ["currency"] * 3,
            "level": ["basic"] * 3 + ["usd"] * 3,
            "customers": [30, 10, 20] + [40] * 3,
            "segment_customers": 40,
            "overall_customers": [60] * 3 + [120] * 3,
            "all_customers": 120,
        }
    )
    same = ["constant", "currency"]
    found = profiles.compare_segments(numbers, levels)
    expected = profiles.compare_segments(
        *(rows[~rows["attribute"].isin(same)] for rows in (numbers, levels))
    )
    varied = found[~found["attribute"].isin(same)].reset_index(drop=True)
    pd.testing.assert_frame_equal(varied, expected)
    np.testing.assert_allclose(
        expected["p_adjusted"], profiles.adjust_p_values(expected["p_value"])
    )
    unchanging = found[found["attribute"].isin(same)]
    assert len(unchanging) == 6
    p_values = unchanging[["p_value", "p_adjusted", "p_adjusted_transformed"]]
    np.testing.assert_allclose(p_values, 1)
