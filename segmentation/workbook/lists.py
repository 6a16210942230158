"""Long lists: customers, dictionary, notes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from segmentation.report import words
from segmentation.report.formats import Text
from segmentation.report.marts import Marts, Reader
from segmentation.workbook.shared import HEADER, bars, mark_yes, one_line, theme_name
from segmentation.workbook.sheets import (
    ALARM,
    BOLD,
    CENTRE,
    COLOURS,
    DECIMAL,
    LONG,
    NOTE,
    PERCENT,
    Column,
    Sheet,
    Style,
)


def write_customers(
    sheet: Sheet, marts: Marts, reader: Reader, exports: Path, sheet_rows: int
) -> None:
    """Write every customer with its segment, or as many as the sheet holds.

    Parameters
    ----------
    exports : Path
        Where the file with all customers is.
    sheet_rows : int
        Rows that the sheet holds.
    """
    columns = [
        Column(Text("客户编号", "Customer id"), 20, Style("@", bold=True)),
        Column(Text("客群", "Segment"), 10, CENTRE),
        Column(Text("名称", "Name (Chinese)"), 30),
        Column(Text("英文名称", "Name"), 38),
        Column(Text("到客群中心的距离", "Distance to the centre"), 14, DECIMAL),
        Column(Text("轮廓系数", "Silhouette"), 12, DECIMAL),
        Column(Text("次近的客群", "Next nearest"), 12, CENTRE),
        Column(Text("到次近中心的距离", "Distance to the next"), 14, DECIMAL),
        Column(Text("边界客户", "Borderline"), 12, CENTRE),
        Column(Text("参与拟合", "Used to fit"), 12, CENTRE),
    ]
    sheet.set_widths(columns)
    total = marts.final.about["customers"]
    room = max(sheet_rows - HEADER - 1, 0)
    file = exports / "customer_segments.parquet"
    if total > room:
        note = Text(
            f"只列出前 {room:,} 位客户（按编号排序），共 {total:,} 位："
            f"一张工作表最多 {sheet_rows:,} 行。全部客户在 {file}。",
            f"Only the first {room:,} of {total:,} customers, by id: a sheet holds {sheet_rows:,} "
            f"rows. All of them are in {file}.",
        )
        sheet.worksheet.set_tab_color(COLOURS["warn-line"])
    else:
        note = Text(
            f"全部 {total:,} 位客户，数据截至 {marts.as_of_date}。"
            "边界客户：离次近的客群几乎同样近。",
            f"All {total:,} customers, data as of {marts.as_of_date}. Borderline: almost as near "
            "to the next segment.",
        )
    sheet.title(Text("客户清单", "Customers"), note, ALARM if total > room else NOTE)
    sheet.headings(HEADER, columns)
    rows = reader.stream(
        "select customer_id, segment_id, name_zh, name_en, distance, silhouette, "
        "runner_up_segment_id, runner_up_distance, is_borderline, is_training_customer "
        f"from fct_customer_segments order by customer_id limit {room}",
        "fct_customer_segments",
    )
    row = sheet.stream(HEADER + 1, columns, (list(customer.values()) for customer in rows))
    last = max(row, HEADER + 1)
    sheet.worksheet.ignore_errors({"number_stored_as_text": f"A{HEADER + 2}:A{last + 1}"})
    mark_yes(sheet, HEADER + 1, 8, last, COLOURS["warn-paper"])
    sheet.worksheet.conditional_format(
        HEADER + 1,
        5,
        last,
        5,
        {
            "type": "cell",
            "criteria": "<",
            "value": 0,
            "format": sheet.book.workbook.add_format({"font_color": COLOURS["low"]}),
        },
    )
    sheet.finish(HEADER, row, len(columns), 1)


def write_dictionary(sheet: Sheet, marts: Marts) -> None:
    """Write the attributes with their definitions and rules."""
    columns = [
        Column(Text("字段", "Field"), 34, BOLD),
        Column(Text("中文名", "Label (Chinese)"), 26, LONG),
        Column(Text("英文名", "Label"), 30, LONG),
        Column(Text("中文定义", "Definition (Chinese)"), 52, LONG),
        Column(Text("英文定义", "Definition"), 56, LONG),
        Column(Text("主题", "Theme"), 22),
        Column(Text("用途", "Role"), 24),
        Column(Text("类型", "Type"), 12),
        Column(Text("单位", "Unit"), 18),
        Column(Text("变换", "Transform"), 14),
        Column(Text("有效下限", "Least valid"), 11, Style("#,##0.##")),
        Column(Text("有效上限", "Most valid"), 11, Style("#,##0.##")),
        Column(Text("参与聚类", "Clustered (set A)"), 11, CENTRE),
        Column(Text("用于解读", "Interpreted (set B)"), 11, CENTRE),
        Column(Text("文件中有", "In the file"), 11, CENTRE),
        Column(Text("未知占比", "Unknown"), 11, PERCENT),
        Column(Text("缺失处理", "If missing"), 18),
        Column(Text("推导", "Derived from"), 50, LONG),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("数据字典", "Data dictionary"),
        Text(
            "本次构建使用的字段、定义与规则。",
            "Fields, definitions and rules that this build used.",
        ),
    )
    sheet.headings(HEADER, columns)
    missing = {row["attribute"]: row["missing_share"] for row in marts.diagnostics}
    row = HEADER
    order = sorted(
        marts.attributes.values(),
        key=lambda one: (words.theme_place(one["theme"]), one["attribute"]),
    )
    for row, one in enumerate(order, HEADER + 1):
        values: list[object] = [
            one["attribute"],
            one["label_zh"],
            one["label_en"],
            one["definition_zh"],
            one["definition_en"],
            theme_name(one) if one["theme"] else "",
            words.name_of(words.ROLES, one["role"]),
            one["data_type"],
            words.name_of(words.UNITS, one["unit"]) if one["unit"] else "",
            one["transform"],
            one["valid_min"],
            one["valid_max"],
            one["in_feature_set_a"],
            one["in_feature_set_b"],
            one["is_in_file"],
            missing.get(one["attribute"]),
            one["missing_policy"],
            one["derivation"],
        ]
        sheet.cells(row, columns, [one_line(value) for value in values])
    bars(sheet, HEADER + 1, 15, max(row, HEADER + 1), 15, COLOURS["unknown"])
    sheet.finish(HEADER, row, len(columns), 1)


def write_notes(sheet: Sheet, marts: Marts) -> None:
    """Write the glossary, the settings of the build and the versions."""
    columns = [
        Column(Text("类别", "Kind"), 16, CENTRE),
        Column(Text("名称", "Name (Chinese)"), 34, replace(LONG, bold=True)),
        Column(Text("英文名", "Name"), 44, replace(LONG, bold=True)),
        Column(Text("说明或值", "Meaning or value (Chinese)"), 62, LONG),
        Column(Text("英文说明或值", "Meaning or value"), 70, LONG),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("说明", "Notes"),
        Text("术语、本次构建的设置与软件版本。", "Terms, settings of this build, and versions."),
    )
    sheet.headings(HEADER, columns)
    kinds = {"setting": Text("设置", "setting"), "version": Text("版本", "version")}
    terms: Iterable[list[object]] = (
        [Text("术语", "term"), name.zh, name.en, text.zh, text.en] for name, text in words.GLOSSARY
    )
    settings: Iterable[list[object]] = (
        [
            words.name_of(kinds, one["kind"]),
            one["label_zh"],
            one["label_en"],
            one["value"] or "—",
            one["value"] or "—",
        ]
        for one in marts.parameters
    )
    row = HEADER
    for row, values in enumerate(itertools.chain(terms, settings), HEADER + 1):
        sheet.cells(row, columns, [one_line(value) for value in values])
    sheet.finish(HEADER, row, len(columns), 1)
