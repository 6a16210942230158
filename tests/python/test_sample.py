from __future__ import annotations

import csv
import hashlib
import itertools
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from segmentation.cli import main
from segmentation.errors import InputError
from segmentation.sample import generate as sample
from segmentation.sample.catalogue import COLUMNS, SUBCATEGORIES
from segmentation.sample.columns import (
    WINDOWS_FROM_FIRST,
    WINDOWS_FROM_LAST,
    Draw,
    _monthly_spend,
    _spend_columns,
)
from segmentation.sample.design import SEGMENTS

SEEDS = Path(__file__).parents[2] / "seeds"
MISSING = {"", "\\N", "Unknown", "未知"}
# Mean and median of three groups found once on the real file, of 4,314, 1,931 and 3,754 customers.
PUBLISHED_SIZES = {1: 4314, 2: 1931, 3: 3754}
PUBLISHED = {
    "month_avg_spend_amt": {1: (856, 209), 2: (188_854, 37_948), 3: (7_237, 2_029)},
    "month_avg_ad_count": {1: (75, 9), 2: (4_929, 833), 3: (214, 33)},
    "month_avg_spendaccount_num": {1: (2.4, 1), 2: (44.9, 14), 3: (2.4, 0.9)},
    "avg_monthly_active_days": {1: (3.7, 3), 2: (6.8, 4.7), 3: (5.1, 4)},
}
CORRELATED = [
    ["total_account_count", "month_avg_account_count"],
    [
        "total_ad_count",
        "month_avg_ad_count",
        "total_campaign_count",
        "month_avg_campaign_count",
    ],
    ["month_avg_topup_amt", "month_avg_spend_amt"],
    ["d91_plus_spend_usd", "last_d91_plus_spend_usd"],
    ["max_month_spendbyfirst_month_spend", "ratio_avg_daily_spend_max_to_first"],
    ["max_month_spendbylast_month_spend", "ratio_avg_daily_spend_max_to_last"],
    [
        "avg_monthly_active_days",
        "avg_monthly_event_count",
        "avg_monthly_distinct_l3_count",
        "avg_monthly_distinct_l4_count",
    ],
    ["month_avg_continent_count", "month_avg_custom_region_count"],
    ["consumed_level2_category_count", "consumed_level3_category_count"],
]


@pytest.fixture(scope="module")
def default() -> tuple[pd.DataFrame, pd.DataFrame]:
    return sample.generate_customers(sample.DEFAULT_ROWS, sample.DEFAULT_SEED)


@pytest.fixture
def customers(default: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return default[0]


@pytest.fixture
def planted(default: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return default[1]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "CHUNK_ROWS", 100)


def read_seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(column: pd.Series) -> pd.Series:
    """The column as numbers; fails on any text that is not one of the file's missing tokens."""
    return pd.to_numeric(column.mask(column.isin([*MISSING, "infinity"])), errors="raise").astype(
        float
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_columns_are_those_of_the_dictionary_in_its_order(customers: pd.DataFrame) -> None:
    described = [row["attribute"] for row in read_seed("data_dictionary.csv")]
    assert list(customers) == [name for name in described if name in COLUMNS]
    assert len(customers) == 9_999


def test_every_value_is_a_level_of_the_seed(customers: pd.DataFrame) -> None:
    levels = pd.DataFrame(read_seed("attribute_levels.csv"))
    for attribute, known in levels.groupby("attribute")["level"]:
        assert set(customers[attribute]) - MISSING <= set(known), attribute


def test_flag_rules_name_values_that_occur(customers: pd.DataFrame) -> None:
    for rule in read_seed("category_flags.csv"):
        assert rule["level"] in set(customers[rule["attribute"]]), rule


def test_numbers_are_read_as_numbers_and_stay_in_their_ranges(customers: pd.DataFrame) -> None:
    for row in read_seed("data_dictionary.csv"):
        if row["attribute"] in COLUMNS and row["data_type"] in ("number", "integer", "flag"):
            values = numbers(customers[row["attribute"]]).dropna()
            if row["valid_min"]:
                assert values.min() >= float(row["valid_min"]), row["attribute"]
            if row["valid_max"]:
                assert values.max() <= float(row["valid_max"]), row["attribute"]
            if row["data_type"] == "integer":
                assert (values == values.round()).all(), row["attribute"]
            if row["data_type"] == "flag":
                assert set(values) == {0, 1}, row["attribute"]


def test_cardinalities_and_shares_of_the_real_file(customers: pd.DataFrame) -> None:
    distinct = {
        "corporation_promotion_channel_second": 16,
        "business_background": 6,
        "ads_team_size": 6,
        "top_custom_region_all": 12,
        "top_l2_category": 27,
        "top_l3_category": 101,
    }
    assert {name: customers[name].nunique() for name in distinct} == distinct
    assert set(customers["onboarding_intent_tier"]) - MISSING == {
        "15日内启动投放",
        "30日内启动投放",
        "60日内启动投放",
        "90日内启动投放",
        "90日以上启动投放",
        "历史老客",
    }
    assert len(set(customers["main_media"]) - MISSING) == 16
    assert customers["channel_count"].min() == 1
    assert customers["channel_count"].max() <= 11
    assert (customers["corporation_size"] == "SMB").mean() == pytest.approx(0.67, abs=0.03)
    assert (customers["main_media"] == "Facebook").mean() == pytest.approx(2 / 3, abs=0.05)
    assert (customers["top_l2_category"] == "未知").mean() == pytest.approx(1 / 3, abs=0.04)
    assert (customers["ads_team_size"] == "Unknown").mean() == pytest.approx(0.94, abs=0.01)
    assert (customers["business_background"] == "Unknown").mean() > 0.5


def test_published_means_and_medians_are_met_within_a_factor_of_two(
    customers: pd.DataFrame, planted: pd.DataFrame
) -> None:
    groups = planted["published_group"]
    for group, size in PUBLISHED_SIZES.items():
        assert (groups == group).sum() == pytest.approx(size, rel=0.1)
    for name, published in PUBLISHED.items():
        for group, (mean, median) in published.items():
            values = numbers(customers[name])[groups == group]
            assert mean / 2 < values.mean() < mean * 2, (name, group, values.mean())
            assert median / 2 < values.median() < median * 2, (name, group, values.median())
    assert (planted.groupby("planted_segment")["published_group"].nunique() == 1).all()


@pytest.mark.parametrize("group", CORRELATED, ids=lambda group: group[0])
def test_groups_of_columns_correlate_above_080(customers: pd.DataFrame, group: list[str]) -> None:
    values = customers[group].apply(numbers)
    values = values[values.lt(999).all(axis=1)] if "ratio" in group[-1] else values
    assert np.log1p(values).corr().to_numpy().min() > 0.8
    assert values.corr("spearman").to_numpy().min() > 0.8


def test_oddities_of_the_real_file(customers: pd.DataFrame) -> None:
    tokens = {token for name in customers for token in MISSING & set(customers[name].astype(str))}
    assert tokens == MISSING
    assert (customers["month_avg_topup_cnt"] == 9.41).mean() > 0.1
    assert customers["month_avg_topup_cnt"].mean() == pytest.approx(9.41, rel=0.05)
    no_record = customers["first_30d_topup_amt"] == ""
    assert customers["month_avg_topup_amt"][no_record].equals(
        customers["month_avg_spend_amt"][no_record]
    )
    assert "infinity" in set(customers["financial_runway_months"])
    assert numbers(customers["financial_runway_months"]).min() < 0
    assert (customers["ratio_avg_daily_spend_max_to_last"] == 999).any()
    n_countries = customers["main_regions"].str.split("_").str.len()
    assert n_countries.max() == 7
    assert n_countries.min() == 1


def test_names_are_many_and_ids_are_unique_digits(customers: pd.DataFrame) -> None:
    assert customers["corporation_id"].is_unique
    assert customers["corporation_id"].str.fullmatch(r"[1-9]\d{9}").all()
    assert customers["corporation_name"].nunique() > 9_000


def test_both_groups_of_windows_add_up_to_total_spend(customers: pd.DataFrame) -> None:
    from_first = customers[list(WINDOWS_FROM_FIRST)].sum(axis=1)
    from_last = customers[list(WINDOWS_FROM_LAST)].sum(axis=1)
    np.testing.assert_allclose(from_first, from_last, rtol=0, atol=0.005)
    months = from_first / customers["month_avg_spend_amt"]
    whole_months = months.round()
    np.testing.assert_allclose(
        customers["month_avg_spend_amt"] * whole_months,
        from_first,
        rtol=0,
        atol=0.005 * whole_months.max() + 0.005,
    )
    np.testing.assert_allclose(
        customers["month_avg_ad_count"] * whole_months,
        customers["total_ad_count"],
        rtol=0,
        atol=0.01,
    )
    single = whole_months == 1
    assert (customers["month_std2avg"][single] == 0).all()
    assert (customers["value_concentration_index"][single] == 1).all()
    assert (customers["max_month_spendbyfirst_month_spend"][single] == 1).all()


def test_spend_columns_against_brute_force() -> None:
    draw = Draw(np.random.default_rng(3), SEGMENTS, 200)
    cents, days = _monthly_spend(draw, draw.followed())
    columns = _spend_columns(draw, cents, days)
    for row in range(draw.n):
        monthly = [int(value) for value in cents[row] if value > 0]
        daily = [
            spend / length
            for spend, length in zip(cents[row], days[row], strict=True)
            for _ in range(length)
        ]
        for names, series in ((WINDOWS_FROM_FIRST, daily), (WINDOWS_FROM_LAST, daily[::-1])):
            bounds = [0, 7, 30, 60, 90, len(series)]
            expected = [sum(series[a:b]) / 100 for a, b in itertools.pairwise(bounds)]
            actual = [columns[name][row] for name in names]
            assert actual == pytest.approx(expected, abs=0.011)
        assert columns["month_avg_spend_amt"][row] == pytest.approx(
            statistics.mean(monthly) / 100, abs=0.0051
        )
        spread = statistics.stdev(monthly) / statistics.mean(monthly) if len(monthly) > 1 else 0
        assert columns["month_std2avg"][row] == pytest.approx(spread, abs=1e-4)
        needed, reached = 0, 0
        for value in sorted(monthly, reverse=True):
            if reached < 0.8 * sum(monthly):
                needed, reached = needed + 1, reached + value
        assert columns["value_concentration_index"][row] == pytest.approx(
            needed / len(monthly), abs=1e-4
        )
        assert columns["max_month_spendbyfirst_month_spend"][row] == pytest.approx(
            max(monthly) / monthly[0], abs=1e-4
        )
        assert columns["max_month_spendbylast_month_spend"][row] == pytest.approx(
            max(monthly) / monthly[-1], abs=1e-4
        )


def test_flags_and_counts_agree_with_the_categories(customers: pd.DataFrame) -> None:
    core = {
        "is_core_category_clothing": "服装",
        "is_core_category_accessories": "饰品/配饰",
        "is_core_category_beauty": "美妆个护",
        "is_core_category_electronics": "消费电子",
    }
    for flag, category in {**core, "has_high_risk_flag_gambling": "博彩"}.items():
        assert (customers[flag][customers["top_l2_category"] == category] == 1).all()
    assert customers["core_category_count"].equals(customers[list(core)].sum(axis=1))
    consumed = customers["consumed_level2_category_count"]
    assert (customers["core_category_count"] <= consumed).all()
    assert (consumed <= customers["consumed_level3_category_count"]).all()

    parents = {child: parent for parent, own in SUBCATEGORIES.items() for child in own}
    parent = customers["top_l3_category"].map({**parents, "未知": "未知"})
    equal = parent == customers["top_l2_category"]
    assert 0.9 < equal.mean() < 1
    assert customers["is_concatenated_equal_to_combined"].astype(bool).equals(equal)
    concatenated = customers["top_l2_category"] + "_" + customers["top_l3_category"]
    assert customers["top_l2_and_l3_concatenated"].equals(concatenated)
    assert customers["top_l2_l3_combined"].equals(parent + "_" + customers["top_l3_category"])


def test_media_shares_add_up_and_agree_with_the_main_medium(customers: pd.DataFrame) -> None:
    shares = {
        "Facebook": customers["fb_spend_by_full_spend_ratio"],
        "TikTok": customers["tt_spend_by_full_spend_ratio"],
        "Google": customers["gg_spend_by_full_spend_ratio"],
    }
    total = sum(shares.values())
    np.testing.assert_allclose(customers["fb_tt_gg_spend_by_full_spend_ratio"], total, atol=1e-9)
    used = sum((share > 0).astype(int) for share in shares.values())
    assert (used <= customers["channel_count"]).all()
    for medium, share in shares.items():
        main = customers["main_media"] == medium
        assert (share[main] >= 0.5).all()
        assert (share[main & (customers["channel_count"] == 1)] == 1).all()


def test_a_clustering_recovers_the_planted_segments_but_not_all_customers(
    customers: pd.DataFrame, planted: pd.DataFrame
) -> None:
    roles = {row["attribute"]: row for row in read_seed("data_dictionary.csv")}
    features = []
    for name, row in roles.items():
        if row["role"] == "performance":
            values = numbers(customers[name]).replace(999, np.nan)
            values = np.log1p(values) if row["transform"] == "log1p" else values
            features.append(((values - values.mean()) / values.std()).fillna(0))
        elif row["role"] in ("nominal", "flag"):
            features.append(pd.get_dummies(customers[name].astype(str), dtype=float))
    points = pd.concat(features, axis=1).to_numpy()
    labels = KMeans(5, n_init=3, random_state=0).fit_predict(points)
    assert 0.6 < adjusted_rand_score(planted["planted_segment"], labels) < 0.9


@pytest.mark.parametrize("n_segments", range(1, 9))
def test_number_of_planted_segments(n_segments: int) -> None:
    customers, planted = sample.generate_customers(2_000, 1, n_segments)
    assert planted["planted_segment"].nunique() == n_segments
    assert planted["corporation_id"].equals(customers["corporation_id"])
    assert list(customers) == list(COLUMNS)


@pytest.mark.usefixtures("small_chunks")
def test_file_holds_the_generated_rows_over_chunks(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "customers.csv"
    written: list[int] = []
    planted_path = sample.write_sample(path, 250, 5, on_progress=written.append)
    customers, planted = sample.generate_customers(250, 5)
    assert written == [100, 200, 250]
    assert not path.read_bytes().startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(path, keep_default_na=False, dtype={"corporation_id": str})
    pd.testing.assert_frame_equal(
        read.astype(str).replace(r"\.0$", "", regex=True),
        customers.astype(str).replace(r"\.0$", "", regex=True),
    )
    assert planted_path.name == "customers_planted.csv"
    pd.testing.assert_frame_equal(pd.read_csv(planted_path, dtype={"corporation_id": str}), planted)
    assert customers["corporation_id"].is_unique
    assert customers["month_avg_spend_amt"].nunique() > 200

    parquet = tmp_path / "customers.parquet"
    sample.write_sample(parquet, 250, 5)
    pd.testing.assert_frame_equal(pd.read_parquet(parquet), customers)


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    digests = []
    for number, seed in enumerate((7, 7, 8)):
        planted = sample.write_sample(tmp_path / f"{number}.csv", 500, seed)
        digests.append((sha256(tmp_path / f"{number}.csv"), sha256(planted)))
    assert digests[0] == digests[1]
    assert digests[0][0] != digests[2][0]
    assert digests[0][1] != digests[2][1]


@pytest.mark.usefixtures("small_chunks")
def test_a_failure_leaves_the_old_file_and_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("old")

    def fail(rows: int) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        sample.write_sample(path, 250, 1, on_progress=fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 5), "at least 1 customer"),
        ((10, -1, 5), "whole number from 0"),
        ((10, 1, 0), "plant 1 to 8"),
        ((10, 1, 9), "plant 1 to 8"),
    ],
)
def test_arguments_out_of_range_are_named(arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sample.generate_customers(*arguments)


def test_command_says_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    result = CliRunner().invoke(main, ["sample", "--rows", "50", "--output", str(path)])
    assert result.exit_code == 0
    assert "50 customers" in result.stdout
    assert "synthetic" in result.stdout
    assert result.stderr == ""
    assert (tmp_path / "a_planted.csv").exists()


@pytest.mark.usefixtures("small_chunks")
def test_command_shows_progress_of_long_runs_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    result = CliRunner().invoke(main, ["sample", "--rows", "900", "--output", str(path)])
    assert "400 of 900 customers" in result.stderr
    assert "800 of 900 customers" in result.stderr
    assert "of 900" not in result.stdout


def test_command_refuses_another_file_type(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["sample", "--output", str(tmp_path / "a.xlsx")])
    assert result.exit_code == 1
    assert "end in .csv or .parquet" in result.stderr
    assert not any(tmp_path.iterdir())


def test_segments_have_names_of_their_own_and_the_default_shares_are_percent() -> None:
    assert len({segment.name for segment in SEGMENTS}) == len(SEGMENTS)
    assert sum(segment.share for segment in SEGMENTS[:5]) == 100
