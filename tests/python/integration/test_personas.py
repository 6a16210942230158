"""What is said of segments is true, in both languages alike, and finds what was planted."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import Project

from segmentation.sample import design

DIMENSIONS = [
    "群体命名", "客户占比", "核心规则", "消费能力", "活跃与忠诚", "品类偏好",
    "渠道偏好", "区域偏好", "客户属性", "风险水平", "代表客户", "建议",
]  # fmt: skip
EVIDENCE = re.compile(r"; (?=rpt_|dim_)")
AS_PLANTED = "kprototypes_k5"
DEFINING_SHARE = 0.4
DEFINING_EFFECT = 0.8


@pytest.fixture(scope="module")
def cards(built: Project) -> pd.DataFrame:
    return built.query("select * from rpt_persona_cards order by all")


@pytest.fixture(scope="module")
def phrases(built: Project) -> pd.DataFrame:
    return built.query("select * from int_persona_phrases order by all")


def say(number: float, unit: str, is_share: bool) -> tuple[str, str]:
    """Write a number with its unit in Chinese and English, apart from the macros that do."""
    if is_share:
        return (percent(number),) * 2
    decimals = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    digits = f"{number:,.{decimals}f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    digits = "0" if digits == "-0" else digits
    s = "" if digits == "1" else "s"
    return {
        "usd": (f"{digits} 美元", f"${digits}"),
        "usd_per_month": (f"{digits} 美元/月", f"${digits} a month"),
        "count_per_month": (f"{digits}/月", f"{digits} a month"),
        "days": (f"{digits} 天", f"{digits} day{s}"),
        "months": (f"{digits} 个月", f"{digits} month{s}"),
    }.get(unit, (digits, digits))


def percent(share: float) -> str:
    """Write a share as a percentage, apart from the macro that does."""
    hundredths = 100 * share
    if 0 < hundredths < 0.05:
        return "<0.1%"
    if 99.95 <= hundredths < 100 - 1e-7:
        return ">99.9%"
    near_an_end = 0 < hundredths <= 0.5 or 99.5 <= hundredths < 100 - 1e-7
    return f"{hundredths:.{1 if near_an_end else 0}f}%"


def test_every_segment_has_a_whole_card(built: Project, cards: pd.DataFrame) -> None:
    segments = built.query("select segmentation_id, cluster from dim_segments")
    assert len(cards) == len(segments) * len(DIMENSIONS)
    for _, card in cards.groupby(["segmentation_id", "cluster"]):
        assert list(card.sort_values("dimension_order")["dimension"]) == DIMENSIONS
    for column in ("text_zh", "text_en"):
        assert not cards[column].str.contains(r"[{}]|\bnull\b|\bnan\b|\bNone\b", regex=True).any()
    assert cards["text_zh"].str.endswith("。").all()
    assert cards["text_en"].str.endswith(".").all()


def test_the_paragraph_is_made_of_the_card(built: Project, phrases: pd.DataFrame) -> None:
    segments = built.query("select * from dim_segments").set_index(["segmentation_id", "cluster"])
    for key, own in phrases[phrases["in_persona"]].groupby(["segmentation_id", "cluster"]):
        assert sum(map(len, own["text_zh"])) == len(segments.loc[key, "persona_zh"])
        for language in ("zh", "en"):
            for text in own[f"text_{language}"]:
                assert text in segments.loc[key, f"persona_{language}"]


def test_both_languages_say_the_same_shares(phrases: pd.DataFrame) -> None:
    shares = re.compile(r"[<>]?[\d.]+%")
    said = phrases[~phrases["phrase"].isin(["playbook", "playbook_share"])]
    for zh, en in zip(said["text_zh"], said["text_en"], strict=True):
        assert sorted(shares.findall(zh)) == sorted(shares.findall(en)), (zh, en)


def test_every_sentence_rests_on_rows(built: Project, phrases: pd.DataFrame) -> None:
    said = phrases.dropna(subset="evidence")
    unfounded = phrases[phrases["evidence"].isna()]["phrase"]
    assert set(unfounded) <= {"rule_none", "playbook_none", "nothing", "nothing_special"}
    counts = {}
    for row in said.sample(150, random_state=1).itertuples():
        for rows in EVIDENCE.split(row.evidence):
            mart, _, condition = rows.partition(" where ")
            counts[row.segmentation_id, row.cluster, rows] = (
                f"select count(*) as found from {mart} where cluster = {row.cluster} and "
                f"segmentation_id = '{row.segmentation_id}' and ({condition or 'true'})"
            )
    found = built.query(" union all ".join(counts.values()))["found"]
    assert [rows for rows, count in zip(counts, found, strict=True) if count == 0] == []


def test_numbers_in_sentences_are_those_of_the_marts(built: Project, phrases: pd.DataFrame) -> None:
    kpis = built.query(
        "select rpt_segment_kpis.*, "
        "coalesce(dim_attributes.valid_min = 0 and dim_attributes.valid_max = 1, false) "
        "and rpt_segment_kpis.unit = 'ratio' as is_share "
        "from rpt_segment_kpis inner join dim_attributes using (attribute)"
    ).set_index(["segmentation_id", "cluster", "attribute"])
    compared = phrases[phrases["phrase"].str.match("number_(above|below|plain|mean)")]
    assert len(compared) > 100
    for row in compared.sample(100, random_state=2).itertuples():
        attribute = re.fullmatch(r".* in \('(\w+)'\)", row.evidence)[1]
        kpi = kpis.loc[(row.segmentation_id, row.cluster, attribute)]
        statistic = "mean" if row.phrase == "number_mean" else "median"
        own = say(kpi[statistic], kpi["unit"], kpi["is_share"])
        everyone = say(kpi[f"overall_{statistic}"], kpi["unit"], kpi["is_share"])
        for text, label, value, overall in zip(
            (row.text_zh, row.text_en),
            (kpi["attribute_zh"], kpi["attribute_en"]),
            own,
            everyone,
            strict=True,
        ):
            assert text.startswith(label)
            assert f" {value}" in text.removeprefix(label)
            assert f" {overall}" in text.removeprefix(label)
        if row.phrase == "number_mean":
            assert kpi["median"] == kpi["overall_median"]
        elif row.phrase != "number_plain":
            side = np.sign(kpi["median"] - kpi["overall_median"])
            assert side == np.sign(kpi["effect_size_transformed"])
            assert ("高于" if side > 0 else "低于") in row.text_zh
            assert ("above" if side > 0 else "below") in row.text_en
            assert kpi["p_adjusted_transformed"] < 0.05
            assert kpi["known_customers"] >= 0.5 * kpi["customers"]


def test_preferences_are_those_of_the_mix(built: Project, phrases: pd.DataFrame) -> None:
    mix = built.query("select * from rpt_segment_mix").set_index(
        ["segmentation_id", "cluster", "attribute", "level"]
    )
    preferred = phrases[phrases["phrase"].isin(["levels_more", "flags_more", "risk_higher"])]
    assert len(preferred) > 100
    for row in preferred.sample(100, random_state=3).itertuples():
        named = re.findall(r"attribute = '(\w+)' and level = '([^']+)'", row.evidence)
        assert named
        for attribute, level in named:
            share = mix.loc[(row.segmentation_id, row.cluster, attribute, level)]
            assert not share["is_unknown"]
            assert share["lift"] >= 1.2
            assert share["p_adjusted"] < 0.05
            own, everyone = percent(share["share_of_segment"]), percent(share["share_overall"])
            assert f" {own}（全体 {everyone}）" in row.text_zh
            assert f" {own} (everyone {everyone})" in row.text_en


def test_nine_in_ten_planted_traits_are_told(
    built: Project, cards: pd.DataFrame, planted: pd.Series
) -> None:
    found = built.query(
        f"select * from fct_candidate_segments where segmentation_id = '{AS_PLANTED}'"
    ).set_index("customer_id")["cluster"]
    matches = pd.crosstab(planted.reindex(found.index), found).idxmax(axis=1)
    assert matches.is_unique
    text = cards[cards["segmentation_id"] == AS_PLANTED].groupby("cluster")["text_zh"].agg("".join)
    labels = built.query("select * from int_attribute_levels").set_index(["attribute", "level"])
    customers = built.query("select * from stg_crm__customers").set_index("customer_id")
    numbers = built.query("select * from dim_attributes where role = 'performance'")

    told = []
    for segment, cluster in matches.items():
        for attribute, preferences in design.PREFERENCES[str(segment)].items():
            overall = customers[attribute].fillna("unknown").value_counts(normalize=True)
            for value, share in preferences.items():
                level = "unknown" if value in (design.UNKNOWN, design.UNKNOWN_ZH) else value
                if share >= DEFINING_SHARE and share >= 1.2 * overall[level]:
                    label = labels["label_zh"].get((attribute, level), level)
                    told.append((segment, value, label in text[cluster]))
        own = planted[planted == segment].index
        for number in numbers.itertuples():
            values = customers[number.attribute].astype(float)
            values = values if number.transform == "none" else np.log1p(values)
            effect = (values[own].mean() - values.mean()) / values.std(ddof=0)
            if abs(effect) >= DEFINING_EFFECT:
                said = f"{number.label_zh}中位数为"
                told.append((segment, number.attribute, said in text[cluster]))
    assert len(told) >= 30
    missing = [trait[:2] for trait in told if not trait[2]]
    assert len(missing) <= 0.1 * len(told), missing


def test_categories_are_read_as_the_plan_reads_them(built: Project) -> None:
    customers = built.query("select * from stg_crm__customers").set_index("customer_id")
    found = built.query(
        "select customer_id, segment_id from fct_candidate_segments "
        "inner join dim_segments using (segmentation_id, cluster) "
        "where segmentation_id = 'agglomerative_k2'"
    ).set_index("customer_id")["segment_id"]
    page = (Path(__file__).parents[3] / "docs" / "personas.md").read_text(encoding="utf-8")
    penetration, top_five = re.findall(r"```sql\n(.*?);\n\n(.*?);\n```", page, re.DOTALL)[0]
    flags = built.query(penetration).pivot(
        index="segment_id", columns="attribute_en", values="share_of_segment"
    )
    labels = built.query("select attribute, label_en from dim_attributes").set_index("attribute")
    own = customers.filter(like="is_core_category_").groupby(found.reindex(customers.index)).mean()
    own.columns = labels.loc[own.columns, "label_en"]
    pd.testing.assert_frame_equal(
        flags, own.astype(float), check_like=True, check_names=False, rtol=1e-12
    )
    shown = built.query(top_five).groupby("segment_id")["customers"].agg(sorted)
    for segment_id, counts in shown.items():
        of_segment = customers.loc[found[found == segment_id].index, "top_l2_category"]
        assert counts == sorted(of_segment.value_counts().head(5))
