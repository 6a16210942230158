"""Feature set A: fitted numbers against plain formulas, and no leak through the target encoding."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import TargetEncoder

from segmentation.clustering import candidates, features
from segmentation.errors import InputError

SELECTION = pd.DataFrame(
    [
        ("spend", "numeric", "log1p", "median"),
        ("active_days", "numeric", "none", "zero"),
        ("balance", "numeric", "signed_log1p", "median"),
        ("size", "ordinal", "none", "median"),
        ("media", "nominal", "none", "unknown_level"),
        ("category", "target", "none", "unknown_level"),
        ("is_risky", "flag", "none", "zero"),
    ],
    columns=["attribute", "encoding", "transform", "missing_policy"],
)
LEVELS = pd.DataFrame(
    [("size", "SMB", "1"), ("size", "PA", "2"), ("size", "KA", "3"), ("media", "FB", "1")],
    columns=["attribute", "level", "level_order"],
)


def fold_of(customer_id: str) -> int:
    return int(hashlib.md5(customer_id.encode()).hexdigest()[:8], 16) % 5


@pytest.fixture
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 400
    category = rng.choice(["clothing", "games", "beauty", None], n, p=[0.4, 0.3, 0.2, 0.1])
    spend = np.exp(rng.normal(5, 2, n)) * np.where(category == "games", 5, 1)
    ids = [f"c{i}" for i in range(n)]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "fold": [fold_of(customer_id) for customer_id in ids],
            "proxy_value": spend,
            "spend": np.where(rng.random(n) < 0.1, np.nan, spend),
            "active_days": np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 30, n)),
            "balance": rng.normal(0, 1000, n),
            "size": rng.choice(["SMB", "PA", "KA", "elsewhere", None], n),
            "media": rng.choice(["FB", "Google", None], n),
            "category": category,
            "is_risky": rng.choice([0, 1, None], n).astype(object),
        }
    ).astype({"size": "str", "media": "str", "category": "str"})


@pytest.fixture
def parameters(customers) -> pd.DataFrame:
    return features.fit(customers, SELECTION, LEVELS)


def test_numbers_are_transformed_filled_and_standardised(customers, parameters):
    encoded = features.encode(customers, parameters)
    filled = np.log1p(customers["spend"].fillna(customers["spend"].median()))
    np.testing.assert_allclose(encoded["spend"], (filled - filled.mean()) / filled.std(ddof=0))
    with_zeros = customers["active_days"].fillna(0)
    np.testing.assert_allclose(
        encoded["active_days"], (with_zeros - with_zeros.mean()) / with_zeros.std(ddof=0)
    )
    signed = np.sign(customers["balance"]) * np.log1p(customers["balance"].abs())
    np.testing.assert_allclose(encoded["balance"], (signed - signed.mean()) / signed.std(ddof=0))


def test_ordinals_are_standardised_ranks_and_unknown_is_the_median_rank(customers, parameters):
    encoded = features.encode(customers, parameters)
    ranks = customers["size"].map({"SMB": 1, "PA": 2, "KA": 3})
    ranks = ranks.fillna(ranks.median())
    np.testing.assert_allclose(encoded["size"], (ranks - ranks.mean()) / ranks.std(ddof=0))


def test_unknown_categories_are_a_level_and_unknown_flags_zero(customers, parameters):
    encoded = features.encode(customers, parameters)
    assert set(encoded["media"]) == {"FB", "Google", "unknown"}
    assert encoded["is_risky"].tolist() == customers["is_risky"].fillna(0).astype(int).tolist()
    assert not encoded.isna().any().any()


def test_target_encoding_is_scikit_learns_fitted_on_the_other_folds(customers, parameters):
    encoded = features.encode(customers, parameters)
    for fold in range(5):
        others = customers[customers["fold"] != fold]
        own = customers[customers["fold"] == fold]
        threshold = np.quantile(others["proxy_value"], 0.8)
        encoder = TargetEncoder(target_type="binary", smooth="auto").fit(
            others[["category"]].fillna("unknown"), others["proxy_value"] >= threshold
        )
        expected = encoder.transform(own[["category"]].fillna("unknown"))[:, 0]
        np.testing.assert_allclose(
            encoded.loc[own.index, "category"], (expected - 0.2) / 0.4, rtol=1e-12
        )


def test_a_customers_spend_never_changes_its_own_target_encoding(customers):
    before = features.encode(customers, features.fit(customers, SELECTION, LEVELS))
    for position in range(0, len(customers), 13):
        for spend in (0.0, customers["proxy_value"].median(), 1e12):
            changed = customers.copy()
            changed.loc[position, "proxy_value"] = spend
            after = features.encode(changed, features.fit(changed, SELECTION, LEVELS))
            assert after.loc[position, "category"] == before.loc[position, "category"]


def test_an_unseen_category_gets_the_prior_of_its_fold(customers, parameters):
    newcomer = customers.iloc[[0]].assign(category="never seen")
    prior = parameters.query("attribute == 'category' and parameter == 'prior'").set_index("fold")
    expected = (prior.loc[newcomer["fold"].iloc[0], "value"] - 0.2) / 0.4
    assert features.encode(newcomer, parameters)["category"].iloc[0] == expected


def test_one_customer_alone_is_encoded_as_in_the_batch(customers, parameters):
    together = features.encode(customers, parameters)
    for position in range(0, len(customers), 50):
        alone = features.encode(customers.iloc[[position]], parameters)
        pd.testing.assert_frame_equal(alone, together.iloc[[position]])


def test_one_hot_has_a_column_a_level_and_keeps_numbers(customers, parameters):
    encoded = features.encode(customers, parameters)
    numbers = features.one_hot(encoded, parameters)
    media = numbers[["media=FB", "media=Google", "media=unknown"]]
    assert (media.sum(axis=1) == 1).all()
    assert (numbers["media=FB"] == (encoded["media"] == "FB")).all()
    pd.testing.assert_series_equal(numbers["spend"], encoded["spend"])
    assert numbers.dtypes.eq("float64").all()


def test_the_mixed_matrix_one_hot_has_the_same_columns_in_another_order(customers, parameters):
    newcomers = customers.iloc[:30].copy()
    newcomers.loc[newcomers.index[:3], "media"] = "never seen"
    for some in (customers, newcomers):
        encoded = features.encode(some, parameters)
        expected = features.one_hot(encoded, parameters)
        found = candidates.one_hot_matrix(candidates.mixed_matrix(encoded, parameters))
        assert found.shape == expected.shape
        ours, theirs = (sorted(table.T.tolist()) for table in (found, expected.to_numpy()))
        assert ours == theirs
    assert (expected.filter(like="media=").iloc[:3] == 0).all(axis=None)


def test_the_mixed_matrix_is_the_encoded_customers(customers, parameters):
    encoded = features.encode(customers, parameters)
    matrix = candidates.mixed_matrix(encoded, parameters)
    assert matrix.number_names == ["active_days", "balance", "category", "size", "spend"]
    assert matrix.category_names == ["is_risky", "media"]
    assert matrix.flag_names == ["is_risky"]
    assert matrix.levels == [["0", "1"], ["FB", "Google", "unknown"]]
    np.testing.assert_array_equal(matrix.numeric, encoded[matrix.number_names])
    media = np.array(matrix.levels[1])[matrix.codes[:, 1]]
    assert media.tolist() == encoded["media"].tolist()
    assert matrix.codes[:, 0].tolist() == encoded["is_risky"].tolist()


def test_constant_numbers_become_zero(customers):
    constant = customers.assign(spend=3.0)
    encoded = features.encode(constant, features.fit(constant, SELECTION, LEVELS))
    np.testing.assert_allclose(encoded["spend"], 0, atol=1e-12)


def test_row_order_changes_nothing_but_rounding(customers, parameters):
    shuffled = customers.sample(frac=1, random_state=3)
    again = features.fit(shuffled, SELECTION, LEVELS)
    np.testing.assert_allclose(again["value"], parameters["value"], rtol=1e-12)


@pytest.mark.parametrize("share", [0, 1, -0.2, 1.5])
def test_an_impossible_share_is_refused(customers, share):
    with pytest.raises(InputError, match="high_spend_share"):
        features.fit(customers, SELECTION, LEVELS, high_spend_share=share)


def test_nothing_to_cluster_on_is_refused(customers):
    with pytest.raises(InputError, match="rpt_attribute_diagnostics"):
        features.fit(customers, SELECTION.iloc[:0], LEVELS)
