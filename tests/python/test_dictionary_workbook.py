from __future__ import annotations

import csv
import datetime
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet
from seed_samples import SEEDS, edit, write_seeds

from segmentation.dictionary.cli import dictionary
from segmentation.dictionary.workbook import (
    compare_workbook,
    export_workbook,
    sheet_title,
    write_changes,
)
from segmentation.errors import InputError

REPOSITORY = Path(__file__).parents[2]
DICTIONARY = sheet_title("data_dictionary")
LEVELS = sheet_title("attribute_levels")
BINS = sheet_title("feature_bins")
PLAYBOOKS = sheet_title("playbooks")


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_seeds(tmp_path)


@pytest.fixture
def workbook(seeds: Path) -> Path:
    path = seeds.parent / "dictionary.xlsx"
    export_workbook(seeds, path)
    return path


def change(workbook: Path, title: str, action: Callable[[Worksheet], object]) -> None:
    """Edit one sheet as a person in Excel would, and save."""
    book = openpyxl.load_workbook(workbook)
    action(book[title])
    book.save(workbook)


def cell(row: int, column: str, value: object) -> Callable[[Worksheet], None]:
    """Put a value into a cell, under the heading that ends with `column`."""

    def put(sheet: Worksheet) -> None:
        headings = [str(heading.value).split()[-1] for heading in sheet[1]]
        sheet.cell(row, headings.index(column) + 1).value = value

    return put


def contents(seeds: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in seeds.iterdir()}


def run(workbook: Path, seeds: Path, *options: str, answer: str = "") -> Result:
    return CliRunner().invoke(
        dictionary, ["import", str(workbook), "--seeds", str(seeds), *options], input=answer
    )


def texts(result: Result) -> str:
    return " ".join(result.output.split())


def test_the_workbook_is_made_for_people(seeds: Path, workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames == [
        "数据词典 data_dictionary",
        "取值与顺序 attribute_levels",
        "分档 feature_bins",
        "品类标记 category_flags",
        "分群用语 segment_traits",
        "人工命名 segment_names",
        "主题指标 theme_indicators",
        "业务价值之肘 selection_criteria",
        "运营打法 playbooks",
        "打法触发条件 playbook_triggers",
    ]
    sheet = book[DICTIONARY]
    headings = [str(heading.value) for heading in sheet[1]]
    assert headings[0] == "属性\nattribute"
    assert [heading.split("\n")[1] for heading in headings] == SEEDS[
        "data_dictionary.csv"
    ].splitlines()[0].split(",")
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:S10"
    assert 10 < sheet.column_dimensions["C"].width < 30
    lists = {
        str(rule.sqref).split("2:")[0]: rule.formula1
        for rule in sheet.data_validations.dataValidation
    }
    assert lists["H"] == (
        '"id,performance,ordinal,nominal,high_cardinality,flag,profile_only,binned,excluded"'
    )
    words = {headings[openpyxl.utils.column_index_from_string(c) - 1].split("\n")[1] for c in lists}
    assert words == {
        "data_type",
        "role",
        "transform",
        "theme",
        "direction",
        "unit",
        "is_required",
        "missing_policy",
        "out_of_range_policy",
    }
    (bound_type,) = book[BINS].data_validations.dataValidation
    assert bound_type.formula1 == '"lowest,value,quantile"'
    (priority,) = book[PLAYBOOKS].data_validations.dataValidation
    assert (str(priority.sqref), priority.formula1) == ("I2:I503", '"1,2,3"')


def test_every_cell_is_text_as_it_stands_in_the_csv(seeds: Path, workbook: Path) -> None:
    edit(seeds, "data_dictionary", "编号。", "=1+1")
    edit(seeds, "attribute_levels", "size,SMB,1,中小客户,Small", "size,007,1,#N/A,1e5")
    export_workbook(seeds, workbook)
    book = openpyxl.load_workbook(workbook)
    for name in SEEDS:
        rows = list(csv.reader(io.StringIO((seeds / name).read_text("utf-8"))))
        cells = list(book[sheet_title(name.removesuffix(".csv"))].iter_rows(min_row=2))
        assert [[item.value or "" for item in row] for row in cells] == rows[1:]
        filled = [item for row in cells for item in row if item.value is not None]
        assert {item.data_type for item in filled} == {"s"}
        assert {item.number_format for item in filled} == {"@"}
    assert compare_workbook(workbook, seeds).seeds[0].changes == ()


def test_nothing_edited_means_nothing_written(seeds: Path, workbook: Path) -> None:
    before = contents(seeds)
    result = run(workbook, seeds)
    assert result.exit_code == 0
    assert result.output == "No differences: nothing to write.\n"
    assert contents(seeds) == before


ODD = (
    b"\xef\xbb\xbf"
    b'"flag",attribute ,level\r\n'
    b'"is_fashion", category,"\xe6\x9c\x8d\xe8\xa3\x85"\r\n'
    b"\r\n"
    b'is_fashion,category,"\xe7\xbe\x8e\xe5\xa6\x86\r\n"\r\n'
    b",,\r\n"
    b"is_fashion,size,KA  "
)


def test_an_oddly_written_seed_keeps_every_byte_but_the_changed_line(
    seeds: Path, workbook: Path
) -> None:
    path = seeds / "category_flags.csv"
    path.write_bytes(ODD)
    export_workbook(seeds, workbook)
    assert compare_workbook(workbook, seeds).seeds[3].changes == ()

    change(workbook, sheet_title("category_flags"), cell(2, "level", "美妆, 服装"))
    assert compare_workbook(workbook, seeds).seeds[3].content == ODD.replace(
        b'"is_fashion", category,"\xe6\x9c\x8d\xe8\xa3\x85"',
        'is_fashion, category,"美妆, 服装"'.encode(),
    )

    change(workbook, sheet_title("category_flags"), cell(2, "level", "服装"))
    change(
        workbook,
        sheet_title("category_flags"),
        lambda sheet: sheet.append(["is_fashion", "size", "SMB"]),
    )
    assert compare_workbook(workbook, seeds).seeds[3].content == ODD + (
        b"\r\nis_fashion,size,SMB\r\n"
    )


def test_one_changed_cell_changes_one_line_of_one_file(seeds: Path, workbook: Path) -> None:
    before = contents(seeds)
    change(workbook, DICTIONARY, cell(3, "label_zh", "每月消耗, 美元"))
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 0, result.output
    assert "~ spend (changed) label_zh: '月均消耗' -> '每月消耗, 美元'" in texts(result)
    after = contents(seeds)
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["data_dictionary.csv"]
    lines = before["data_dictionary.csv"].decode().splitlines()
    lines[2] = lines[2].replace("月均消耗", '"每月消耗, 美元"')
    assert after["data_dictionary.csv"].decode().splitlines() == lines


def habits(sheet: Worksheet) -> None:
    """Retype, pad, insert, move and sort without changing what is said."""
    if sheet.title == DICTIONARY:
        cell(3, "valid_min", 0)(sheet)
        cell(4, "valid_min", -1_000_000.0)(sheet)
        cell(4, "valid_max", 1e6)(sheet)
        cell(3, "is_required", True)(sheet)
        cell(4, "is_required", False)(sheet)
        cell(3, "label_zh", "月均消耗 \u3000")(sheet)
        sheet.move_range("A2:A10", cols=25)
        sheet.move_range("B1:B10", cols=-1)
        sheet.move_range("Z2:Z10", cols=-24)
        sheet["A1"], sheet["B1"] = "别名\naliases", "属性 attribute"
    elif sheet.title == BINS:
        cell(2, "level_order", 1.0)(sheet)
        cell(3, "lower_bound", 0.5)(sheet)
        cell(4, "lower_bound", 0.8)(sheet)
        cell(900, "label_en", "   ")(sheet)
    elif sheet.title == LEVELS:
        rows = [[item.value for item in row] for row in sheet.iter_rows(min_row=2)]
        sheet.delete_rows(2, 10)
        sheet.insert_rows(3)
        for number, row in enumerate(sorted(rows, key=str, reverse=True), start=4):
            for column, value in enumerate(row, start=1):
                sheet.cell(number, column).value = value


def test_excel_habits_are_no_changes(seeds: Path, workbook: Path) -> None:
    before = contents(seeds)
    for title in (DICTIONARY, BINS, LEVELS):
        change(workbook, title, habits)
    result = run(workbook, seeds, "--yes")
    assert result.output == "No differences: nothing to write.\n"
    assert contents(seeds) == before


def test_rows_beyond_the_size_that_a_sheet_claims_are_read(seeds: Path, workbook: Path) -> None:
    with zipfile.ZipFile(workbook) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    claim = b'<dimension ref="A1:S10" />'
    assert claim in parts["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(workbook, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content.replace(claim, b'<dimension ref="A1" />'))
    assert run(workbook, seeds).output == "No differences: nothing to write.\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (0.35, "0.35"),
        (0.1 + 0.2, "0.3"),
        (12_345_678_901, "12345678901"),
        (-2.5e-7, "-2.5e-07"),
        (True, "true"),
        (datetime.datetime(2025, 7, 28), "2025-07-28"),
        (" two words ", "two words"),
        ("line one\nline two", "line one\nline two"),
        ("05", "05"),
        (None, ""),
    ],
)
def test_values_are_written_as_the_csv_writes_them(
    seeds: Path, workbook: Path, value: object, text: str
) -> None:
    change(workbook, DICTIONARY, cell(6, "definition_en", "something"))
    change(workbook, DICTIONARY, cell(5, "definition_en", value))
    write_changes(compare_workbook(workbook, seeds))
    with (seeds / "data_dictionary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[3]["attribute"] == "months"
    assert rows[3]["definition_en"] == text
    assert rows[4]["definition_en"] == "something"


def test_rows_are_added_where_they_stand_and_removed(seeds: Path, workbook: Path) -> None:
    def rework(sheet: Worksheet) -> None:
        sheet.delete_rows(3)
        sheet.insert_rows(3)
        for column, value in enumerate(["size", "PA", 2, "潜力客户", "Potential"], start=1):
            sheet.cell(3, column).value = value
        sheet.append(["category", "消费电子", 3, "消费电子", "Electronics"])

    change(workbook, LEVELS, rework)
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 0, result.output
    assert "- size, KA (removed)" in result.output
    assert "+ size, PA (added) attribute: 'size' level: 'PA' level_order: '2'" in texts(result)
    lines = SEEDS["attribute_levels.csv"].splitlines()
    lines[2] = "size,PA,2,潜力客户,Potential"
    lines.append("category,消费电子,3,消费电子,Electronics")
    assert (seeds / "attribute_levels.csv").read_text("utf-8").splitlines() == lines


def test_faults_are_told_in_terms_of_the_sheet_and_nothing_is_written(
    seeds: Path, workbook: Path
) -> None:
    before = contents(seeds)
    change(workbook, LEVELS, lambda sheet: sheet.insert_rows(2, 5))
    change(workbook, LEVELS, cell(9, "level", "KA"))
    change(workbook, LEVELS, cell(9, "attribute", "size"))
    change(workbook, BINS, cell(2, "label_en", "Lowest"))
    change(workbook, DICTIONARY, cell(5, "role", "performanc"))
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 1
    assert (
        f"sheet {LEVELS!r}, row 9: attribute 'size', level 'KA' stands in row 8 already"
        in result.output
    )
    assert f"sheet {DICTIONARY!r}, row 5: months: role 'performanc' is not known" in result.output
    assert contents(seeds) == before


def test_a_fault_in_a_seed_without_a_sheet_is_told_by_file_and_line(
    seeds: Path, workbook: Path
) -> None:
    book = openpyxl.load_workbook(workbook)
    del book[BINS]
    book.save(workbook)
    change(workbook, DICTIONARY, cell(10, "attribute", "spend_band"))
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 1
    assert f"feature_bins.csv stays as it is: there is no sheet {BINS!r}" in result.output
    assert f"{seeds / 'feature_bins.csv'}:2: feature 'spend_level' is unknown" in result.output


def test_every_heading_is_chinese_and_english(seeds: Path, workbook: Path) -> None:
    for sheet in openpyxl.load_workbook(workbook):
        assert all(len(str(heading.value).split("\n")) == 2 for heading in sheet[1]), sheet.title


def test_a_playbook_is_edited_and_checked_like_any_seed(seeds: Path, workbook: Path) -> None:
    change(workbook, PLAYBOOKS, cell(3, "priority", 2))
    assert run(workbook, seeds, "--yes").exit_code == 0
    assert ",months,2\n" in (seeds / "playbooks.csv").read_text("utf-8")
    change(workbook, PLAYBOOKS, cell(3, "kpi", "month"))
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 1
    assert f"sheet {PLAYBOOKS!r}, row 3: kpi 'month' is unknown" in result.output


def test_reviews_have_no_sheet_but_are_held_against_the_criteria(
    seeds: Path, workbook: Path
) -> None:
    criteria = sheet_title("selection_criteria")
    change(workbook, criteria, cell(3, "weight", 0))
    change(workbook, criteria, cell(4, "weight", 0.5))
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 1
    assert "stays as it is" not in result.output
    assert f"{seeds / 'business_review.csv'}:2: criterion distinctiveness has no weight" in (
        result.output
    )


def test_nothing_is_written_on_a_dry_run_or_without_a_yes(seeds: Path, workbook: Path) -> None:
    before = contents(seeds)
    change(workbook, DICTIONARY, cell(3, "label_zh", "每月消耗"))
    dry = run(workbook, seeds, "--dry-run")
    assert dry.exit_code == 0
    assert "每月消耗" in dry.output
    assert contents(seeds) == before
    assert run(workbook, seeds, answer="n\n").exit_code == 1
    assert contents(seeds) == before
    assert run(workbook, seeds, answer="y\n").exit_code == 0
    assert "每月消耗" in (seeds / "data_dictionary.csv").read_text("utf-8")


def test_what_is_not_used_is_said(seeds: Path, workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    book.create_sheet("草稿")["A1"] = "notes"
    book[LEVELS]["G3"] = "ask Li about this one"
    book.save(workbook)
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 0
    assert "Note: The sheet '草稿' is ignored" in result.output
    assert f"Note: The sheet {LEVELS!r}: column G is ignored" in result.output


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (cell(3, "label_zh", "=A1&B1"), "cell C3: this formula has no stored value"),
        (cell(3, "label_zh", "#REF!"), "cell C3: this is the error #REF!"),
        (cell(1, "label_zh", "标签"), "row 1: no heading ends with label_zh"),
        (lambda sheet: sheet.delete_rows(1, 99), "row 1: no heading ends with attribute"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_refused(
    seeds: Path, workbook: Path, action: Callable[[Worksheet], object], message: str
) -> None:
    change(workbook, DICTIONARY, action)
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 1
    assert f"sheet {DICTIONARY!r}, {message}" in result.output


def test_a_file_that_is_no_workbook_is_refused(seeds: Path, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.xlsx"
    path.write_text("attribute,aliases\n", "utf-8")
    result = run(path, seeds)
    assert result.exit_code == 1
    assert "this is not an Excel workbook that can be read. Save it as .xlsx" in result.output
    openpyxl.Workbook().save(path)
    assert "no sheet belongs to a seed. Name the sheets 数据词典" in run(path, seeds).output


def test_a_seed_changed_meanwhile_is_not_overwritten(seeds: Path, workbook: Path) -> None:
    change(workbook, DICTIONARY, cell(3, "label_zh", "每月消耗"))
    comparison = compare_workbook(workbook, seeds)
    edit(seeds, "data_dictionary", "余额", "账户余额")
    before = contents(seeds)
    with pytest.raises(InputError, match="changed meanwhile"):
        write_changes(comparison)
    assert contents(seeds) == before


def test_a_failed_write_leaves_the_seed_whole(
    seeds: Path, workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    before = contents(seeds)
    change(workbook, DICTIONARY, cell(3, "label_zh", "每月消耗"))
    monkeypatch.setattr(os, "replace", fail)
    result = run(workbook, seeds, "--yes")
    assert result.exit_code == 1
    assert "this file cannot be written: " in result.output
    assert contents(seeds) == before


def test_export_asks_before_it_replaces_a_workbook(seeds: Path, workbook: Path) -> None:
    arguments = ["export", "--seeds", str(seeds), "--output", str(workbook)]
    workbook.write_bytes(b"edited for hours")
    assert CliRunner().invoke(dictionary, arguments, input="n\n").exit_code == 1
    assert workbook.read_bytes() == b"edited for hours"
    assert CliRunner().invoke(dictionary, [*arguments, "--yes"]).exit_code == 0
    assert run(workbook, seeds).output == "No differences: nothing to write.\n"


def test_export_refuses_what_excel_cannot_hold(seeds: Path, workbook: Path) -> None:
    edit(seeds, "attribute_levels", "Small", "Sm\x07all")
    with pytest.raises(InputError, match=r"attribute_levels.csv:2: label_en has a control char"):
        export_workbook(seeds, workbook)
    edit(seeds, "attribute_levels", "Sm\x07all", "x" * 40_000)
    with pytest.raises(InputError, match=r"attribute_levels.csv:2: label_en"):
        export_workbook(seeds, workbook)


def test_the_project_seeds_go_to_excel_and_back(tmp_path: Path) -> None:
    seeds = REPOSITORY / "seeds"
    export_workbook(seeds, tmp_path / "dictionary.xlsx")
    comparison = compare_workbook(tmp_path / "dictionary.xlsx", seeds)
    assert comparison.notices == ()
    assert {entry.seed.path.name for entry in comparison.seeds} == {
        path.name for path in seeds.glob("*.csv") if path.stem != "business_review"
    }
    for entry in comparison.seeds:
        assert entry.changes == ()
        assert entry.content == entry.seed.path.read_bytes()


characters = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n\r")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.text(characters), min_size=3, max_size=3), max_size=4), st.booleans())
def test_any_seed_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], quote_all: bool
) -> None:
    seeds = tmp_path_factory.mktemp("seeds")
    with (seeds / "playbooks.csv").open("w", encoding="utf-8", newline="") as file:
        quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
        csv.writer(file, quoting=quoting).writerows([["code", "text_zh", "text_en"], *rows])
    export_workbook(seeds, seeds / "book.xlsx")
    (entry,) = compare_workbook(seeds / "book.xlsx", seeds).seeds
    assert entry.changes == ()
    assert entry.content == (seeds / "playbooks.csv").read_bytes()
