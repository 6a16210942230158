"""Draw the columns of the synthetic customer file.

Every customer's monthly spend is drawn first and all spend columns are computed from it, so the
definitions in ``seeds/data_dictionary.csv`` hold arithmetically. Arrays have one element per
customer of the chunk; those of the spend history have one row per customer and one column per
month. Money is whole US cents until it becomes a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute as pc

from segmentation.sample import catalogue, design
from segmentation.sample.design import NO_VALUE, Segment

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Columns = dict[str, Any]

MONTH_DAYS: Final = 30
MAX_IDLE_DAYS: Final = 1_800
WINDOW_ENDS: Final = (7, 30, 60, 90)  # days; the fifth window is open
WINDOWS_FROM_FIRST: Final = (
    "first_7d_spend_usd",
    "d8_to_d30_spend_usd",
    "d31_to_d60_spend_usd",
    "d61_to_d90_spend_usd",
    "d91_plus_spend_usd",
)
WINDOWS_FROM_LAST: Final = (
    "last_7d_spend_usd",
    "last_d8_to_d30_spend_usd",
    "last_d31_to_d60_spend_usd",
    "last_d61_to_d90_spend_usd",
    "last_d91_plus_spend_usd",
)
NO_LAST_VALUE: Final = 999.0  # where the last month's daily average is 0.00

_CATEGORIES: Final = tuple(catalogue.SUBCATEGORIES)
_SUBCATEGORIES: Final = tuple(s for own in catalogue.SUBCATEGORIES.values() for s in own)
_SUBCATEGORY_COUNTS: Final = np.array([len(own) for own in catalogue.SUBCATEGORIES.values()])
_FIRST_SUBCATEGORY: Final = np.cumsum(_SUBCATEGORY_COUNTS) - _SUBCATEGORY_COUNTS
# The category of each subcategory; the unknown subcategory, last, is of the unknown category, last.
_PARENT: Final = np.append(
    np.repeat(np.arange(len(_CATEGORIES)), _SUBCATEGORY_COUNTS), len(_CATEGORIES)
)


class Draw:
    """Random draws for a chunk of customers.

    Parameters
    ----------
    rng
        Source of everything random.
    segments
        The planted segments.
    n
        Number of customers.

    Attributes
    ----------
    segment : array of shape (n,)
        Planted segment of each customer, as a place in ``segments``.
    """

    def __init__(self, rng: np.random.Generator, segments: Sequence[Segment], n: int) -> None:
        share = np.array([segment.share for segment in segments])
        self.n = n
        self.names = [segment.name for segment in segments]
        self._rng = rng
        self._segments = segments
        self._share = share / share.sum()
        self.segment = self._any_segment()
        self._size = self.normal()

    def _any_segment(self) -> Integers:
        return self._rng.choice(len(self._segments), size=self.n, p=self._share)

    def normal(self, *columns: int) -> Floats:
        """Draw standard normal values of shape (n, *columns)."""
        return self._rng.standard_normal((self.n, *columns))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """Draw evenly spread values."""
        return self._rng.uniform(low, high, self.n)

    def below(self, high: int | Integers) -> Integers:
        """Draw whole numbers from 0 to below ``high``."""
        return self._rng.integers(0, high, self.n)

    def poisson(self, mean: Floats) -> Integers:
        """Draw Poisson counts."""
        return self._rng.poisson(mean)

    def chance(self, probability: float | NDArray[np.floating[Any]], *columns: int) -> Booleans:
        """Draw whether something happens, of shape (n, *columns)."""
        return np.asarray(self._rng.random((self.n, *columns)) < probability)

    def followed(self) -> Integers:
        """Draw the segment whose traits each customer follows in one group of measures."""
        return np.where(self.chance(design.BLUR), self._any_segment(), self.segment)

    def trait(self, name: str, followed: Integers) -> Floats:
        """Look up a trait of the followed segments."""
        values = np.array([getattr(segment, name) for segment in self._segments], dtype=float)
        return np.asarray(values[followed])

    def around(self, name: str, followed: Integers, size_correlation: float = 0.0) -> Floats:
        """Draw lognormal values around a trait, correlated with the size of the customer."""
        own = np.sqrt(1 - size_correlation**2) * self.normal()
        noise = size_correlation * self._size + own
        return np.asarray(self.trait(name, followed) * np.exp(design.SPREAD[name] * noise))

    def levels(self, attribute: str, followed: Integers) -> Integers:
        """Draw places in ``design.POPULARITY[attribute]``; the place after the last is missing."""
        shares = [design.level_shares(attribute, name) for name in self.names]
        cumulative = np.cumsum(shares, axis=1)[followed, :-1]
        return np.asarray((self.uniform()[:, None] > cumulative).sum(axis=1))

    def popular(self, n_values: int) -> Integers:
        """Draw places among values whose popularity falls with their place."""
        return np.asarray(self._rng.choice(n_values, size=self.n, p=design.popularity(n_values)))


def draw_customers(draw: Draw, ids: pa.Array) -> pa.Table:
    """Draw the rows of the customer file for a chunk of customers.

    Parameters
    ----------
    draw
        The chunk's draws.
    ids : array of shape (n,)
        Customer ids.

    Returns
    -------
    pyarrow.Table
        One row per customer, the columns of the file in its order.
    """
    history = draw.followed()
    cents, days = _monthly_spend(draw, history)
    spend = _spend_columns(draw, cents, days)
    columns: Columns = {
        "corporation_id": ids,
        "corporation_name": _company_names(draw),
        **spend,
        **_account_columns(draw, (cents > 0).sum(axis=1)),
        **_payment_columns(draw, history, spend),
        **_company_columns(draw),
        **_media_and_region_columns(draw),
        **_category_columns(draw),
        **_platform_columns(draw),
    }
    return pa.table({name: columns[name] for name in catalogue.COLUMNS})


def _monthly_spend(draw: Draw, history: Integers) -> tuple[Integers, Integers]:
    """Draw spend in cents and the days of each month, both of shape (n, months).

    A month beyond the customer's last has 0 days; a paused one has days and no spend. The first and
    the last month always have spend, and are incomplete.
    """
    span = np.rint(draw.around("months", history)).clip(1, design.MAX_MONTHS).astype(np.int64)
    month = np.arange(design.MAX_MONTHS)
    last = span[:, None] - 1
    days = np.where(month <= last, MONTH_DAYS, 0)
    days[:, 0] = 10 + draw.below(21)
    days = np.where((month == last) & (month > 0), (10 + draw.below(21))[:, None], days)

    paused = draw.chance(design.PAUSED_MONTHS, design.MAX_MONTHS) & (month > 0) & (month < last)
    has_spend = (month <= last) & ~paused
    elapsed = month / np.maximum(last, 1) - 0.5
    log_rate = (
        draw.trait("volatility", history)[:, None] * draw.normal(design.MAX_MONTHS)
        + draw.trait("drift", history)[:, None] * elapsed
    )
    weight = np.where(has_spend, days * np.exp(log_rate), 0.0)
    tails_off = draw.chance(design.TAILED_OFF)[:, None] & (month == last) & (month > 0)
    weight[tails_off] = 0.0
    total = draw.around("spend", draw.segment, design.SIZE_CORRELATION) * has_spend.sum(axis=1)
    cents = np.rint(100 * total[:, None] * weight / weight.sum(axis=1, keepdims=True))
    return np.where(has_spend, np.maximum(cents, 1), 0).astype(np.int64), days


def _spend_columns(draw: Draw, cents: Integers, days: Integers) -> Columns:
    rows = np.arange(draw.n)
    last = (days > 0).sum(axis=1) - 1
    n_months = (cents > 0).sum(axis=1)
    total, peak = cents.sum(axis=1), cents.max(axis=1)
    mean = total / n_months
    squares = np.where(cents > 0, (cents - mean[:, None]) ** 2, 0.0).sum(axis=1)
    largest_first = np.cumsum(-np.sort(-cents, axis=1), axis=1)
    concentration = (1 + (largest_first < 0.8 * total[:, None]).sum(axis=1)) / n_months

    daily = cents / np.maximum(days, 1)
    peak_daily = daily.max(axis=1) * np.exp(0.1 * np.abs(draw.normal()))
    last_daily = daily[rows, last]
    to_last = np.where(
        np.rint(last_daily) == 0, NO_LAST_VALUE, peak_daily / np.maximum(last_daily, 1)
    )
    concentration_daily = concentration * (0.62 + 0.06 * draw.normal())
    return {
        **_windows(cents, days),
        "month_avg_spend_amt": np.round(mean / 100, 2),
        "max_month_spendbyfirst_month_spend": np.round(peak / cents[:, 0], 4),
        "max_month_spendbylast_month_spend": np.round(peak / cents[rows, last], 4),
        "month_std2avg": np.round(np.sqrt(squares / np.maximum(n_months - 1, 1)) / mean, 4),
        "value_concentration_index": np.round(concentration, 4),
        "value_concentration_index_daily": np.round(concentration_daily.clip(0.02, 1), 4),
        "ratio_avg_daily_spend_max_to_first": np.round(peak_daily / daily[:, 0], 4),
        "ratio_avg_daily_spend_max_to_last": np.round(to_last, 4),
    }


def _windows(cents: Integers, days: Integers) -> Columns:
    """Spend by days since the first and before the last; within a month it is spread evenly."""
    rows = np.arange(len(cents))
    last = (days > 0).sum(axis=1) - 1
    spent_after = np.cumsum(cents, axis=1)
    days_after = np.cumsum(days, axis=1)
    total, lifetime = spent_after[:, -1], days_after[:, -1]

    def spent_by(day: Integers) -> Integers:
        month = np.clip((day - days[:, 0]) // MONTH_DAYS + 1, 0, last)
        left = (days_after[rows, month] - day) / days[rows, month]
        part = np.rint(cents[rows, month] * left.clip(0, 1)).astype(np.int64)
        return np.asarray(spent_after[rows, month] - part)

    ends = [np.full(len(cents), end) for end in WINDOW_ENDS]
    nothing = np.zeros_like(total)
    from_first = np.diff([nothing, *(spent_by(end) for end in ends), total], axis=0)
    from_last = np.diff(
        [nothing, *(total - spent_by(lifetime - end) for end in ends), total], axis=0
    )
    columns = dict(zip(WINDOWS_FROM_FIRST, from_first / 100, strict=True))
    return columns | dict(zip(WINDOWS_FROM_LAST, from_last / 100, strict=True))


def _account_columns(draw: Draw, n_months: Integers) -> Columns:
    ads_a_month = draw.around("ads", draw.segment, design.SIZE_CORRELATION)
    ads = np.maximum(np.rint(ads_a_month * n_months), 1).astype(np.int64)
    campaigns = np.maximum(np.rint(ads / np.exp(1.1 + 0.2 * draw.normal())), 1).astype(np.int64)
    spending = draw.around("accounts", draw.segment, design.SIZE_CORRELATION).clip(0.1)
    opened = np.maximum(draw.around("opened", draw.followed()), 1)
    accounts = np.ceil(spending * opened).astype(np.int64)
    ever_spent = (spending / accounts * draw.uniform(1.0, 1.6)).clip(0, 1)
    return {
        "total_account_count": accounts,
        "month_avg_account_count": np.round(accounts * draw.uniform(0.7, 1.0), 2),
        "total_ad_count": ads,
        "month_avg_ad_count": np.round(ads / n_months, 4),
        "total_campaign_count": campaigns,
        "month_avg_campaign_count": np.round(campaigns / n_months, 4),
        "month_avg_spendaccount_num": np.round(spending, 2),
        "spendacc2applyopen_ratio": or_token(np.round(ever_spent, 4), draw.chance(0.02), NO_VALUE),
    }


def _payment_columns(draw: Draw, history: Integers, spend: Columns) -> Columns:
    """Top-ups, the balance, and how long ago the last spend was."""
    idle_days = np.rint(draw.around("idle_days", history)).clip(max=MAX_IDLE_DAYS).astype(np.int64)
    average = spend["month_avg_spend_amt"]
    unrecorded = draw.chance(design.NO_TOPUP_RECORD)
    amount = np.round(average * np.exp(0.2 * draw.normal()), 2)
    count = np.exp(np.log(5.0) + 1.1 * draw.normal())
    first_month = spend["first_7d_spend_usd"] + spend["d8_to_d30_spend_usd"]
    first_topup = np.round(first_month * np.exp(0.2 * draw.normal()), 2)

    spent_last_month = idle_days <= MONTH_DAYS
    overdrawn = draw.chance(0.06)
    balance = np.exp(np.log(0.5) + draw.normal()) * np.where(overdrawn, -0.5, 1.0)
    runway = or_token(np.round(balance, 4), ~spent_last_month, "infinity")
    settled = ~spent_last_month & draw.chance(0.5)
    return {
        "days_since_last_spend": idle_days,
        "month_avg_topup_amt": np.where(unrecorded, average, amount),
        "month_avg_topup_cnt": np.where(unrecorded, design.MEAN_TOPUP_COUNT, np.round(count, 2)),
        "first_30d_topup_amt": or_token(first_topup, unrecorded, ""),
        "financial_runway_months": pc.if_else(pa.array(settled), NO_VALUE, runway),
    }


def _company_columns(draw: Draw) -> Columns:
    followed = draw.followed()
    names = (
        "corporation_size",
        "corporation_promotion_channel_second",
        "business_background",
        "ads_team_size",
        "onboarding_intent_tier",
    )
    return {name: _level_text(name, draw.levels(name, followed)) for name in names}


def _media_and_region_columns(draw: Draw) -> Columns:
    followed, places = draw.followed(), draw.followed()
    media = draw.levels("main_media", followed)
    n_media = 1 + np.minimum(draw.poisson(draw.trait("media", followed)), 10)
    shares = _media_shares(draw, media, n_media)

    region = draw.levels("top_custom_region_all", places)
    n_regions = (1 + draw.around("regions", places)).clip(max=len(_REGIONS))
    n_continents = 1 + 0.55 * (n_regions - 1) * np.exp(0.15 * draw.normal())
    n_countries = n_regions * np.exp(0.4 * np.abs(draw.normal()))
    top_share = (n_regions**-0.4 + 0.08 * draw.normal()).clip(0.15, 1)
    unknown = region == len(_REGIONS)
    n_listed = np.rint(n_countries).clip(1, 7).astype(np.int64)
    listed = np.ravel_multi_index(
        (region, n_listed - 1, draw.below(_COUNTRY_LISTS)), (len(_REGIONS) + 1, 7, _COUNTRY_LISTS)
    )

    columns: Columns = {
        "main_media": _level_text("main_media", media),
        "channel_count": n_media,
        "fb_tt_gg_spend_by_full_spend_ratio": np.round(sum(shares.values()), 4),
        "top_custom_region_all": _level_text("top_custom_region_all", region),
        "month_avg_country_count": or_token(np.round(n_countries, 2), unknown, NO_VALUE),
        "month_avg_continent_count": or_token(
            np.round(n_continents.clip(max=7), 2), unknown, NO_VALUE
        ),
        "month_avg_custom_region_count": or_token(np.round(n_regions, 2), unknown, NO_VALUE),
        "top_custom_region_spend_ratio": or_token(np.round(top_share, 4), unknown, NO_VALUE),
        "main_regions": _take(_country_lists(), listed),
    }
    for name, share in shares.items():
        columns[f"{name}_spend_by_full_spend_ratio"] = share
        like_all = (share > 0) & draw.chance(0.85)
        columns[f"top_custom_region_{name}"] = _level_text(
            "top_custom_region_all", np.where(like_all, region, draw.below(len(_REGIONS)))
        )
    return columns


def _media_shares(draw: Draw, media: Integers, n_media: Integers) -> dict[str, Floats]:
    """Shares of spend on Facebook, TikTok and Google, of at most ``n_media`` media in all."""
    beside_main = np.where(n_media > 1, np.round(0.5 * draw.uniform(), 4), 0.0)
    left = n_media - 1
    weights = {}
    for name, medium in (("fb", "Facebook"), ("tt", "TikTok"), ("gg", "Google")):
        is_main = media == catalogue.MEDIA.index(medium)
        used = ~is_main & (left > 0) & draw.chance(0.6)
        left = left - used
        weights[name] = (is_main, np.where(used, draw.uniform(0.2, 1.0), 0.0))
    total = sum(weight for _, weight in weights.values()) + left * draw.uniform(0.2, 1.0)
    scale = beside_main / np.where(total > 0, total, 1.0)
    return {
        name: np.where(is_main, np.round(1 - beside_main, 4), np.floor(1e4 * weight * scale) / 1e4)
        for name, (is_main, weight) in weights.items()
    }


_REGIONS: Final = tuple(catalogue.COUNTRIES)
_COUNTRY_LISTS: Final = 12  # variants for each region and number of countries


@cache
def _country_lists() -> list[str]:
    """Texts for ``main_regions``: by region (the unknown last, empty), length 1 to 7, variant."""
    world = [country for own in catalogue.COUNTRIES.values() for country in own]
    texts = []
    for place, own in enumerate(catalogue.COUNTRIES.values()):
        abroad = [country for country in world if country not in own]
        for length in range(1, 8):
            for variant in range(_COUNTRY_LISTS):
                at_home = own[: max(1, length - variant % 4)]
                start = 5 * place + 7 * variant
                others = [abroad[(start + 3 * step) % len(abroad)] for step in range(length)]
                texts.append("_".join([*at_home, *others][:length]))
    return [*texts, *[""] * (7 * _COUNTRY_LISTS)]


def _category_columns(draw: Draw) -> Columns:
    followed = draw.followed()
    category = draw.levels("top_l2_category", followed)
    known = category < len(_CATEGORIES)
    own = np.where(known, category, 0)
    subcategory = _FIRST_SUBCATEGORY[own] + draw.below(_SUBCATEGORY_COUNTS[own])
    subcategory = np.where(draw.chance(0.05), draw.below(len(_SUBCATEGORIES)), subcategory)
    subcategory = np.where(known, subcategory, len(_SUBCATEGORIES))
    parent = _PARENT[subcategory]
    n_categories = 1 + draw.poisson(draw.trait("categories", followed))
    unknown = design.MISSING["top_l2_category"][0]
    categories, subcategories = (*_CATEGORIES, unknown), (*_SUBCATEGORIES, unknown)
    pairs = [f"{a}_{b}" for a in categories for b in subcategories]

    def any_spend(name: str, elsewhere: float) -> Booleans:
        place = _CATEGORIES.index(name)
        beside = draw.chance(1 - (1 - elsewhere) ** (n_categories - 1))
        return np.asarray((category == place) | (parent == place) | beside)

    core = {
        f"is_core_category_{flag}": any_spend(name, 0.08)
        for flag, name in design.CORE_CATEGORIES.items()
    }
    gambling = any_spend(design.GAMBLING, 0.004)
    flagged = [
        _CATEGORIES.index(name) for name in (*design.CORE_CATEGORIES.values(), design.GAMBLING)
    ]
    n_core = np.sum(list(core.values()), axis=0)
    others = known & ~np.isin(category, flagged)
    others_of_subcategory = known & (parent != category) & ~np.isin(parent, flagged)
    distinct = n_core + gambling + others + others_of_subcategory
    n_categories = np.maximum(n_categories, distinct)
    risky = draw.followed()
    return {
        "top_l2_category": _take(categories, category),
        "top_l3_category": _take(subcategories, subcategory),
        "top_l2_and_l3_concatenated": _take(pairs, category * len(subcategories) + subcategory),
        "top_l2_l3_combined": _take(pairs, parent * len(subcategories) + subcategory),
        "is_concatenated_equal_to_combined": _flag(category == parent),
        **{name: _flag(flag) for name, flag in core.items()},
        "core_category_count": n_core,
        **{
            f"has_high_risk_flag_{kind}": _flag(draw.chance(_risk(draw, kind, risky, subcategory)))
            for kind in catalogue.RISK_PRONE
        },
        "has_high_risk_flag_gambling": _flag(gambling),
        "consumed_level2_category_count": n_categories,
        "consumed_level3_category_count": n_categories + draw.poisson(0.6 * n_categories),
    }


def _risk(draw: Draw, kind: str, followed: Integers, subcategory: Integers) -> Floats:
    """Probability of a violation of a kind on record."""
    prone = [_SUBCATEGORIES.index(name) for name in catalogue.RISK_PRONE[kind]]
    own = [design.RISKS[kind].get(segment, design.BASE_RISK) for segment in draw.names]
    return np.asarray(np.array(own)[followed] + design.PRONE_RISK * np.isin(subcategory, prone))


def _platform_columns(draw: Draw) -> Columns:
    followed = draw.followed()
    active_days = draw.around("use_days", followed).clip(0.1, 31)
    events = active_days * np.exp(2.5 + 0.3 * draw.normal())
    features = 12 * (1 - np.exp(-active_days / 16)) * np.exp(0.12 * draw.normal())
    detailed = features * np.exp(0.4 + 0.12 * draw.normal())
    numbers = {
        "avg_monthly_active_days": active_days,
        "avg_monthly_event_count": events,
        "avg_monthly_distinct_l3_count": features,
        "avg_monthly_distinct_l4_count": detailed,
    }
    never_used = draw.chance(design.NEVER_USED)
    feature = np.where(never_used, len(catalogue.PLATFORM_FEATURES), draw.popular(8))
    detail = 2 * feature + draw.chance(0.35)
    details = [name for own in catalogue.PLATFORM_FEATURES.values() for name in own]
    uses_core = draw.chance(1 - np.exp(-active_days / 8)) & ~never_used
    return {
        **{
            name: or_token(np.round(values, 2), never_used, NO_VALUE)
            for name, values in numbers.items()
        },
        "top_l3_category_feature": _take([*catalogue.PLATFORM_FEATURES, NO_VALUE], feature),
        "top_l4_category_feature": _take([*details, NO_VALUE, NO_VALUE], detail),
        "core_feature_adoption_flag": _flag(uses_core),
    }


def _company_names(draw: Draw) -> Any:
    parts = [_take(part, draw.below(len(part))) for part in catalogue.COMPANY_NAME_PARTS]
    return pc.if_else(pa.array(draw.chance(0.01)), "", pc.binary_join_element_wise(*parts, ""))


def _take(texts: Sequence[str], places: Integers) -> Any:
    return pa.array(texts, pa.string()).take(pa.array(places))


def _level_text(attribute: str, places: Integers) -> Any:
    token, _ = design.MISSING[attribute]
    return _take([*design.POPULARITY[attribute], token], places)


def or_token(values: Floats, missing: Booleans, token: str) -> Any:
    """Write numbers as the file has them, a token in the place of those that are missing."""
    return pc.if_else(pa.array(missing), token, pa.array(values).cast(pa.string()))


def _flag(values: Booleans) -> Integers:
    return values.astype(np.int64)
