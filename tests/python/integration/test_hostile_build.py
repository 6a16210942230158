"""A build on hostile ids, values and headers in a folder of a hostile name, all its files read."""

from __future__ import annotations

import csv
from collections.abc import Callable

import duckdb
import pandas as pd
import pytest
from project import ROOT, SHORT, Project, expect_success

from segmentation.texts import FORMULA_STARTS

ROWS = 300
IDS = ["=1+1", "@SUM(1)", "-2+cmd|' /C calc'!A0", "＋1", "'; drop table fct_customer_segments; --"]
HEADER = "=cmd|' /C calc'!A0"
GUIDE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hostile(customers: pd.DataFrame, new_project: Callable[..., Project]) -> Project:
    project = new_project('it\'s "a"; {{ 1 }} 客户')
    rows = customers.head(ROWS).copy()
    rows.loc[: len(IDS) - 1, "corporation_id"] = IDS
    rows["corporation_name"] = [f"{name} & Söhne {i}" for i, name in enumerate(rows["main_media"])]
    rows.loc[5, "corporation_name"] = "\t=1+1"
    rows[HEADER] = "+1+1"
    file = project.folder / "it's.csv"
    rows.to_csv(file, index=False)
    expect_success(project.build(file, variables=SHORT))
    return project


@pytest.mark.parametrize("name", ["customer_segments", "df_k2_agglo_all_raw"])
def test_no_cell_of_an_export_is_a_formula(hostile: Project, name: str) -> None:
    path = hostile.exports / f"{name}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert len(rows) == ROWS
    cells = [*header, *(cell for row in rows for cell in row)]
    formulas = [cell for cell in cells if cell.startswith(FORMULA_STARTS)]
    assert [cell for cell in formulas if not cell.strip("-+0123456789.,%e")] == formulas
    id_of = header.index("customer_id" if name == "customer_segments" else "corporation_id")
    for text in IDS:
        written = f"'{text}" if text.startswith(FORMULA_STARTS) else text
        assert [row[id_of] for row in rows].count(written) == 1
    if name == "df_k2_agglo_all_raw":
        assert f"'{HEADER}" in header


def test_ids_stay_as_they_are_in_the_tables(hostile: Project) -> None:
    for source in ("fct_customer_segments", "read_parquet($1)"):
        path = str(hostile.exports / "customer_segments.parquet")
        with duckdb.connect(str(hostile.database), read_only=True) as connection:
            found = connection.execute(
                f"select customer_id from {source}", [path] if "$1" in source else []
            ).fetchall()
        assert {text for (text,) in found} >= set(IDS)
    assert hostile.published.exists()


def test_logs_and_artefacts_hold_no_customer(hostile: Project, customers: pd.DataFrame) -> None:
    """Categories of the file stand in SQL, so in compiled files; ids and names do not."""
    secrets = [*customers["corporation_id"][len(IDS) : ROWS], *IDS[1:3], "Söhne"]
    files = [path for folder in ("logs", "target") for path in (hostile.folder / folder).rglob("*")]
    texts = [path.read_bytes() for path in files if path.is_file()]
    assert len(texts) > 100
    for secret in secrets:
        assert [
            path for path, text in zip(files, texts, strict=False) if secret.encode() in text
        ] == []


def test_the_guide_names_every_table_with_single_customers(hostile: Project) -> None:
    """The query of SECURITY.md finds the tables in which any id of a customer stands."""
    query = GUIDE.partition("```sql\n")[2].partition("```")[0].rstrip().rstrip(";")
    listed = set(hostile.query(query)["table_name"])
    tables = hostile.query(
        "select table_schema || '.' || table_name as relation, table_name, "
        "list(column_name) as columns from information_schema.columns "
        "inner join information_schema.tables using (table_schema, table_name) "
        "where table_type = 'BASE TABLE' and data_type = 'VARCHAR' group by all"
    )
    found = set()
    with duckdb.connect(str(hostile.database), read_only=True) as connection:
        connection.execute(
            "create temporary table ids as select customer_id from main.stg_crm__customers "
            "where regexp_full_match(customer_id, '[0-9]{6,}')"
        )
        for table in tables.itertuples():
            texts = " union all ".join(
                f'select "{column}" as text from {table.relation}' for column in table.columns
            )
            query = f"select count(*) from ({texts}) where text in (from ids)"
            if connection.execute(query).fetchall() != [(0,)]:
                found.add(table.table_name)
    assert {"fct_customer_segments", "int_segment_sizes", "customers"} <= found
    assert found <= listed
