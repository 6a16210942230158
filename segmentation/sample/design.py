"""The planted design of the synthetic customer file: segments, preferences, risks, noise.

Customers overlap for two reasons: within a segment a measure varies by the ``SPREAD`` of its
logarithm, and in each of several groups of measures (history, opened accounts, company, media,
regions, categories, risks, platform use) a customer follows, with probability ``BLUR``, the traits
of a segment drawn by share instead of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmentation.sample import catalogue


class Segment(NamedTuple):
    """Numeric traits of a planted segment; medians unless said otherwise."""

    name: str
    published_group: int  # of the three that were published for the real file
    share: int  # of customers, relative to the other planted segments
    spend: float  # USD a month with spend
    ads: float  # a month
    accounts: float  # with spend, a month
    opened: float  # accounts, for each that spends
    use_days: float  # on the platform, a month
    idle_days: float  # since the last spend
    months: float  # from the first spend to the last
    volatility: float  # sd of the logarithm of a month's spend
    drift: float  # of the logarithm of spend, from the first month to the last
    media: float  # mean number beside the main one
    regions: float  # beside the main one
    categories: float  # mean number beside the main one


# fmt: off
# The first K are planted; each is distinct from those above it.
SEGMENTS: Final = (
    #       name            group shr spend  ads  acc open  use idle month  vol drift  med  reg  cat
    Segment("trial_and_gone", 1, 27,   130,   6, 0.8, 1.2, 1.9, 300, 1.5, 0.4,  0.0, 0.2, 0.2, 0.2),
    Segment("key_accounts",   2, 19, 38000, 850,  14, 1.4, 5.5,   2,  18, 0.4,  0.3, 2.6, 2.5, 3.0),
    Segment("growing_brands", 3, 20,  2400,  38, 0.9, 1.2, 5.0,   9,   9, 0.6,  3.0, 2.0, 2.0, 0.5),
    Segment("bursty_tiktok",  3, 18,  1700,  28, 0.9, 6.0, 3.2, 100,   7, 1.3, -2.0, 0.3, 0.4, 2.4),
    Segment("steady_small",   1, 16,   450,  24, 1.3, 1.2, 6.0,   2,  18, 0.2,  0.0, 0.9, 0.2, 1.2),
    Segment("gambling_risk",  2,  8, 21000, 300,  12, 6.0, 3.0,  25,   6, 0.9, -0.3, 2.0, 0.5, 0.5),
    Segment("game_studios",   3,  9,  9000,  60, 1.2, 1.2,  12,   3,  22, 0.3, -0.5, 3.5, 3.0, 0.1),
    Segment("dormant_large",  3, 11,  4500,  80, 3.0, 1.5, 1.2, 420,  22, 0.3, -0.8, 0.5, 0.8, 1.2),
)
# One segment is no structure: everybody is drawn from the middle of the market.
NO_STRUCTURE: Final = \
    Segment("everyone",       3,  1,  1500,  30, 2.0, 1.3, 4.0,  20,  10, 0.6,  0.0, 0.8, 0.8, 1.0)
# fmt: on

BLUR: Final = 0.14
# Standard deviation within a segment of the logarithm of a measure.
SPREAD: Final = {
    "spend": 1.45,
    "ads": 1.7,
    "accounts": 1.15,
    "opened": 0.4,
    "use_days": 0.6,
    "idle_days": 0.7,
    "months": 0.4,
    "regions": 0.5,
}
SIZE_CORRELATION: Final = 0.6  # of spend, ads and accounts with one size of the customer

MAX_MONTHS: Final = 36
PAUSED_MONTHS: Final = 0.08  # share of the months between first and last
TAILED_OFF: Final = 0.008  # share of customers whose last month is one cent
NO_TOPUP_RECORD: Final = 0.15
MEAN_TOPUP_COUNT: Final = 9.41  # put where no top-up is recorded, hence the real file's spike
NEVER_USED: Final = 0.04  # share of customers without any use of the platform
# Share with a violation on record: of everyone, and more in some segments and in prone categories.
BASE_RISK: Final = 0.01
PRONE_RISK: Final = 0.20
RISKS: Final[dict[str, dict[str, float]]] = {
    "real_money": {"gambling_risk": 0.40},
    "counterfeit": {"bursty_tiktok": 0.10},
    "cheat": {"trial_and_gone": 0.05, "gambling_risk": 0.15},
}

CORE_CATEGORIES: Final = {
    "clothing": "服装",
    "accessories": "饰品/配饰",
    "beauty": "美妆个护",
    "electronics": "消费电子",
}
GAMBLING: Final = "博彩"

UNKNOWN: Final = "Unknown"
UNKNOWN_ZH: Final = "未知"
NO_VALUE: Final = "\\N"

# The values of an attribute, the popular ones first.
POPULARITY: Final[dict[str, tuple[str, ...]]] = {
    "main_media": catalogue.MEDIA,
    "top_custom_region_all": tuple(catalogue.COUNTRIES),
    "top_l2_category": tuple(catalogue.SUBCATEGORIES),
    "corporation_size": catalogue.SIZES,
    "corporation_promotion_channel_second": catalogue.SOURCES,
    "business_background": catalogue.BACKGROUNDS,
    "ads_team_size": catalogue.TEAM_SIZES,
    "onboarding_intent_tier": catalogue.LAUNCH_TIERS,
}
# What the file has for a missing value, and the share that misses it whatever the segment.
MISSING: Final[dict[str, tuple[str, float]]] = {
    "main_media": (NO_VALUE, 0.005),
    "top_custom_region_all": (UNKNOWN_ZH, 0.03),
    "top_l2_category": (UNKNOWN_ZH, 0.03),
    "corporation_size": ("", 0.002),
    "corporation_promotion_channel_second": (UNKNOWN, 0.10),
    "business_background": (UNKNOWN, 0.76),
    "ads_team_size": (UNKNOWN, 0.94),
    "onboarding_intent_tier": (NO_VALUE, 0.08),
}

# Share of a segment at each value; the rest falls to the values by POPULARITY.
PREFERENCES: Final[dict[str, dict[str, dict[str, float]]]] = {
    "trial_and_gone": {
        "main_media": {"Facebook": 0.85},
        "top_custom_region_all": {"北美": 0.50, UNKNOWN_ZH: 0.20},
        "top_l2_category": {UNKNOWN_ZH: 0.70},
        "corporation_size": {"SMB": 0.95, "PA": 0.05},
        "corporation_promotion_channel_second": {"自然流量": 0.70},
        "onboarding_intent_tier": {"90日以上启动投放": 0.60},
    },
    "key_accounts": {
        "main_media": {"Facebook": 0.72, "Google": 0.15},
        "top_custom_region_all": {"北美": 0.70},
        "top_l2_category": {"服装": 0.55, UNKNOWN_ZH: 0.10},
        "corporation_size": {"SMB": 0.08, "PA": 0.27, "KA": 0.65},
        "corporation_promotion_channel_second": {"BD": 0.70},
        "onboarding_intent_tier": {"历史老客": 0.60},
    },
    "growing_brands": {
        "main_media": {"Google": 0.65, "Facebook": 0.25},
        "top_custom_region_all": {"日韩": 0.60, "北美": 0.15},
        "top_l2_category": {"消费电子": 0.55, UNKNOWN_ZH: 0.18},
        "corporation_size": {"SMB": 0.48, "PA": 0.47, "KA": 0.05},
        "corporation_promotion_channel_second": {"SEM": 0.70},
        "onboarding_intent_tier": {"15日内启动投放": 0.60},
    },
    "bursty_tiktok": {
        "main_media": {"TikTok": 0.60, "Facebook": 0.32},
        "top_custom_region_all": {"东南亚": 0.70},
        "top_l2_category": {"美妆个护": 0.55, UNKNOWN_ZH: 0.20},
        "corporation_size": {"SMB": 0.88, "PA": 0.10, "KA": 0.02},
        "corporation_promotion_channel_second": {"SP": 0.70},
        "onboarding_intent_tier": {"60日内启动投放": 0.50},
    },
    "steady_small": {
        "main_media": {"Facebook": 0.90},
        "top_custom_region_all": {"西欧": 0.70},
        "top_l2_category": {"饰品/配饰": 0.55, UNKNOWN_ZH: 0.20},
        "corporation_size": {"SMB": 0.95, "PA": 0.05},
        "corporation_promotion_channel_second": {"老客转介绍": 0.70},
        "onboarding_intent_tier": {"历史老客": 0.60},
    },
    "gambling_risk": {
        "main_media": {"Google": 0.30, "Kwai": 0.40, "Facebook": 0.20},
        "top_custom_region_all": {"南美": 0.70},
        "top_l2_category": {"博彩": 0.65, "中度": 0.15},
        "corporation_size": {"SMB": 0.30, "PA": 0.60, "KA": 0.10},
        "corporation_promotion_channel_second": {"代理商推荐": 0.70},
        "onboarding_intent_tier": {"15日内启动投放": 0.65},
    },
    "game_studios": {
        "main_media": {"Mintegral": 0.60, "Google": 0.20},
        "top_custom_region_all": {"港澳台": 0.65},
        "top_l2_category": {"重度": 0.60, "轻度": 0.20},
        "corporation_size": {"SMB": 0.35, "PA": 0.45, "KA": 0.20},
        "corporation_promotion_channel_second": {"媒体官方推荐": 0.70},
        "onboarding_intent_tier": {"30日内启动投放": 0.60},
    },
    "dormant_large": {
        "main_media": {"Facebook": 0.70, "Bing": 0.20},
        "top_custom_region_all": {"大洋洲": 0.65},
        "top_l2_category": {"运动户外": 0.45, "汽摩配件": 0.20, UNKNOWN_ZH: 0.15},
        "corporation_size": {"SMB": 0.50, "PA": 0.30, "KA": 0.20},
        "corporation_promotion_channel_second": {"线下展会": 0.70},
        "onboarding_intent_tier": {"历史老客": 0.80},
    },
    "everyone": {
        "main_media": {"Facebook": 0.66},
        "top_custom_region_all": {"北美": 0.40},
        "top_l2_category": {UNKNOWN_ZH: 0.33},
        "corporation_size": {"SMB": 0.67, "PA": 0.20, "KA": 0.13},
    },
}


def popularity(n_values: int) -> NDArray[np.float64]:
    """Shares of values by popularity, of shape (n_values,): the r-th of them has 1 / (r + 1)."""
    share = 1 / np.arange(2, n_values + 2)
    return np.asarray(share / share.sum())


def level_shares(attribute: str, segment: str) -> NDArray[np.float64]:
    """Shares of an attribute's values in a segment; the last is that of the missing value."""
    values, (token, missing) = POPULARITY[attribute], MISSING[attribute]
    preferred = PREFERENCES[segment].get(attribute, {})
    share = (1 - sum(preferred.values())) * popularity(len(values))
    share += [preferred.get(value, 0.0) for value in values]
    return np.append((1 - missing) * share, missing + (1 - missing) * preferred.get(token, 0.0))
