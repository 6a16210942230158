"""Sheets of the workbook, written from a few rows and read back by another library."""

from __future__ import annotations

import datetime
import math
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from segmentation.dictionary.words import UNITS
from segmentation.errors import InputError
from segmentation.files import write_whole, written_beside
from segmentation.report import words
from segmentation.report.formats import Text, isolate
from segmentation.report.marts import Reader, Segmentation
from segmentation.workbook import evidence, lists, native_charts, profiles, shared
from segmentation.workbook.native_charts import Series
from segmentation.workbook.sheets import (
    COUNT,
    LONGEST_TEXT,
    PERCENT,
    PLAIN,
    Book,
    Column,
    Sheet,
    lines_in,
    safe_text,
    tint,
)

DAY = datetime.date(2025, 7, 28)


def written(path: Path, write: Callable[[Sheet], None]) -> Any:
    """Write a sheet, and open it again."""
    book = Book(path, "title", DAY)
    write(book.sheet("数据 it's"))
    book.close()
    return load_workbook(path)["数据 it's"]


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "=1+1",
            "=cmd|' /C calc'!A0",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1",
            "\t=1",
            "https://example.com",
            "internal:Sheet1!A1",
            "00123",
            "1e5",
            "<b>&\"'</b>",
            "  spaces  ",
            "\u05e9\u05dc\u05d5\u05dd 😀 👨‍👩‍👧",
        ],
    )
    def test_stays_the_text_that_it_is(self, tmp_path: Path, text: str) -> None:
        def write(sheet: Sheet) -> None:
            sheet.put(0, 0, text)
            sheet.stream(1, [Column(Text("", ""), 10)], [[text]])

        sheet = written(tmp_path / "w.xlsx", write)
        for cell in (sheet["A1"], sheet["A2"]):
            assert cell.data_type == "s"
            assert cell.value == text
            assert cell.hyperlink is None
            assert cell.quotePrefix == (text[0] in "=+-@＝\t")

    def test_what_excel_would_decode_is_encoded(self, tmp_path: Path) -> None:
        sheet = written(tmp_path / "w.xlsx", lambda sheet: sheet.put(0, 0, "_x0041_"))
        assert sheet["A1"].value == "_x005F_x0041_"  # openpyxl does not decode, Excel does

    def test_what_xml_cannot_hold_is_visible(self) -> None:
        assert safe_text("a\ufffeb\uffffc\ud800d") == "a\ufffdb\ufffdc\ufffdd"

    def test_is_cut_to_what_a_cell_holds_between_letters(self, tmp_path: Path) -> None:
        text = "😀" * 20_000
        shown = safe_text(text)
        assert len(shown.encode("utf-16-le")) // 2 <= LONGEST_TEXT
        assert shown == "😀" * ((LONGEST_TEXT - 1) // 2) + "…"
        assert safe_text("字" * LONGEST_TEXT) == "字" * LONGEST_TEXT
        assert (
            written(tmp_path / "w.xlsx", lambda sheet: sheet.put(0, 0, text))["A1"].value == shown
        )

    def test_isolates_stay_only_where_letters_run_from_right_to_left(self) -> None:
        assert safe_text(f"S01 {isolate('name')}") == "S01 name"
        hebrew = "S01 " + isolate("\u05e9\u05dc")
        assert safe_text(hebrew) == hebrew

    def test_both_languages_take_two_lines_where_they_differ(self, tmp_path: Path) -> None:
        def write(sheet: Sheet) -> None:
            sheet.put(0, 0, Text("客户", "Customer"))
            sheet.put(0, 1, Text("K", "K"))
            sheet.put(0, 2, True)

        sheet = written(tmp_path / "w.xlsx", write)
        assert [cell.value for cell in sheet[1]] == ["客户\nCustomer", "K", "是 yes"]

    def test_lines_count_chinese_letters_twice(self) -> None:
        assert lines_in("一二三四五六七八九十", 12) == 2
        assert lines_in("one\ntwo", 50) == 2
        assert lines_in("", 10) == 1


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_unknown_numbers_are_empty(tmp_path: Path, value: float | None) -> None:
    sheet = written(tmp_path / "w.xlsx", lambda sheet: sheet.put(0, 0, value, COUNT))
    assert sheet["A1"].value is None


def test_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        written(tmp_path / name, lambda sheet: sheet.put(0, 0, "x"))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    columns = [Column(Text("", ""), 10)] * 3

    def peak(count: int) -> int:
        book = Book(tmp_path / "w.xlsx", "title", DAY)
        sheet = book.sheet("rows")
        rows: Iterator[list[object]] = ([f"customer {i}", "S01", i / 3] for i in range(count))
        tracemalloc.start()
        assert sheet.stream(0, columns, rows) == count - 1
        book.close()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(10_000) < 1.2 * peak(1_000) + 200_000


def test_a_tint_is_lighter() -> None:
    assert tint("#000000", 0.5) == "#808080"
    assert tint("#0072b2", 1.0) == "#0072B2"


@pytest.mark.parametrize(
    ("about", "values", "number_format"),
    [
        ({"unit": "usd_per_month"}, [12_000.0, 5.0, None], '"$"#,##0'),
        ({"unit": "usd"}, [350.0], '"$"#,##0.0'),
        ({"unit": "cny_per_month"}, [12_000.0], '"CN¥"#,##0'),
        ({"unit": "eur"}, [350.0], '"€"#,##0.0'),
        ({"unit": "days"}, [2.5], "#,##0.00"),
        ({"unit": "ratio", "valid_max": 1}, [0.5], "0.0%"),
        ({"unit": "ratio", "valid_max": None}, [3.0], "#,##0.00"),
        ({"unit": "flag"}, [0.5], "0.0%"),
        ({"unit": None}, [], "#,##0.00"),
    ],
)
def test_numbers_are_written_for_their_unit(
    about: dict[str, Any], values: list[float | None], number_format: str
) -> None:
    assert shared.number_style(about, values).number_format == number_format


@pytest.mark.parametrize(
    ("zh", "en", "line"),
    [
        ("媒体", "Media", "媒体 Media"),
        ("Google", "Google", "Google"),
        ("Unity", "Unity Ads", "Unity Ads"),
        ("服务商 (SP)", "SP", "服务商 (SP)"),
    ],
)
def test_what_one_language_says_already_is_said_once(zh: str, en: str, line: str) -> None:
    assert shared.on_one_line(Text(zh, en)) == line


def test_every_unit_of_the_dictionary_has_a_name() -> None:
    assert set(UNITS) <= set(words.UNITS)


def test_blocks_are_printed_whole(tmp_path: Path) -> None:
    def write(sheet: Sheet) -> None:
        sheet.break_pages(216, [3, 23, 43, 63, 103, 203, 213], 4)

    sheet = written(tmp_path / "w.xlsx", write)
    assert sheet.page_setup.scale == 50  # 66 lines a page
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage  # it would undo the breaks
    assert [page.id for page in sheet.row_breaks.brk] == [43, 63, 103, 203]


class TestFile:
    def test_a_failure_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        write_whole(path, b"old")
        with pytest.raises(ZeroDivisionError), written_beside(path) as beside:  # noqa: PT012
            beside.write_bytes(b"half")
            raise ZeroDivisionError
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_folder_that_cannot_be_made_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(InputError, match="cannot be written"):
            write_whole(tmp_path / "file" / "below", b"")


def fake_segments() -> list[dict[str, Any]]:
    return [
        {"segment_id": "S01", "name_zh": "=高", "name_en": "=High"},
        {"segment_id": "S02", "name_zh": "低", "name_en": "Low"},
    ]


def fake_segmentation(**rows: Any) -> Segmentation:
    empty: list[Any] = []
    lists_of_rows = {
        name: rows.get(name, empty) for name in Segmentation.__annotations__ if name != "about"
    }
    return Segmentation(
        about={"segmentation_id": "kprototypes_k2", "value_attribute": "spend"},
        **{**lists_of_rows, "segments": fake_segments()},
    )


class TestProfiles:
    def test_numbers_stand_under_their_segment(self, tmp_path: Path) -> None:
        kpis = [
            {
                "segment_id": segment,
                "attribute": attribute,
                "attribute_zh": f"{attribute}名",
                "attribute_en": f"-{attribute}",
                "theme": theme,
                "unit": unit,
                "mean": mean,
                "median": mean / 2,
                "std_dev": None,
                "overall_mean": 10.0,
                "overall_median": 5.0,
                "index_vs_overall": mean / 10,
                "effect_size_transformed": effect,
            }
            for attribute, theme, unit in (("days", "activity", "days"), ("spend", None, "usd"))
            for segment, mean, effect in (("S01", 2000.0, 1.25), ("S02", 4.0, -0.5))
        ]
        marts: Any = SimpleNamespace(attributes={"spend": {"in_feature_set_a": True}})
        sheet = written(
            tmp_path / "w.xlsx",
            lambda sheet: profiles.write_kpis(sheet, marts, fake_segmentation(kpis=kpis)),
        )
        header = [cell.value for cell in sheet[5]]
        spend, days = list(sheet[6]), list(sheet[7])
        assert [spend[1].value, spend[2].value, spend[4].value] == ["spend名", "-spend", "是 yes"]
        assert days[1].value == "days名"
        assert [cell.value for cell in spend[5:]] == [
            *(5, 10, 1.25, -0.5, 1000, 2, 2000, 4, 200, 0.4, None, None)
        ]
        assert header[7].startswith("效应 S01\n=高")
        assert spend[11].number_format == '"$"#,##0'
        assert sheet.freeze_panes == "C6"
        assert sheet.auto_filter.ref == "A5:Q7"
        assert sheet.conditional_formatting

    def test_unknown_is_grey_and_only_what_is_significant_coloured(self, tmp_path: Path) -> None:
        mix = [
            {
                "segment_id": "S01",
                "attribute": "media",
                "attribute_zh": "媒体",
                "attribute_en": "Media",
                "theme": "channel",
                "level": level,
                "level_order": order,
                "level_zh": level,
                "level_en": level,
                "is_unknown": level == "unknown",
                "customers": 3,
                "share_of_segment": 0.3,
                "share_overall": 0.1,
                "lift": lift,
                "p_adjusted": p_adjusted,
            }
            for order, level, lift, p_adjusted in (
                (0, "unknown", 3.0, 0.001),
                (1, "sure", 3.0, 0.001),
                (2, "unsure", 3.0, 0.5),
                (3, "rare", 0.4, 0.001),
            )
        ]
        marts: Any = SimpleNamespace(attributes={})
        sheet = written(
            tmp_path / "w.xlsx",
            lambda sheet: profiles.write_mix(sheet, marts, fake_segmentation(mix=mix)),
        )
        rows = {row[3].value: row for row in sheet.iter_rows(min_row=6)}
        assert list(rows) == ["sure", "unsure", "rare", "unknown"]
        fills = {
            level: row[9].fill.fgColor.rgb if row[9].fill.fill_type else None
            for level, row in rows.items()
        }
        assert fills["sure"] == "FF" + shared.HIGH[1:]
        assert fills["rare"] == "FF" + shared.LOW[1:]
        assert fills["unsure"] is None
        assert len({cell.fill.fgColor.rgb for cell in rows["unknown"]}) == 1
        assert [cell.value for cell in rows["sure"][6:]] == [*(0.1, 0.3, None, 3, None, 3, None)]

    def test_the_levels_that_are_not_drawn_have_a_name_of_their_own(self, tmp_path: Path) -> None:
        mix = [
            {
                "segment_id": "S01",
                "attribute": "source",
                "attribute_zh": "来源",
                "attribute_en": "Source",
                "theme": "background",
                "level": str(place),
                "level_order": place,
                "level_zh": "其他" if place == 0 else f"第{place}",
                "level_en": "Other" if place == 0 else f"No. {place}",
                "is_unknown": False,
                "share_of_segment": (9 - place) / 45,
                "share_overall": (9 - place) / 45,
            }
            for place in range(9)
        ]
        marts: Any = SimpleNamespace(
            attributes={"source": {"in_feature_set_b": True, "role": "nominal"}}
        )
        sheet = written(
            tmp_path / "w.xlsx",
            lambda sheet: profiles.write_mix_charts(sheet, marts, fake_segmentation(mix=mix)),
        )
        shares = {row[1].value: row[2].value for row in sheet.iter_rows(min_row=7)}
        assert list(shares)[:2] == ["其他 Other", "第1 No. 1"]
        assert shares["其余各项 All others"] == pytest.approx(6 / 45)

    def test_notes_on_rules_say_what_they_are_about(self, tmp_path: Path) -> None:
        rule = {
            "segment_id": "S01",
            "is_golden": True,
            "golden_rank": 1,
            "leaf": 1,
            "contradiction_zh": "集中：3%",
            "contradiction_en": "Concentrated: 3%",
            "discovery_zh": "客龄层级",
            "discovery_en": "Tenure level",
        }
        names = ("rule_zh", "rule_en", "customers", "precision", "recall", "lift")
        rule |= dict.fromkeys((*names, "is_corroborated", "predicate_sql"))
        sheet = written(
            tmp_path / "w.xlsx",
            lambda sheet: profiles.write_rules(sheet, [fake_segmentation(rules=[rule])]),
        )
        assert sheet["L6"].value == (
            "与画像不符：集中：3%；未参与聚类：客龄层级\n"
            "against the profile: Concentrated: 3%; not used in the clustering: Tenure level"
        )
        assert "not published" in sheet["A3"].value


class TestEvidence:
    """The smallest segment, which knocks out and counts for nothing, may be given a weight."""

    @pytest.fixture
    def marts(self) -> Any:
        weights = {"smallest_segment": 0.2, "distinctiveness": 0.5, "uniqueness": 0.0}
        weights |= {"actionability": 0.2, "explainability": 0.1}
        empty = {"std_error": None, "verdict": None, "verdict_zh": None}
        selection = [
            {"method": "kprototypes", "k": k, "criterion": criterion, "elbow": "business_value"}
            | {"value": 1.0, "weight": weight, "contribution": k * weight, **empty}
            for k in (2, 3)
            for criterion, weight in weights.items()
        ]
        selection += [
            {"method": "kprototypes", "k": 2, "criterion": criterion, "elbow": "data_science"}
            | {"value": 1.0, "weight": None, "contribution": None, **empty}
            for criterion in (
                *("log_cost", "reference_log_cost", "bic", "icl", "collapsed_components", "cost"),
            )
        ]
        final = SimpleNamespace(about={"method": "kprototypes", "k": 3})
        return SimpleNamespace(final=final, selection=selection, decision=None)

    def test_the_business_score_adds_every_weighted_criterion(
        self, marts: Any, tmp_path: Path
    ) -> None:
        sheet = written(tmp_path / "w.xlsx", lambda sheet: evidence.write_selection(sheet, marts))
        rows = list(sheet.iter_rows(values_only=True))
        header = next(place for place, row in enumerate(rows) if row[0] == "K")
        found = [dict(zip(rows[header], row, strict=True)) for row in rows[header + 1 :]]
        scores = [row["业务得分\nBusiness score"] for row in found]
        assert scores == pytest.approx([2.0, 3.0])
        assert found[1]["最小客群占比得分\nSmallest segment, weighted"] == pytest.approx(0.6)
        assert not any("独特性" in str(name) for name in found[0])
        score = sheet._charts[-1]
        assert len(score.series) == 4
        for series in score.series:
            assert [point.idx for point in series.dPt] == [1]  # the chosen K
            assert series.dPt[0].spPr.solidFill == series.spPr.solidFill

    def test_every_criterion_has_a_name(self, marts: Any, tmp_path: Path) -> None:
        sheet = written(tmp_path / "w.xlsx", lambda sheet: evidence.write_evidence(sheet, marts))
        shown = [row[4] for row in sheet.iter_rows(min_row=6, values_only=True)]
        assert len(shown) == len(marts.selection)
        assert not any("_" in name or name in ("bic", "icl") for name in shown)


def fake_customers(count: int) -> Reader:
    connection = duckdb.connect()
    connection.execute(
        "create table fct_customer_segments as select "
        "'=' || lpad(cast(range as varchar), 3, '0') as customer_id, 'S01' as segment_id, "
        "'名' as name_zh, 'name' as name_en, range / 7 as distance, "
        "cast(-0.5 as double) as silhouette, "
        "null as runner_up_segment_id, null as runner_up_distance, "
        f"range = 1 as is_borderline, true as is_training_customer from range({count})"
    )
    return Reader(connection, Path("fake.duckdb"))


def customers_sheet(path: Path, count: int, sheet_rows: int) -> Any:
    final = SimpleNamespace(about={"customers": count})
    marts: Any = SimpleNamespace(final=final, as_of_date=DAY)
    return written(
        path,
        lambda sheet: lists.write_customers(
            sheet, marts, fake_customers(count), Path("somewhere/exports"), sheet_rows
        ),
    )


class TestCustomers:
    def test_all_that_fit(self, tmp_path: Path) -> None:
        sheet = customers_sheet(tmp_path / "w.xlsx", 20, 25)
        assert sheet.max_row == 25
        assert [row[0].value for row in sheet.iter_rows(min_row=6)] == [
            f"={place:03}" for place in range(20)
        ]
        assert [cell.value for cell in sheet[7]] == [
            *("=001", "S01", "名", "name", pytest.approx(1 / 7), -0.5, None, None),
            *("是 yes", "是 yes"),
        ]
        assert "20" in sheet["A2"].value
        assert "parquet" not in sheet["A2"].value
        assert sheet.auto_filter.ref == "A5:J25"

    def test_more_than_a_sheet_holds(self, tmp_path: Path) -> None:
        sheet = customers_sheet(tmp_path / "w.xlsx", 21, 25)
        assert sheet.max_row == 25
        for cell in (sheet["A2"], sheet["A3"]):
            assert "20" in cell.value
            assert "21" in cell.value
            assert "somewhere/exports/customer_segments.parquet" in cell.value
        assert sheet.sheet_properties.tabColor is not None

    def test_none(self, tmp_path: Path) -> None:
        assert customers_sheet(tmp_path / "w.xlsx", 0, 25).max_row == 5


def test_charts_are_excels_own(tmp_path: Path) -> None:
    def write(sheet: Sheet) -> None:
        for row in range(3):
            sheet.put(row, 0, row, PLAIN)
            sheet.put(row, 1, row / 10, PERCENT)
        values = sheet.reference(0, 1, 2, 1)
        series = Series(
            sheet.reference(0, 0, 0, 0),
            sheet.reference(0, 0, 2, 0),
            values,
            "#000000",
            errors=values,
            marked=1,
            points=3,
        )
        name = Text("名", "name")
        for chart in (
            native_charts.columns(sheet, name, [series], name),
            native_charts.pentagon(sheet, name, [series]),
            native_charts.curves(sheet, name, [series], name, ("0", "0.0"), 0.0),
            native_charts.stacked(sheet, name, [series], name, to_all=True),
        ):
            native_charts.place(sheet, chart, 4, 0, 400, 300)

    sheet = written(tmp_path / "w.xlsx", write)
    assert len(sheet._charts) == 4
    assert sheet._charts[0].series[0].val.numRef.f == "'数据 it''s'!$B$1:$B$3"
