"""Sheets on the snapshots: who moved, how segments grow, what became of them, and whom to call."""

from __future__ import annotations

from dataclasses import replace

from segmentation.report import findings, migration, words
from segmentation.report.flow_charts import BEYOND, LEFT, NEW, crossed
from segmentation.report.formats import Text
from segmentation.report.marts import COLUMNS, Marts, Reader, Row
from segmentation.workbook.shared import HEADER, HIGH, MIDDLE, bars, number_style, on_one_line
from segmentation.workbook.sheets import (
    ALARM,
    BOLD,
    CENTRE,
    COLOURS,
    COUNT,
    HEAD,
    LABEL,
    LONG,
    NOTE,
    PERCENT,
    SENTENCE,
    Column,
    Sheet,
    Style,
    lines_in,
)

CHANGE = Style("+0.0%;-0.0%;0.0%")
ID = Style("@", bold=True)


def write_migrations(sheet: Sheet, marts: Marts) -> None:
    """Write the matrix of the last two snapshots, and below it all flows of all snapshots."""
    history = marts.history
    last = migration.last_moves(marts)
    money = number_style(
        findings.value_about(marts),
        [row[name] for row in history.migrations for name in ("value_before", "value_after")],
    )
    value = findings.value_name(marts)
    columns = [
        Column(Text("起始日期", "From"), 12, CENTRE),
        Column(Text("截止日期", "To"), 12, CENTRE),
        Column(Text("原客群", "Segment before"), 12, replace(BOLD, align="center")),
        Column(Text("现客群", "Segment now"), 12, replace(BOLD, align="center")),
        Column(Text("变动", "Movement"), 14, CENTRE),
        Column(Text("客户数", "Customers"), 11, COUNT),
        Column(Text("占原客群", "Of the segment before"), 12, PERCENT),
        Column(Text("客户自身变化", "The customer changed"), 13, COUNT),
        Column(Text("只因模型更新", "Only the model changed"), 13, COUNT),
        Column(Text(f"当时{value.zh}合计", f"{value.en} then, sum"), 17, money),
        Column(Text(f"现在{value.zh}合计", f"{value.en} now, sum"), 17, money),
        Column(Text("重新拟合", "Refitted"), 11, CENTRE),
        Column(Text("原名称", "Name before"), 34, LONG),
        Column(Text("现名称", "Name now"), 34, LONG),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("客群迁移", "Who moved"),
        Text(
            "上：最近两期的去向，行为上期客群，列为本期客群；下：所有各期。",
            "Above: the last two snapshots, rows are the segments before, columns those now. "
            "Below: all snapshots.",
        ),
    )
    row = HEADER
    said = migration.who_moved(marts, last)
    room = sum(column.width for column in columns)
    sheet.set_height(row, lines_in(f"{said.zh}\n{said.en}", room / 1.1))
    sheet.merged(row, 0, len(columns) - 1, f"{said.zh}\n{said.en}", SENTENCE)
    row = _matrix(sheet, last, row + 2)
    header = row + 2
    sheet.headings(header, columns)
    order = sorted(history.migrations, key=lambda one: -one["to_date"].toordinal())
    row = header
    for row, one in enumerate(order, header + 1):
        sheet.cells(
            row,
            columns,
            [
                str(one["from_date"]),
                str(one["to_date"]),
                one["from_segment_id"] or "",
                one["to_segment_id"] or "",
                words.name_of(words.MOVEMENTS, one["movement"]),
                one["customers"],
                one["transition_probability"],
                one["moved_by_customer"],
                one["moved_by_model"],
                one["value_before"] if one["from_segment_id"] else None,
                one["value_after"] if one["to_segment_id"] else None,
                one["is_refit"],
                _name(one, "from"),
                _name(one, "to"),
            ],
        )
    bars(sheet, header + 1, 6, max(row, header + 1), 6, COLOURS["r3"])
    sheet.worksheet.autofilter(header, 0, max(row, header), len(columns) - 1)
    sheet.worksheet.freeze_panes(3, 0)


def _name(row: Row, side: str) -> Text:
    return Text(row[f"{side}_name_zh"] or "", row[f"{side}_name_en"] or "")


def _place(name: str) -> str:
    return on_one_line(BEYOND[name]) if name in BEYOND else name


def _matrix(sheet: Sheet, last: list[Row], row: int) -> int:
    """Write shares and, beside them, customers; give the last row."""
    found, sources, targets = crossed(last)
    for figure, name, style in (
        ("transition_probability", Text("占原客群", "Share of the segment before"), PERCENT),
        ("customers", Text("客户数", "Customers"), COUNT),
        ("moved_by_model", Text("其中只因模型更新", "Of these, only the model changed"), COUNT),
    ):
        shown = [one for one in sources if one != NEW or figure == "customers"]
        sheet.put(row, 0, f"{name.zh}  {name.en}", replace(LABEL, colour=COLOURS["ink"]))
        row += 1
        for place, target in enumerate(["", *targets]):
            sheet.put(row, place, _place(target), HEAD)
        first = row + 1
        for source in shown:
            row += 1
            sheet.put(row, 0, _place(source), replace(BOLD, align="center"))
            for place, target in enumerate(targets, 1):
                sheet.put(row, place, found.get((source, target), {}).get(figure), style)
        if figure == "transition_probability":
            sheet.worksheet.conditional_format(
                first,
                1,
                max(row, first),
                len(targets),
                {
                    "type": "2_color_scale",
                    "min_type": "num",
                    "max_type": "num",
                    "min_value": 0,
                    "max_value": 1,
                    "min_color": MIDDLE,
                    "max_color": HIGH,
                },
            )
        row += 2
    return row - 2


def write_trends(sheet: Sheet, marts: Marts) -> None:
    """Write how large every segment was at every snapshot, the last one first."""
    value = findings.value_name(marts)
    trends = marts.history.trends
    money = number_style(findings.value_about(marts), [row["segment_value"] for row in trends])
    columns = [
        Column(Text("日期", "Snapshot"), 12, CENTRE),
        Column(Text("客群", "Segment"), 10, replace(BOLD, align="center")),
        Column(Text("名称", "Name"), 34, LONG),
        Column(Text("客户数", "Customers"), 11, COUNT),
        Column(Text("客户数比上期", "Customers against before"), 13, CHANGE),
        Column(Text("客户占比", "Share of customers"), 12, PERCENT),
        Column(Text(f"{value.zh}合计", f"Sum of {value.en}"), 17, money),
        Column(Text(f"{value.zh}比上期", f"{value.en} against before"), 15, CHANGE),
        Column(Text(f"{value.zh}占比", f"Share of {value.en}"), 13, PERCENT),
        Column(Text("上期客户数", "Customers before"), 12, COUNT),
        Column(Text("留下", "Stayed"), 10, COUNT),
        Column(Text("转出", "Moved out"), 10, COUNT),
        Column(Text("离开", "Left"), 10, COUNT),
        Column(Text("转入", "Moved in"), 10, COUNT),
        Column(Text("新来", "New"), 10, COUNT),
        Column(Text("留存率", "Kept"), 11, PERCENT),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("趋势", "Segments over time"),
        Text(
            "每期每群一行，最近一期在前。离开：不在客户文件中了；新来：上一期的文件中没有。",
            "A row is a segment at a snapshot, the last snapshot first. Left: no longer in the "
            "customer file. New: not in the file before.",
        ),
    )
    sheet.headings(HEADER, columns)
    row = HEADER
    for row, one in enumerate(migration.newest_first(trends), HEADER + 1):
        sheet.cells(
            row,
            columns,
            [
                str(one["as_of_date"]),
                one["segment_id"],
                Text(one["name_zh"], one["name_en"]),
                one["customers"],
                one["growth"],
                one["customer_share"],
                one["segment_value"],
                migration.value_growth(marts, one),
                one["spend_share"],
                one["previous_customers"],
                one["stayed"],
                one["moved_out"],
                one["customers_left"],
                one["moved_in"],
                one["entered"],
                one["retention_rate"],
            ],
        )
    for place, colour in ((5, "r3"), (8, "r2"), (15, "r4")):
        bars(sheet, HEADER + 1, place, max(row, HEADER + 1), place, COLOURS[colour])
    sheet.finish(HEADER, row, len(columns), 3)


def write_lineage(sheet: Sheet, marts: Marts) -> None:
    """Write what became of the segments at every refit, the last one first."""
    columns = [
        Column(Text("日期", "Snapshot"), 12, CENTRE),
        Column(Text("结果", "Event"), 12, CENTRE),
        Column(Text("现客群", "Segment now"), 11, replace(BOLD, align="center")),
        Column(Text("名称", "Name"), 34, LONG),
        Column(Text("原客群", "Segment before"), 11, replace(BOLD, align="center")),
        Column(Text("原名称", "Name then"), 34, LONG),
        Column(Text("现有客户", "Customers now"), 12, COUNT),
        Column(Text("上期客户", "Customers then"), 12, COUNT),
        Column(Text("共同客户", "In both"), 12, COUNT),
        Column(Text("占上期仍在册的客户", "Of those of then still in the file"), 14, PERCENT),
        Column(Text("占现有客户", "Of those now"), 12, PERCENT),
        Column(Text("新用的指标", "Attributes added"), 40, LONG),
        Column(Text("不再用的指标", "Attributes removed"), 40, LONG),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("沿革", "What became of the segments"),
        Text(
            "每次拟合模型时各群的来历；编号从不重复使用。",
            "Where the segments come from at every fit of the model; an id is never used again.",
        ),
    )
    sheet.headings(HEADER, columns)
    order = sorted(marts.history.lineage, key=lambda row: -row["as_of_date"].toordinal())
    row = HEADER
    for row, one in enumerate(order, HEADER + 1):
        sheet.cells(
            row,
            columns,
            [
                str(one["as_of_date"]),
                words.name_of(words.EVENTS, one["event"]),
                one["segment_id"] or "",
                Text(one["name_zh"] or "", one["name_en"] or ""),
                one["from_segment_id"] or "",
                _name(one, "from"),
                one["customers"],
                one["from_customers"],
                one["common_customers"],
                one["share_of_previous"],
                one["share_of_segment"],
                one["inputs_added"] or "",
                one["inputs_removed"] or "",
            ],
        )
    sheet.finish(HEADER, row, len(columns), 3)


def write_calls(sheet: Sheet, marts: Marts, reader: Reader, sheet_rows: int) -> None:
    """Write who has left a segment since the snapshot before, the largest loss first.

    Parameters
    ----------
    sheet_rows : int
        Rows that the sheet holds.
    """
    before, after = marts.history.dates[-2:]
    value = findings.value_name(marts)
    (total,) = reader.rows(
        "select count(*) as customers, max(value_before) as most from rpt_segment_departures "
        "where to_date = $1",
        "rpt_segment_departures",
        [after],
    )
    money = number_style(findings.value_about(marts), [total["most"]])
    columns = [
        Column(Text("客户编号", "Customer id"), 20, ID),
        Column(Text("原客群", "Segment before"), 12, CENTRE),
        Column(Text("现客群", "Segment now"), 12, CENTRE),
        Column(Text("原因", "Why"), 44),
        Column(Text(f"{value.zh}减少", f"{value.en}, less by"), 16, money),
        Column(Text(f"{value.zh}\n{before}", value.en), 16, money),
        Column(Text(f"{value.zh}\n{after}", value.en), 16, money),
        Column(Text("原名称", "Name before"), 62),
        Column(Text("现名称", "Name now"), 62),
    ]
    sheet.set_widths(columns)
    room = max(sheet_rows - HEADER - 1, 0)
    is_cut = total["customers"] > room
    listed = (
        Text(
            f"只列出前 {room:,} 位，共 {total['customers']:,} 位离开原客群的客户。",
            f"Only the first {room:,} of the {total['customers']:,} customers who left a segment. ",
        )
        if is_cut
        else Text(
            f"离开原客群的 {total['customers']:,} 位客户，减少最多的在前；按“原客群”筛选。",
            f"The {total['customers']:,} customers who left a segment, the largest loss first; "
            "filter by “Segment before”. ",
        )
    )
    top = migration.left_top(marts, migration.last_moves(marts))
    sheet.title(
        Text("联系名单", "Who to call"),
        Text(f"{listed.zh}{top.zh}", f"{listed.en}{top.en}"),
        ALARM if is_cut else NOTE,
    )
    if is_cut:
        sheet.worksheet.set_tab_color(COLOURS["warn-line"])
    sheet.headings(HEADER, columns)
    rows = reader.stream(
        f"select {COLUMNS['rpt_segment_departures']} from rpt_segment_departures "
        f"where to_date = $1 order by value_lost desc, customer_id limit {room}",
        "rpt_segment_departures",
        [after],
    )
    row = sheet.stream(
        HEADER + 1,
        columns,
        (
            [
                one["customer_id"],
                one["from_segment_id"],
                one["to_segment_id"] or "",
                on_one_line(words.name_of(words.MOVED_BY, one["reason"])),
                one["value_lost"],
                one["value_before"],
                None if one["reason"] == LEFT else one["value_after"],
                on_one_line(_name(one, "from")),
                on_one_line(_name(one, "to")),
            ]
            for one in rows
        ),
    )
    last = max(row, HEADER + 1)
    sheet.worksheet.ignore_errors({"number_stored_as_text": f"A{HEADER + 2}:A{last + 1}"})
    sheet.finish(HEADER, row, len(columns), 1)
