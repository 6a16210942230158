"""Every kind of customer file, read by plain ``dbt build``, gives the same customers."""

import codecs
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from postgres_server import PASSWORD, Server
from project import ROOT, Project, expect_success

from segmentation.dictionary.attributes import load_dictionary

ROWS = 150
STAGING = (
    "stg_crm__customers",
    "stg_crm__customers_rejected",
    "stg_crm__customer_value_issues",
)
READ = ["base_crm__customers_raw", "base_crm__customers_checked", *STAGING]


@pytest.fixture(scope="module")
def some_customers(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers with what makes reading hard: quotes, line breaks, odd numbers, refused rows."""
    rows = customers.head(ROWS).copy()
    rows.loc[0, "corporation_name"] = '他说"好"，\n第二行; 第三\t列'
    rows.loc[1, "corporation_name"] = "a, b"
    rows.loc[2, "month_avg_spend_amt"] = "US$ 1,234.50"
    rows.loc[3, "month_avg_ad_count"] = "１２．５"
    rows.loc[4, "spendacc2applyopen_ratio"] = "12.5%"
    rows.loc[5, "month_avg_topup_amt"] = "暂无"
    rows.loc[6, "total_account_count"] = "-3"
    rows.loc[7, "corporation_id"] = rows.loc[8, "corporation_id"]
    rows.loc[len(rows)] = ["合计"] + [""] * (rows.shape[1] - 1)
    return rows


def as_csv(encoding: str, separator: str, bom: bytes = b"") -> Callable[..., str]:
    def write(rows: pd.DataFrame, folder: Path, project: Project) -> str:
        path = folder / "it's 客户 [1]*.csv"
        text = rows.to_csv(index=False, sep=separator, lineterminator="\r\n")
        path.write_bytes(bom + text.encode(encoding))
        return str(path)

    return write


def as_csv_with_chinese_headers(rows: pd.DataFrame, folder: Path, project: Project) -> str:
    labels = {a.attribute: a.label_zh for a in load_dictionary(ROOT / "seeds/data_dictionary.csv")}
    full_width = {ord("（"): "(", ord("）"): ")"}
    headers = {name: f" {labels[name].translate(full_width)}\u3000" for name in rows.columns}
    return as_csv("gb18030", ",")(rows.rename(columns=headers), folder, project)


def as_parts(rows: pd.DataFrame, folder: Path, project: Project) -> str:
    for name, part in (("part 1", rows[:60]), ("part 2", rows[60:])):
        (folder / name).mkdir()
        as_csv("utf-8", ",")(part, folder / name, project)
    return str(folder / "part *" / "*.csv")


def as_workbook(rows: pd.DataFrame, folder: Path, project: Project) -> str:
    path = folder / "customers.xlsx"
    typed(rows).to_excel(path, index=False)
    return str(path)


def as_parquet(rows: pd.DataFrame, folder: Path, project: Project) -> str:
    path = folder / "customers.parquet"
    typed(rows).to_parquet(path)
    return str(path)


def as_table(rows: pd.DataFrame, folder: Path, project: Project) -> str:
    with duckdb.connect(str(project.database)) as connection:
        connection.register("frame", typed(rows))
        connection.execute("create schema if not exists warehouse")
        connection.execute("create or replace table warehouse.customers as from frame")
    return "warehouse.customers"


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Numbers as numbers where a column holds nothing else, as in a workbook or a table."""
    columns = {}
    for name in rows.columns:
        numbers = pd.to_numeric(rows[name].where(rows[name] != ""), errors="coerce")
        is_number = name != "corporation_id" and (numbers.notna() | (rows[name] == "")).all()
        columns[name] = numbers if is_number else rows[name]
    return pd.DataFrame(columns)


KINDS = {
    "utf-8 with a byte order mark, semicolons": as_csv("utf-8", ";", codecs.BOM_UTF8),
    "utf-16, tabs": as_csv("utf-16-le", "\t", codecs.BOM_UTF16_LE),
    "gb18030, chinese headers": as_csv_with_chinese_headers,
    "two files": as_parts,
    "workbook": as_workbook,
    "parquet": as_parquet,
    "table of the database": as_table,
}


@pytest.fixture(scope="module")
def expected(
    some_customers: pd.DataFrame, spare: Project, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What staging makes of the plainest file: CSV, UTF-8, commas."""
    path = as_csv("utf-8", ",")(some_customers, tmp_path_factory.mktemp("plain"), spare)
    expect_success(spare.build(path, select=READ))
    return staged(spare)


def staged(project: Project) -> dict[str, str]:
    """Fingerprints of staging; the raw rows without their column names, which differ."""
    prints = project.fingerprints(("stg_crm__customers", "stg_crm__customer_value_issues"))
    refused = project.query(
        "select row_number, rejection_reason, rejection_detail from stg_crm__customers_rejected"
    )
    return {**prints, "refused": refused.sort_values("row_number").to_csv(index=False)}


def test_plain_csv_is_read_as_meant(expected: dict[str, str], spare: Project) -> None:
    assert spare.one("select count(*) from stg_crm__customers") == ROWS - 2
    assert expected["refused"].count("\n") == 1 + 3
    values = spare.query("select * from stg_crm__customers").set_index("customer_id")
    raw = spare.query("select * from base_crm__customers_raw").set_index("_row_number")
    of_row = {number: values.loc[raw.loc[number, "corporation_id"]] for number in (1, 3, 4, 5, 6)}
    assert of_row[1]["corporation_name"] == '他说"好"，\n第二行; 第三\t列'
    assert of_row[3]["month_avg_spend_amt"] == 1234.5
    assert of_row[4]["month_avg_ad_count"] == 12.5
    assert of_row[5]["spendacc2applyopen_ratio"] == 0.125
    assert pd.isna(of_row[6]["month_avg_topup_amt"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_customers(
    kind: str,
    expected: dict[str, str],
    some_customers: pd.DataFrame,
    spare: Project,
    tmp_path: Path,
) -> None:
    location = KINDS[kind](some_customers, tmp_path, spare)
    run = spare.build(location, select=READ)
    expect_success(run)
    assert staged(spare) == expected


def test_a_table_in_postgresql_gives_the_same_customers(
    some_customers: pd.DataFrame, spare: Project, postgres: Server, tmp_path: Path
) -> None:
    rows = some_customers.drop_duplicates("corporation_id").sort_values("corporation_id")
    expect_success(spare.build(as_csv("utf-8", ",")(rows, tmp_path, spare), select=READ))
    expected = staged(spare)

    shuffled = typed(rows).sample(frac=1, random_state=1)
    with postgres.connected() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("Customers", pa.Table.from_pandas(shuffled, preserve_index=False))
    run = spare.build(f"{postgres.url()}?table=public.Customers", select=READ)
    expect_success(run)
    assert staged(spare) == expected
    written = [run.output, *(path.read_text("utf-8") for path in spare.folder.glob("*/*.[jl]*"))]
    assert len(written) > 3
    for secret in (PASSWORD, quote(PASSWORD, safe="")):
        assert [text for text in written if secret in text] == []
