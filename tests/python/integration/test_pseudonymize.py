"""With pseudonyms, nothing that leaves the database names a customer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from project import Project, expect_clean_failure, expect_success

from segmentation.pseudonyms import pseudonym
from segmentation.report.page import make_report
from segmentation.workbook.make import make_workbook

KEY = "a secret of some length"
# Enough to fit: what is found does not matter here.
VARIABLES = {
    "pseudonymize": True,
    "k_values": [3, 4],
    "final_k": 4,
    "final_method": "kprototypes",
    "final_k_reason": "a test",
    "n_bootstraps": 2,
    "n_bootstraps_slow": 2,
    "n_references": 2,
    "famd_axes": [3],
}


@pytest.fixture(scope="module")
def people(customers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few customers, whose names are told, and a column that the dictionary does not know."""
    some = customers.head(600).copy()
    some["corporation_name"] = [f"Company-{name}" for name in some["corporation_id"]]
    some["their telephone"] = [f"T{name}" for name in some["corporation_id"]]
    path = tmp_path_factory.mktemp("people") / "people.csv"
    some.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def hidden(people: Path, new_project: Callable[..., Project]) -> Project:
    project = new_project("hidden", PSEUDONYM_KEY=KEY)
    expect_success(project.build(people, variables=VARIABLES))
    return project


def test_ids_are_their_keyed_hashes_everywhere(hidden: Project, people: Path) -> None:
    ids = pd.read_csv(people, dtype=str)["corporation_id"]
    stand_ins = {pseudonym(name, KEY.encode()) for name in ids}
    for query in (
        "select customer_id from fct_customer_segments",
        "select customer_id from fct_segment_history",
    ):
        assert set(hidden.query(query)["customer_id"]) == stand_ins
    for name in ("customer_segments.csv", "df_k2_agglo_all_raw.csv"):
        assert set(pd.read_csv(hidden.exports / name, dtype=str).iloc[:, 0]) == stand_ins


def test_no_id_and_no_name_leaves_the_database(hidden: Project, people: Path) -> None:
    make_report(hidden.database, hidden.folder / "report.html")
    make_workbook(hidden.database, hidden.folder / "book.xlsx", exports=hidden.exports)
    ids = set(pd.read_csv(people, dtype=str)["corporation_id"])
    texts = [
        path.read_text(encoding="utf-8-sig")
        for path in (*hidden.exports.glob("*.csv"), hidden.folder / "report.html")
    ]
    texts += [
        sheet.to_csv()
        for sheet in pd.read_excel(hidden.folder / "book.xlsx", sheet_name=None, dtype=str).values()
    ]
    with duckdb.connect(str(hidden.published), read_only=True) as copy:
        for (table,) in copy.sql("show tables").fetchall():
            texts.append(copy.sql(f"from {table}").df().to_csv())
    assert len(texts) > 40
    for text in texts:
        assert "Company-" not in text
        assert not ids & set(re.findall(r"\d{10}", text))


def test_the_key_is_nowhere(hidden: Project) -> None:
    files = [path for path in hidden.folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_without_a_key_nothing_is_built(
    people: Path, hidden: Project, new_project: Callable[..., Project]
) -> None:
    expect_clean_failure(
        new_project("keyless").build(people, variables=VARIABLES),
        "The var pseudonymize is true, but the environment variable PSEUDONYM_KEY is not set.",
    )
