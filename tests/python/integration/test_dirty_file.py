"""A file with everything wrong that a build can cope with: handled, counted, and shown."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from project import SHORT, Project, expect_success

from segmentation.summary import summarise

ROWS = 300
HOSTILE = [
    "O'Brien; drop table x; --",
    "two\nlines",
    "🛍️",
    "长" * 300,
    "100%",
    "100% ",
    "%s %d",
    "{} {0}",
    "{{ 1 }}",
    "{% if x %}{# y",
    "back\\slash\\",
    'double "quote"',
    "/* -- ?",
    "=' or 'a'='a",
]
"""Acquisition channels, one for each that the sample has, so that they tell the same segments."""
STAGING = ["base_crm__customers_raw", "base_crm__customers_checked", "stg_crm__customers"]


@pytest.fixture(scope="module")
def dirty(customers: pd.DataFrame, new_project: Callable[..., Project]) -> Project:
    """A build on a file with faults of every kind, its data tests included."""
    rows = customers.head(ROWS).copy()
    rows["snapshot_date"] = "2025年07月28日"
    rows.loc[0, "snapshot_date"] = "2025/07/21"
    rows["客户经理"] = "张三"
    rows["amount"], rows["amount__number"], rows['"a"; select'] = "12", "x", ""
    rows["channel_count"] = "2"
    rows["business_background"] = "Unknown"
    channels = rows["corporation_promotion_channel_second"]
    found = sorted(set(channels) - {"Unknown"})
    rows["corporation_promotion_channel_second"] = channels.map(
        {channel: HOSTILE[i % len(HOSTILE)] for i, channel in enumerate(found)}
    ).fillna("Unknown")
    rows = rows.drop(columns=["is_core_category_clothing", "top_l3_category"])

    rows.loc[0, "month_avg_spend_amt"] = "约五千"
    rows.loc[1, "month_avg_spend_amt"] = "2025-07-01"
    rows.loc[2, "month_avg_spend_amt"] = "n/a"
    rows.loc[3, "total_ad_count"] = "12.5"
    rows.loc[4, "value_concentration_index"] = "1.5"
    rows.loc[5, "fb_spend_by_full_spend_ratio"] = "120%"
    rows.loc[6, "total_account_count"] = "-1"
    rows.loc[7, "corporation_id"] = r"\N"
    rows.loc[8, ["total_ad_count", "month_avg_ad_count"]] = ["（1,234）", "￥1,234.5"]
    rows.loc[9, "has_high_risk_flag_gambling"] = "maybe"
    rows.loc[10, ["top_l2_category", "has_high_risk_flag_gambling"]] = ["博彩", "0"]
    rows.loc[11, "corporation_size"] = "巨头"
    rows.loc[12, "month_avg_topup_amt"] = "1e200"
    rows["is_core_category_beauty"] = rows["is_core_category_beauty"].map({"1": "是", "0": "否"})

    repeated = rows.loc[[20, 20, 21]].copy()
    repeated.iloc[0, repeated.columns.get_loc("main_media")] = ""
    repeated["corporation_name"] = ["less complete", "as complete", "as complete"]
    rows = pd.concat([rows, repeated], ignore_index=True)

    summary = pd.Series("", rows.columns)
    summary[["corporation_id", "month_avg_spend_amt"]] = ["总计", "99,999,999"]
    rows.loc[len(rows)] = summary
    rows.loc[len(rows)] = pd.Series("", rows.columns)
    text = rows.to_csv(index=False) + "12345,too,few,fields\r\n\r\n   \n"

    project = new_project("dirty")
    customer_file = project.folder / "customers.csv"
    customer_file.write_text(text, encoding="utf-8")
    variables = {**SHORT, "tree_depth": 8, "golden_min_recall": 0.02, "min_tree_gain": 0}
    expect_success(project.build(customer_file, variables=variables, tests=True))
    return project


@pytest.fixture(scope="module")
def diagnostics(dirty: Project) -> pd.DataFrame:
    return dirty.query("select * from rpt_attribute_diagnostics").set_index("attribute")


@pytest.fixture(scope="module")
def alignment(dirty: Project) -> pd.DataFrame:
    return dirty.query("select * from rpt_dictionary_alignment").set_index("field")


@pytest.fixture(scope="module")
def staged(dirty: Project, customers: pd.DataFrame) -> pd.DataFrame:
    """Customers in the order of the file."""
    table = dirty.query("select * from stg_crm__customers").set_index("customer_id")
    return table.reindex(customers["corporation_id"].head(ROWS))


def test_refused_rows_and_why(dirty: Project, customers: pd.DataFrame) -> None:
    refused = dirty.query("select * from stg_crm__customers_rejected order by row_number")
    reasons = refused.set_index("row_number")["rejection_reason"]
    # Rows 301 and 302 repeat row 21, row 303 repeats row 22; of two that are as complete one stays.
    repeated = set(reasons.index[reasons == "duplicate_id"])
    assert repeated in [{301, *pair} for pair in ((21, 22), (21, 303), (302, 22), (302, 303))]
    assert reasons[reasons != "duplicate_id"].to_dict() == {
        7: "out_of_range",
        8: "missing_id",
        304: "summary_row",
        305: "missing_id",
        306: "unreadable_row",
    }
    details = refused.set_index("row_number")["rejection_detail"]
    assert details[7] == "total_account_count = -1"
    assert details[306] == "4 fields, but the header has 79"
    raw = refused.set_index("row_number")["raw_row"]
    assert raw[306] == "12345,too,few,fields"
    assert json.loads(raw[304])["month_avg_spend_amt"] == "99,999,999"
    assert json.loads(raw[301])["客户经理"] == "张三"
    assert json.loads(raw[7])["corporation_name"] == customers.loc[6, "corporation_name"]

    file_rows = dirty.one("select count(*) from base_crm__customers_raw")
    kept = dirty.one("select count(*) from fct_customer_segments")
    assert (file_rows, kept) == (ROWS + 6, ROWS - 2)
    assert kept + len(refused) == file_rows


def test_which_repeated_row_is_kept_does_not_depend_on_its_place(
    dirty: Project, spare: Project, customers: pd.DataFrame, tmp_path: Path
) -> None:
    name = (
        "select corporation_name from stg_crm__customers "
        f"where customer_id = '{customers.loc[20, 'corporation_id']}'"
    )
    assert dirty.one(name) != "less complete"
    rows = dirty.query("select * from base_crm__customers_raw").set_index("_row_number")
    turned = rows.loc[[302, 301, 21, *range(23, 180)]]
    turned = turned.drop(columns=["_file_name", "_read_error", "_raw_line", "snapshot_date"])
    turned.to_csv(tmp_path / "c.csv", index=False)
    expect_success(spare.build(tmp_path / "c.csv", select=STAGING))
    assert spare.one(name) == dirty.one(name)


def test_unreadable_values_are_unknown_and_counted(
    staged: pd.DataFrame, diagnostics: pd.DataFrame
) -> None:
    counts = diagnostics["unreadable_values"]
    assert counts[counts > 0].to_dict() == {
        "month_avg_spend_amt": 2,
        "total_ad_count": 1,
        "month_avg_topup_amt": 1,
        "has_high_risk_flag_gambling": 1,
    }
    examples = diagnostics["unreadable_examples"]
    assert examples["month_avg_spend_amt"] == "2025-07-01 | 约五千"
    assert examples["total_ad_count"] == "12.5"
    assert examples["has_high_risk_flag_gambling"] == "maybe"
    assert staged["month_avg_spend_amt"].iloc[:3].isna().all()
    assert diagnostics.loc["month_avg_spend_amt", "known_customers"] == ROWS - 2 - 3
    assert pd.isna(staged["total_ad_count"].iloc[8])
    assert staged["month_avg_ad_count"].iloc[8] == 1234.5
    assert staged["is_core_category_beauty"].isin([0, 1]).sum() == ROWS - 2


def test_values_outside_their_range(staged: pd.DataFrame, diagnostics: pd.DataFrame) -> None:
    counts = diagnostics["out_of_range_values"]
    assert counts[counts > 0].to_dict() == {
        "value_concentration_index": 1,
        "fb_spend_by_full_spend_ratio": 1,
        "total_ad_count": 1,
    }
    assert diagnostics.loc["total_ad_count", "out_of_range_examples"] == "（1,234）"
    assert pd.isna(staged["value_concentration_index"].iloc[4])
    assert staged["fb_spend_by_full_spend_ratio"].iloc[5] == 1


def test_constant_and_unknown_attributes_stay_out(diagnostics: pd.DataFrame) -> None:
    assert diagnostics.loc["channel_count", "reason"] == "constant"
    assert diagnostics.loc["channel_count", "reason_zh"] == "所有客户的取值相同"
    assert diagnostics.loc["business_background", "reason"] == "all_unknown"
    assert diagnostics.loc["business_background", "missing_share"] == 1
    assert not diagnostics.loc[["channel_count", "business_background"], "in_feature_set_a"].any()


def test_flags_are_derived_or_compared(dirty: Project, diagnostics: pd.DataFrame) -> None:
    # Row 11 is a gambling customer whose flag says no: the file's value is kept and counted.
    assert diagnostics.loc["has_high_risk_flag_gambling", "flag_disagreements"] >= 1
    assert not diagnostics.loc["is_core_category_clothing", "is_in_file"]
    wrong = dirty.one(
        "select count(*) from int_customer_attributes where is_core_category_clothing"
        " is distinct from case when top_l2_category is not null"
        " then cast(top_l2_category = '服装' as integer) end"
    )
    assert wrong == 0


def test_alignment_with_the_dictionary(alignment: pd.DataFrame) -> None:
    unknown = alignment[alignment["verdict"] == "not_in_dictionary"]
    assert unknown["found_type"].to_dict() == {
        "客户经理": "text",
        "amount": "integer",
        "amount__number": "text",
        "a; select": "empty",
    }
    assert list(unknown.loc[["a; select"], "header"]) == ['"a"; select']
    assert not unknown["is_in_dictionary"].any()
    verdicts = {
        "top_l3_category": "not_in_file",
        "business_background": "empty",
        "total_spend_amt": "derived",
        "corporation_size": "values_differ",
        "month_avg_spend_amt": "values_differ",
        "main_media": "aligned",
        "snapshot_date": "aligned",
    }
    assert alignment.loc[list(verdicts), "verdict"].to_dict() == verdicts
    assert alignment.loc["corporation_size", "undeclared_level_values"] == 1
    assert alignment.loc["corporation_size", "examples"] == "巨头"


def test_rules_hold_whatever_categories_are_called(dirty: Project) -> None:
    # That SQL and scikit-learn put everyone into the same leaves is a data test of the build.
    rules = dirty.query("select * from rpt_segment_rules order by segmentation_id, leaf")
    assert set(rules["tree"]) == {"all_segments", "one_segment"}
    conditions = dirty.query(
        "select segmentation_id, leaf, unnest(conditions, recursive := true) from ml_segment_tree"
    )
    channel = conditions["attribute"] == "corporation_promotion_channel_second"
    levels = {level for named in conditions.loc[channel, "levels"] for level in named}
    expected = {level.strip() for level in HOSTILE}
    assert len(levels & expected) > 6  # which of them trees split on is chance
    assert levels <= {*expected, "unknown"}
    columns = ", ".join(
        f"count(*) filter ({predicate}) as r{i}" for i, predicate in rules["predicate_sql"].items()
    )
    counted = dirty.query(f"select {columns} from int_feature_set_b").iloc[0]
    assert list(counted) == list(rules["customers"])


def test_sentences_hold_whatever_categories_are_called(dirty: Project) -> None:
    labels = {" ".join(level.split()) for level in HOSTILE}
    conditions = dirty.query("select * from rpt_rule_conditions order by condition")
    channel = conditions["attribute"] == "corporation_promotion_channel_second"
    for words in conditions.loc[channel, ["condition_zh", "condition_en"]].to_numpy().ravel():
        assert any(label in words for label in {*labels, "未知", "已知", "Unknown", "known"}), words
    told = conditions.groupby(["segmentation_id", "leaf"])[["condition_zh", "condition_en"]].agg(
        list
    )
    sentences = dirty.query(
        "select rules.*, name_zh, name_en, golden_rule_zh from rpt_segment_rules as rules"
        " inner join dim_segments using (segmentation_id, cluster)"
    )
    assert sum(any(label in words for label in labels) for words in sentences["rule_zh"]) > 6
    for rule in sentences.itertuples():
        words = told.loc[rule.segmentation_id, rule.leaf]
        zh, en = " 且 ".join(words["condition_zh"]), ", and ".join(words["condition_en"])
        assert rule.rule_zh.startswith(f"如果 {zh}，则 ")
        assert rule.rule_en.startswith(f"If {en}, then ")
        assert rule.rule_zh.endswith(f"% 属于 {rule.name_zh}")
        assert rule.rule_en.endswith(f"% belong to {rule.name_en}")
        assert "\n" not in rule.rule_zh + rule.rule_en
        if rule.is_golden and rule.golden_rank == 1:
            assert rule.golden_rule_zh == rule.rule_zh


def test_as_of_date_is_the_latest_snapshot_date(dirty: Project) -> None:
    dates = dirty.query("select distinct as_of_date from fct_customer_segments")["as_of_date"]
    assert list(dates) == [pd.Timestamp("2025-07-28")]


def test_summary_says_all_that(dirty: Project) -> None:
    text = summarise(
        dirty.database, dirty.target / "run_results.json", dirty.exports, dirty.published
    )
    for part in (
        "306 read, 298 kept, 8 refused (3 duplicate_id, 2 missing_id, 1 out_of_range, "
        "1 summary_row, 1 unreadable_row; see stg_crm__customers_rejected)",
        "not in the dictionary, so not used: ",
        "month_avg_spend_amt: 2 could not be read and are unknown, such as 2025-07-01 | 约五千",
        "has_high_risk_flag_gambling",
        "K = 4",
        f"Database   {dirty.database}",
        os.fspath(Path(dirty.exports, "customer_segments.csv")),
    ):
        assert part in text, text
