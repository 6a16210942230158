"""Customer files that cannot be segmented: one clear message, the last good tables untouched."""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from project import MARTS, Project, expect_clean_failure

REQUIRED = [
    "corporation_id",
    "total_account_count",
    "total_ad_count",
    "month_avg_ad_count",
    "corporation_size",
    "business_background",
    "ads_team_size",
    "month_avg_topup_amt",
    "month_avg_spend_amt",
    "month_std2avg",
    "value_concentration_index",
    "days_since_last_spend",
    "top_l2_category",
    "avg_monthly_active_days",
    "top_custom_region_all",
    "main_media",
    "channel_count",
]
CONSTANT = dict.fromkeys(REQUIRED[1:], "1") | {"business_background": "Unknown"}
# All but the log of builds, to which the one that fails is added.
KEPT_MARTS = [mart for mart in MARTS if mart != "rpt_build_log"]
# The others describe the file and the dictionary: of a file that was read they show what is wrong.
SEGMENT_MARTS = [mart for mart in MARTS if "segment" in mart]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inbox") / "customers.csv"


@pytest.fixture
def required(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers with the required columns only."""
    return customers[REQUIRED].head(150).copy()


def exported(project: Project) -> dict[Path, bytes]:
    """The exported files and the published copy."""
    paths = [*project.exports.glob("*"), *project.published.parent.glob("*")]
    return {path: path.read_bytes() for path in paths}


def expect_refusal(project: Project, customer_file: Path, *messages: str) -> None:
    """The build stops before it starts: not a byte of the database changes."""
    before = project.database.read_bytes()
    run = project.build(customer_file)
    expect_clean_failure(run, str(customer_file), *messages)
    assert run.statuses == {}
    assert project.database.read_bytes() == before


def expect_marts_kept(
    project: Project,
    customer_file: Path,
    model: str,
    *messages: str,
    marts: Sequence[str] = KEPT_MARTS,
) -> None:
    """The build stops at a model, all after it is skipped, and marts and exports stay."""
    before = project.fingerprints(marts)
    before_exports = exported(project)
    run = project.build(customer_file)
    expect_clean_failure(run, *messages)
    assert [name for name, status in run.statuses.items() if status == "error"] == [model]
    assert {run.statuses[mart] for mart in marts} == {"skipped"}
    assert project.one("select count(*) from crm.unfinished_build") == 1
    assert project.fingerprints(marts) == before
    assert exported(project) == before_exports


def test_missing_columns_are_all_named_with_the_nearest_header(
    inbox: Path, customers: pd.DataFrame, spare: Project
) -> None:
    rows = customers.drop(columns=["month_avg_spend_amt", "main_media"]).rename(
        columns={"channel_count": "chanel_counts"}
    )
    rows.to_csv(inbox, index=False)
    expect_refusal(
        spare,
        inbox,
        "3 required columns are missing",
        "month_avg_spend_amt (月均消耗, Spend per month)",
        "main_media (主要媒体, Main media)",
        'channel_count (投放媒体数, Media used): the nearest header in the file is "chanel_counts"',
        "Nothing was written.",
    )


def test_header_without_rows_in_a_new_database(
    inbox: Path, customers: pd.DataFrame, new_project: Callable[..., Project]
) -> None:
    customers.head(0).to_csv(inbox, index=False)
    project = new_project("empty")
    run = project.build(inbox)
    expect_clean_failure(run, str(inbox), "there is a header but no row below it")
    assert project.relations() == []


def test_database_that_another_program_has_open(sample_file: Path, spare: Project) -> None:
    with duckdb.connect(str(spare.database), read_only=True):
        run = spare.build(sample_file)
    expect_clean_failure(run, "segmentation.duckdb cannot be opened", "Close the program")


def test_empty_file(inbox: Path, spare: Project) -> None:
    inbox.write_bytes(b"")
    expect_refusal(spare, inbox, "the file is empty (0 bytes)")


def test_binary_file_named_csv(inbox: Path, spare: Project) -> None:
    inbox.write_bytes(bytes(range(256)) * 40)
    expect_refusal(spare, inbox, "byte 0 is zero, so this is a binary file")


def test_file_that_ends_inside_a_quoted_field(
    inbox: Path, customers: pd.DataFrame, spare: Project
) -> None:
    text = customers.head(150).assign(corporation_name='a "name"\nof two lines').to_csv(index=False)
    inbox.write_text(text[: text.rindex('""name')], encoding="utf-8")
    expect_marts_kept(
        spare,
        inbox,
        "base_crm__customers_raw",
        "the file ends inside the quoted field. Fetch the file again",
    )


def test_too_few_customers(inbox: Path, required: pd.DataFrame, spare: Project) -> None:
    required.head(105).assign(total_account_count=["-1"] * 6 + ["1"] * 99).to_csv(
        inbox, index=False
    )
    staged = ["base_crm__customers_checked", "stg_crm__customers", "stg_crm__customers_rejected"]
    before = spare.fingerprints(staged)
    expect_marts_kept(
        spare,
        inbox,
        "base_crm__customers_checked",
        "The customer file has 105 rows, of which 99 are customers that can be kept; at least 100",
    )
    assert spare.fingerprints(staged) == before


def test_no_customer_with_spend(inbox: Path, required: pd.DataFrame, spare: Project) -> None:
    required.assign(month_avg_spend_amt="0").to_csv(inbox, index=False)
    expect_marts_kept(
        spare,
        inbox,
        "base_crm__customers_checked",
        "The value attribute month_avg_spend_amt is above 0 for no customer",
    )


def test_nothing_varies(inbox: Path, required: pd.DataFrame, spare: Project) -> None:
    required.assign(**CONSTANT).to_csv(inbox, index=False)
    expect_marts_kept(
        spare,
        inbox,
        "int_attribute_selection",
        "No attribute is left to cluster on.",
        "month_avg_spend_amt (constant)",
        "onboarding_intent_tier (not_in_file)",
        "business_background (all_unknown)",
        marts=SEGMENT_MARTS,
    )


def test_fewer_different_customers_than_segments(
    inbox: Path, required: pd.DataFrame, spare: Project
) -> None:
    spend = [str(100 * (row % 3 + 1)) for row in range(len(required))]
    required.assign(**{**CONSTANT, "month_avg_spend_amt": spend}).to_csv(inbox, index=False)
    expect_marts_kept(
        spare,
        inbox,
        "ml_feature_set_a",
        "The customers have only 3 different rows in feature set A, too few for 10 segments",
        marts=SEGMENT_MARTS,
    )
