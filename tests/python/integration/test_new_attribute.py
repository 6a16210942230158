"""A new column needs rows in the seeds and values in the file, and no code."""

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import Project, expect_success

# New rows, without the columns that stay empty; the ones after are quoted where they need it.
NEW_ATTRIBUTES = [
    {
        "attribute": "loyalty_points",
        "aliases": "积分",
        "label_zh": "会员积分",
        "label_en": "Loyalty points",
        "data_type": "number",
        "role": "performance",
        "transform": "log1p",
        "theme": "loyalty",
        "direction": "higher_is_better",
        "unit": "count",
        "is_required": "true",
        "missing_policy": "median",
        "missing_tokens": "暂无积分",
        "valid_min": "0",
        "out_of_range_policy": "set_null",
    },
    {
        "attribute": "service_plan",
        "label_zh": "服务套餐",
        "label_en": "Service plan",
        "data_type": "text",
        "role": "nominal",
        "missing_policy": "unknown_level",
    },
    {
        "attribute": "account_manager_grade",
        "label_zh": "客户经理等级",
        "label_en": "Account manager's grade",
        "data_type": "text",
        "role": "ordinal",
        "missing_policy": "median",
    },
    {
        "attribute": "points_per_account",
        "label_zh": "单账户积分",
        "label_en": "Points per account",
        "data_type": "number",
        "role": "profile_only",
        "derivation": "loyalty_points / nullif(total_account_count, 0)",
    },
    {
        "attribute": "loyalty_level",
        "label_zh": "积分等级",
        "label_en": "Loyalty level",
        "data_type": "text",
        "role": "binned",
        "derivation": "loyalty_points",
    },
]
COMMON = {
    "transform": "none",
    "direction": "neutral",
    "is_required": "false",
    "missing_policy": "none",
    "definition_zh": "测试。",
    "definition_en": "A test.",
}
NEW_LEVELS = """\
service_plan,基础,1,基础版,Basic plan
service_plan,高级,2,高级版,Premium plan
account_manager_grade,初级,1,初级,Junior
account_manager_grade,中级,2,中级,Senior
account_manager_grade,高级,3,高级,Principal
"""
NEW_BINS = """\
loyalty_level,bronze,1,青铜,Bronze,lowest,
loyalty_level,silver,2,白银,Silver,quantile,0.5
loyalty_level,gold,3,黄金,Gold,quantile,0.9
"""
ROWS = 300


@pytest.fixture(scope="module")
def file_rows(customers: pd.DataFrame) -> pd.DataFrame:
    rows = customers.head(ROWS).copy()
    rng = np.random.default_rng(3)
    rows["积分"] = np.round(np.exp(rng.normal(5, 2, ROWS)), 1).astype(str)
    rows.loc[:9, "积分"] = "暂无积分"
    rows["Service Plan"] = rng.choice(["基础", "高级", "定制", "未知"], ROWS)
    rows["客户经理等级"] = rng.choice(["初级", "中级", "高级"], ROWS)
    return rows


@pytest.fixture(scope="module")
def extended(
    file_rows: pd.DataFrame, built: Project, new_project: Callable[..., Project]
) -> Project:
    """The project with new rows in three seeds, a year after a build without them; data tests too.

    All other vars are at their defaults.
    """
    project = new_project("extended", TZ=built.env["TZ"])
    shutil.copy(built.database, project.database)
    later = built.one("select max(as_of_date) + interval 1 year from fct_segment_history").date()
    seeds = project.folder / "seeds"
    dictionary = seeds / "data_dictionary.csv"
    with dictionary.open("r+", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, csv.DictReader(file).fieldnames or [], lineterminator="\n")
        file.seek(0, os.SEEK_END)
        writer.writerows({**COMMON, **attribute} for attribute in NEW_ATTRIBUTES)
    for name, rows in (("attribute_levels.csv", NEW_LEVELS), ("feature_bins.csv", NEW_BINS)):
        with (seeds / name).open("a", encoding="utf-8", newline="") as file:
            file.write(rows)
    customer_file = project.folder / "customers.csv"
    file_rows.to_csv(customer_file, index=False)
    variables = {"as_of_date": str(later), "force_as_of_date": True}
    expect_success(project.build(customer_file, variables=variables, tests=True))
    return project


def test_the_new_model_says_that_its_inputs_are_others(built: Project, extended: Project) -> None:
    added = extended.query(
        "select distinct inputs_added, inputs_removed from rpt_segment_lineage "
        "where previous_as_of_date is not null"
    )
    assert added["inputs_added"].to_list() == [
        "account_manager_grade, loyalty_points, service_plan"
    ]
    assert added["inputs_removed"].isna().all()
    drift = extended.query(
        "select attribute from rpt_feature_drift where verdict = 'new' "
        "and as_of_date = (select max(as_of_date) from rpt_feature_drift) order by attribute"
    )
    assert list(drift["attribute"]) == ["account_manager_grade", "loyalty_points", "service_plan"]
    before = "select * from fct_segment_history where as_of_date = '{}' order by customer_id"
    first = built.one("select max(as_of_date) from fct_segment_history").date()
    pd.testing.assert_frame_equal(
        extended.query(before.format(first)), built.query(before.format(first))
    )


def test_what_the_new_inputs_move_is_the_model_s(extended: Project) -> None:
    moves = extended.query(
        "select sum(moved_by_customer) as by_customer, sum(moved_by_model) as by_model "
        "from rpt_segment_migrations where movement = 'moved'"
    ).iloc[0]
    assert moves["by_customer"] == 0
    assert moves["by_model"] > 0


def test_diagnostics(extended: Project) -> None:
    table = extended.query("select * from rpt_attribute_diagnostics").set_index("attribute")
    assert table.loc["loyalty_points", "missing_share"] == 10 / ROWS
    assert (
        table.loc["loyalty_points", "skewness"]
        > 2
        > abs(table.loc["loyalty_points", "skewness_log1p"])
    )
    assert table.loc["service_plan", "distinct_values"] == 3
    new = ["loyalty_points", "service_plan", "account_manager_grade"]
    assert set(table.loc[new, "reason"]) == {"clustered"}
    assert table.loc["points_per_account", "known_customers"] > 0
    names = extended.query("select attribute, label_zh, in_feature_set_b from dim_attributes")
    labels = names.set_index("attribute")
    assert labels.loc["loyalty_level", "label_zh"] == "积分等级"
    assert labels.loc[["loyalty_level", "service_plan"], "in_feature_set_b"].all()


def test_feature_set_a_and_prototypes(extended: Project, file_rows: pd.DataFrame) -> None:
    encoded = extended.query("select * from ml_feature_set_a").set_index("customer_id")
    encoded = encoded.loc[file_rows["corporation_id"]]
    points = pd.to_numeric(file_rows["积分"], errors="coerce")
    filled = np.log1p(points.fillna(points.median()))
    expected = (filled - filled.mean()) / filled.std(ddof=0)
    np.testing.assert_allclose(encoded["loyalty_points"], expected, rtol=1e-9)
    plans = file_rows["Service Plan"].replace("未知", "unknown")
    assert list(encoded["service_plan"]) == list(plans)
    assert encoded["account_manager_grade"].nunique() == 3

    prototypes = extended.query(
        "select * from ml_kprototypes_parameters where segmentation_id = 'kprototypes_k4'"
    )
    centers = prototypes[prototypes["parameter"] == "center"]
    assert (centers["attribute"] == "loyalty_points").sum() == 4
    assert (centers["attribute"] == "account_manager_grade").sum() == 4
    modes = prototypes[prototypes["parameter"] == "mode"]
    assert set(modes.loc[modes["attribute"] == "service_plan", "level"]) <= set(plans)
    assert (modes["attribute"] == "service_plan").sum() == 4


def test_feature_set_b(extended: Project, file_rows: pd.DataFrame) -> None:
    table = extended.query("select * from int_feature_set_b").set_index("customer_id")
    table = table.loc[file_rows["corporation_id"]]
    points = pd.to_numeric(file_rows["积分"], errors="coerce")
    silver, gold = points.quantile([0.5, 0.9])
    expected = np.select(
        [points.isna(), points >= gold, points >= silver], ["unknown", "gold", "silver"], "bronze"
    )
    assert list(table["loyalty_level"]) == list(expected)
    assert list(table["service_plan"]) == list(file_rows["Service Plan"].replace("未知", "unknown"))


def test_profiles(extended: Project) -> None:
    kpis = extended.query(
        "select * from rpt_segment_kpis "
        "where attribute = 'loyalty_points' and segmentation_id = 'kprototypes_k4'"
    )
    assert len(kpis) == 4
    assert kpis["known_customers"].sum() == ROWS - 10
    assert set(kpis["attribute_zh"]) == {"会员积分"}

    mix = extended.query(
        "select * from rpt_segment_mix where attribute in ('service_plan', 'loyalty_level') "
        "and segmentation_id = 'kprototypes_k4'"
    )
    assert len(mix) == 4 * (4 + 4)
    assert mix["customers"].sum() == 2 * ROWS
    labels = mix.drop_duplicates(["attribute", "level"]).set_index("level")
    assert labels.loc["高级", "level_en"] == "Premium plan"
    assert labels.loc["定制", "level_en"] == "定制"
    assert labels.loc["gold", "level_zh"] == "黄金"


def test_a_level_that_is_not_declared_is_shown(extended: Project) -> None:
    table = extended.query("select * from rpt_dictionary_alignment").set_index("field")
    assert table.loc["service_plan", "verdict"] == "values_differ"
    assert table.loc["service_plan", "examples"] == "定制"
    assert table.loc["loyalty_points", "verdict"] == "aligned"
    assert table.loc["loyalty_points", "header"] == "积分"


def test_a_file_without_the_new_required_column_is_refused(
    extended: Project, sample_file: Path
) -> None:
    run = extended.build(sample_file)
    assert run.returncode != 0
    assert "loyalty_points (会员积分, Loyalty points)" in run.output
    assert "Traceback" not in run.output
