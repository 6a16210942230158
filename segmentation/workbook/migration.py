"""Sheets on the quarters: who moved, how the segments grow, and whom to call."""

from __future__ import annotations

from collections.abc import Sequence

from segmentation.report.formats import Text
from segmentation.report.marts import Marts, Row
from segmentation.workbook.shared import HEADER, number_style
from segmentation.workbook.sheets import (
    CENTRE,
    COLOURS,
    COUNT,
    LONG,
    NOTE,
    PERCENT,
    Column,
    Sheet,
    Style,
)

MOVEMENTS = {
    "stayed": Text("留下", "stayed"),
    "moved": Text("换群", "moved"),
    "entered": Text("新客户", "new"),
    "left": Text("离开", "left"),
}
REASONS = {
    "customer": Text("客户自身变化", "customer changed"),
    "model": Text("模型更新", "model changed"),
    "left": Text("不在本期文件中", "no longer in the file"),
}


def value_style(marts: Marts, rows: Sequence[Row], column: str) -> Style:
    """Give the format of the value attribute's sums."""
    about = marts.attributes.get(marts.final.about["value_attribute"], {})
    return number_style(about, [row[column] for row in rows])


def write_migrations(sheet: Sheet, marts: Marts) -> None:
    """Write every flow between two snapshots."""
    flows = marts.history.flows
    value = value_style(marts, flows, "value_before")
    columns = [
        Column(Text("从", "From"), 12, CENTRE),
        Column(Text("到", "To"), 12, CENTRE),
        Column(Text("去向", "Movement"), 16, CENTRE),
        Column(Text("原客群", "Segment before"), 10, CENTRE),
        Column(Text("原名称", "Its name"), 44, LONG),
        Column(Text("现客群", "Segment now"), 10, CENTRE),
        Column(Text("现名称", "Its name"), 44, LONG),
        Column(Text("客户", "Customers"), 12, COUNT),
        Column(Text("占原客群", "Of the segment before"), 12, PERCENT),
        Column(Text("客户自身变化", "Customer changed"), 12, COUNT),
        Column(Text("模型更新", "Model changed"), 12, COUNT),
        Column(Text("原合计", "Total before"), 16, value),
        Column(Text("现合计", "Total now"), 16, value),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("客群迁移", "Who moved"),
        Text(
            "相邻两个快照之间客户的去向；换群的客户分为客户自身变化与模型更新两类，两者相加等于换群客户数。",
            "Where customers went between two snapshots; who moved did so because the customer "
            "changed or because the model did, and the two add up.",
        ),
        NOTE,
    )
    sheet.headings(HEADER, columns)
    row = sheet.stream(
        HEADER + 1,
        columns,
        (
            [
                str(flow["from_date"]),
                str(flow["to_date"]),
                MOVEMENTS[flow["movement"]],
                flow["from_segment_id"] or "",
                _both(flow, "from_"),
                flow["to_segment_id"] or "",
                _both(flow, "to_"),
                flow["customers"],
                flow["transition_probability"],
                flow["moved_by_customer"],
                flow["moved_by_model"],
                flow["value_before"],
                flow["value_after"],
            ]
            for flow in flows
        ),
    )
    sheet.finish(HEADER, row, len(columns), 2)


def write_trends(sheet: Sheet, marts: Marts) -> None:
    """Write the size of every segment at every snapshot."""
    trends = marts.history.trends
    columns = [
        Column(Text("快照", "Snapshot"), 12, CENTRE),
        Column(Text("客群", "Segment"), 10, CENTRE),
        Column(Text("名称", "Name"), 48, LONG),
        Column(Text("客户", "Customers"), 12, COUNT),
        Column(Text("占客户", "Of customers"), 12, PERCENT),
        Column(Text("合计", "Total"), 16, value_style(marts, trends, "segment_value")),
        Column(Text("占合计", "Of the total"), 12, PERCENT),
        Column(Text("上期客户", "Customers before"), 12, COUNT),
        Column(Text("留下", "Stayed"), 12, COUNT),
        Column(Text("留存率", "Retention"), 12, PERCENT),
        Column(Text("增减", "Growth"), 12, Style("+0.0%;-0.0%;0.0%")),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("客群趋势", "Trends of the segments"),
        Text(
            "各快照中每个客群的大小；留存率是上期客户中仍在该群的比例。",
            "The segments at every snapshot; retention is the share of the customers before who "
            "are still in the segment.",
        ),
        NOTE,
    )
    sheet.headings(HEADER, columns)
    row = sheet.stream(
        HEADER + 1,
        columns,
        (
            [
                str(one["as_of_date"]),
                one["segment_id"],
                _both(one, ""),
                one["customers"],
                one["customer_share"],
                one["segment_value"],
                one["spend_share"],
                one["previous_customers"],
                one["stayed"],
                one["retention_rate"],
                one["growth"],
            ]
            for one in trends
        ),
    )
    sheet.finish(HEADER, row, len(columns), 3)


def write_calls(sheet: Sheet, marts: Marts, sheet_rows: int) -> None:
    """Write everyone who left a segment since the snapshot before, the largest loss first.

    Parameters
    ----------
    sheet_rows : int
        Rows that the sheet holds.
    """
    departures = marts.history.departures
    room = max(sheet_rows - HEADER - 1, 0)
    value = value_style(marts, departures, "value_before")
    columns = [
        Column(Text("客户编号", "Customer id"), 20, Style("@", bold=True)),
        Column(Text("原客群", "Segment before"), 10, CENTRE),
        Column(Text("原名称", "Its name"), 44, LONG),
        Column(Text("现客群", "Segment now"), 10, CENTRE),
        Column(Text("现名称", "Its name"), 44, LONG),
        Column(Text("原因", "Why"), 26, CENTRE),
        Column(Text("上期", "Before"), 16, value),
        Column(Text("本期", "Now"), 16, value),
        Column(Text("减少", "Lost"), 16, value),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("联系名单", "Whom to call"),
        Text(
            f"上一个快照以来离开原客群的 {len(departures):,} 位客户，减少最多的在前。",
            f"The {len(departures):,} customers who left their segment since the snapshot before, "
            "the largest loss first.",
        ),
        NOTE,
    )
    sheet.headings(HEADER, columns)
    row = sheet.stream(
        HEADER + 1,
        columns,
        (
            [
                one["customer_id"],
                one["from_segment_id"],
                _both(one, "from_"),
                one["to_segment_id"] or "",
                _both(one, "to_"),
                REASONS[one["reason"]],
                one["value_before"],
                one["value_after"],
                one["value_lost"],
            ]
            for one in departures[:room]
        ),
    )
    last = max(row, HEADER + 1)
    sheet.worksheet.ignore_errors({"number_stored_as_text": f"A{HEADER + 2}:A{last + 1}"})
    if len(departures) > room:
        sheet.worksheet.set_tab_color(COLOURS["warn-line"])
    sheet.finish(HEADER, row, len(columns), 1)


def _both(row: Row, side: str) -> str:
    """Give the name of a segment in both languages; nothing where there is none."""
    if row[f"{side}name_zh"] is None:
        return ""
    return f"{row[f'{side}name_zh']} {row[f'{side}name_en']}"
