"""The workbook of a build: read back by another library, and opened by LibreOffice."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook
from project import MARTS, ROOT, Project
from report_cases import HOSTILE, LONG, Case

from segmentation.errors import InputError
from segmentation.texts import clean
from segmentation.workbook.make import make_workbook

SOFFICE = shutil.which("soffice")
HEADER = 5
SHEETS = [
    "概览 Overview",
    "画像 Personas",
    "画像 Personas K=2",
    "指标 KPI",
    "指标 KPI K=2",
    "构成 Mix",
    "构成图 Mix charts",
    "构成 Mix K=2",
    "构成图 Mix charts K=2",
    "规则 Rules",
    "选K K selection",
    "K证据 K evidence",
    "客户清单 Customers",
    "字典 Dictionary",
    "说明 Notes",
]
TWO_GROUPS = [name for name in SHEETS if name.endswith("K=2")]


@pytest.fixture(scope="module")
def path(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbook") / "workbook.xlsx"
    make_workbook(with_two_groups(built, path.with_name("case.duckdb")), path)
    return path


def with_two_groups(built: Project, path: Path) -> Path:
    """Name another candidate the first iteration: the build of the tests does not try K = 2."""
    case = Case(built.database, path)
    candidate = built.one(
        "select segmentation_id from dim_segmentations where not is_final order by k limit 1"
    )
    for table in case.tables_with("segmentation_id"):
        case.run(
            f"update {table} set segmentation_id = 'agglomerative_k2' "
            f"where segmentation_id = '{candidate}'"
        )
    return case.path


@pytest.fixture(scope="module")
def workbook(path: Path) -> Workbook:
    return load_workbook(path)


def table_of(sheet: Any, header: int = HEADER) -> pd.DataFrame:
    """Give the table of a sheet; headings are those in Chinese, with the ids of segments."""
    rows = list(sheet.iter_rows(min_row=header, values_only=True))
    return pd.DataFrame(rows[1:], columns=[str(name).split("\n")[0] for name in rows[0]])


def final(project: Project, mart: str, order_by: str = "all") -> pd.DataFrame:
    return project.query(
        f"select {mart}.* from {mart} inner join dim_segmentations using (segmentation_id) "
        f"where is_final order by {order_by}"
    )


class TestNumbers:
    def test_sheets_panes_and_filters(self, workbook: Workbook) -> None:
        assert workbook.sheetnames == SHEETS
        assert workbook.active is not None
        assert workbook.active.title == SHEETS[0]
        for sheet in workbook:
            if sheet.title.startswith("构成图"):
                assert sheet._charts
                continue
            assert sheet.freeze_panes, sheet.title
            assert sheet.auto_filter.ref, sheet.title
        assert len(workbook["概览 Overview"]._charts) == 2
        assert len(workbook["选K K selection"]._charts) == 5

    def test_nothing_is_a_formula_or_an_error(self, workbook: Workbook) -> None:
        kinds = {cell.data_type for sheet in workbook for row in sheet.iter_rows() for cell in row}
        assert kinds <= {"s", "n"}

    def test_customers(self, workbook: Workbook, built: Project) -> None:
        found = table_of(workbook["客户清单 Customers"])
        expected = built.query("select * from fct_customer_segments order by customer_id")
        assert list(found["客户编号"]) == list(expected["customer_id"])
        assert list(found["客群"]) == list(expected["segment_id"])
        assert list(found["名称"]) == list(expected["name_zh"])
        assert list(found["次近的客群"]) == list(expected["runner_up_segment_id"])
        assert list(found["边界客户"] == "是 yes") == list(expected["is_borderline"])
        for heading, column in (("到客群中心的距离", "distance"), ("轮廓系数", "silhouette")):
            assert found[heading].to_numpy(float) == pytest.approx(
                expected[column].to_numpy(float), rel=1e-12, nan_ok=True
            )

    def test_kpis(self, workbook: Workbook, built: Project) -> None:
        found = table_of(workbook["指标 KPI"]).set_index("英文名")
        kpis = final(built, "rpt_segment_kpis")
        assert len(kpis)
        for row in kpis.itertuples():
            for heading, value in (
                (f"均值 {row.segment_id}", row.mean),
                (f"中位数 {row.segment_id}", row.median),
                (f"标准差 {row.segment_id}", row.std_dev),
                (f"指数 {row.segment_id}", row.index_vs_overall),
                (f"效应 {row.segment_id}", row.effect_size_transformed),
                ("全体均值", row.overall_mean),
                ("全体中位数", row.overall_median),
            ):
                assert found.loc[row.attribute_en, heading] == pytest.approx(value, nan_ok=True)

    def test_mix(self, workbook: Workbook, built: Project) -> None:
        table = table_of(workbook["构成 Mix"])
        english = [place for place, name in enumerate(table.columns) if name.startswith("英文")]
        found = table.set_index([table.iloc[:, english[0]], table.iloc[:, english[1]]])
        mix = final(built, "rpt_segment_mix")
        assert len(mix) == len(table) * mix["segment_id"].nunique()
        for row in mix.itertuples():
            shown = found.loc[(row.attribute_en, row.level_en)]
            assert shown[f"占比 {row.segment_id}"] == pytest.approx(row.share_of_segment)
            assert shown[f"倍数 {row.segment_id}"] == pytest.approx(row.lift, nan_ok=True)
            assert shown[f"客户数 {row.segment_id}"] == row.customers
            assert (shown["未知"] == "是 yes") == row.is_unknown

    def test_overview(self, workbook: Workbook, built: Project) -> None:
        rows = list(workbook["概览 Overview"].iter_rows(values_only=True))
        text = "\n".join(str(value) for row in rows for value in row if value is not None)
        assert built.one("select reason_zh from rpt_k_decision") in text
        assert built.one("select reason_en from rpt_k_decision") in text
        for segment in final(built, "dim_segments").itertuples():
            row = next(row for row in rows if row[0] == segment.segment_id)
            assert row[1] == f"{segment.name_zh}\n{segment.name_en}"
            assert row[2:6] == pytest.approx(
                (
                    segment.customers,
                    segment.customer_share,
                    segment.segment_value,
                    segment.spend_share,
                )
            )
            assert row[7:9] == pytest.approx((segment.mean_silhouette, segment.jaccard))
            assert segment.name_zh in row[11]

    def test_rules_begin_with_golden_ones(self, workbook: Workbook, built: Project) -> None:
        found = table_of(workbook["规则 Rules"])
        own = found[found["分群方案"] == built.one("select segmentation_id from rpt_k_decision")]
        rules = final(built, "rpt_segment_rules")
        assert sorted(own["SQL 条件"]) == sorted(rules["predicate_sql"])
        golden = list(own["黄金规则"] == "是 yes")
        assert golden == sorted(golden, reverse=True)
        merged = own.merge(rules, left_on=["规则"], right_on=["rule_zh"])
        assert list(merged["准确率"]) == pytest.approx(list(merged["precision"]))
        assert list(merged["覆盖率"]) == pytest.approx(list(merged["recall"]))

    def test_personas_have_all_dimensions_in_both_languages(
        self, workbook: Workbook, built: Project
    ) -> None:
        values = {
            value for row in workbook["画像 Personas"].iter_rows(values_only=True) for value in row
        }
        cards = final(built, "rpt_persona_cards")
        assert cards["dimension"].nunique() == 12
        for column in ("dimension", "dimension_en", "text_zh", "text_en"):
            assert set(cards[column].dropna()) <= values

    def test_k_selection(self, workbook: Workbook, built: Project) -> None:
        sheet = workbook["选K K selection"]
        header = next(row[0].row for row in sheet.iter_rows() if row[0].value == "K")
        found = table_of(sheet, header).set_index("K")
        evidence = built.query(
            "select * from rpt_k_selection where method = (select method from rpt_k_decision)"
        )
        for heading, criterion in (("成本", "cost"), ("平均轮廓系数", "mean_silhouette")):
            rows = evidence[evidence["criterion"] == criterion]
            for k, value in zip(rows["k"], rows["value"], strict=True):
                assert found.loc[k, heading] == pytest.approx(value, nan_ok=True)
        chosen = found.index[found["选定"] == "是 yes"]
        assert list(chosen) == [built.one("select k from rpt_k_decision")]
        assert found.loc[chosen[0], "业务得分"] == pytest.approx(
            built.one("select score from rpt_k_decision")
        )
        everything = table_of(workbook["K证据 K evidence"])
        assert len(everything) == built.one("select count(*) from rpt_k_selection")
        raw = set(built.query("select distinct criterion from rpt_k_selection")["criterion"])
        assert raw.isdisjoint(everything["标准"])

    def test_dictionary(self, workbook: Workbook, built: Project) -> None:
        found = table_of(workbook["字典 Dictionary"]).set_index("字段")
        for row in built.query("select * from dim_attributes").itertuples():
            assert found.loc[row.attribute, "中文定义"] == row.definition_zh
            assert found.loc[row.attribute, "英文定义"] == row.definition_en


class TestFile:
    def test_from_a_published_copy_that_holds_marts_only(self, path: Path, tmp_path: Path) -> None:
        with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
            connection.execute(f"attach '{path.with_name('case.duckdb')}' as built (read_only)")
            for mart in MARTS:
                connection.execute(f"create table {mart} as select * from built.{mart}")
        make_workbook(tmp_path / "published.duckdb", tmp_path / "again.xlsx")
        assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()

    def test_command(self, built: Project, tmp_path: Path) -> None:
        result = subprocess.run(
            [str(Path(sys.executable).with_name("segmentation")), "workbook"],
            env={**built.environment(None), "REPORTS_DIR": str(tmp_path / "reports")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert (tmp_path / "reports" / "segmentation_workbook.xlsx").exists()

    def test_no_database_leaves_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no database at"):
            make_workbook(tmp_path / "none.duckdb", tmp_path / "workbook.xlsx")
        assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def odd(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of ten segments with hostile names, without a decision or a first iteration."""
    folder = tmp_path_factory.mktemp("odd")
    case = Case(built.database, folder / "case.duckdb")
    case.add_segments(built.one("select segmentation_id from rpt_k_decision"), 10)
    case.make_hostile()
    case.run("update dim_segments set name_zh = $1 where segment_id = 'S02'", parameters=(LONG,))
    case.run(
        "delete from rpt_k_decision",
        "delete from dim_segmentations where segmentation_id = 'agglomerative_k2'",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # XlsxWriter warns of a name that it takes for a reference
        make_workbook(case.path, folder / "workbook.xlsx", sheet_rows=100)
    return folder / "workbook.xlsx"


class TestOddMarts:
    def test_names_stay_text(self, odd: Path) -> None:
        workbook = load_workbook(odd)
        assert workbook.sheetnames == [name for name in SHEETS if name not in TWO_GROUPS]
        cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        shown = {cell.value for cell in cells}
        for text in HOSTILE:
            assert clean(text) in shown, text
        outside = [cell for cell in cells if cell.hyperlink and not cell.hyperlink.location]
        assert outside == []

    @pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice: apt-get install libreoffice-calc")
    def test_libreoffice_opens_it(self, odd: Path, tmp_path: Path) -> None:
        every_sheet = (
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
        )
        subprocess.run(
            [
                str(SOFFICE),
                "--headless",
                f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
                "--convert-to",
                every_sheet,
                "--outdir",
                str(tmp_path),
                str(odd),
            ],
            capture_output=True,
            check=True,
            timeout=120,
        )
        sheets = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.glob("*.csv")}
        assert len(sheets) == len(SHEETS) - len(TWO_GROUPS)
        faults = r"Err:\d{3}|#(REF|NAME|VALUE|DIV/0|N/A|NUM)[!?]?"
        assert not any(re.search(faults, text) for text in sheets.values())
        customers = next(text for name, text in sheets.items() if "Customers" in name)
        rows = list(csv.reader(customers.splitlines()[1:]))
        assert "customer_segments.parquet" in "".join(rows[0])
