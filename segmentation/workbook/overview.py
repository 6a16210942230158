"""The first sheet: the decision, the segments, what they bring and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from segmentation.report import charts, findings, words
from segmentation.report.formats import Said, Text, join, say
from segmentation.report.marts import Marts, Segmentation, by
from segmentation.workbook import native_charts
from segmentation.workbook.native_charts import Series
from segmentation.workbook.shared import HEADER, bars, number_style, scale, segment_colour
from segmentation.workbook.sheets import (
    BAND,
    BOLD,
    COLOURS,
    COUNT,
    DECIMAL,
    FONT,
    LABEL,
    LONG,
    NOTE,
    PERCENT,
    SENTENCE,
    WARNING,
    Column,
    Sheet,
    Style,
    lines_in,
    two_lines,
)

NAME_CARD = "群体命名"
"""The row of the persona card that gives name and traits."""

MOST_ACTIONS = 3
UNSTABLE = 0.75
"""Mean Jaccard index below which a segment is not stable."""


def write_overview(sheet: Sheet, marts: Marts, contents: Sequence[tuple[Sheet, Text]]) -> None:
    """Write the overview.

    Parameters
    ----------
    contents : list of (Sheet, Text)
        The other sheets, and what they hold.
    """
    about, segments = marts.final.about, marts.final.segments
    value = marts.attributes.get(about["value_attribute"], {})
    value_name = findings.value_name(marts)
    medians = {
        row["segment_id"]: row
        for row in marts.final.kpis
        if row["attribute"] == about["value_attribute"]
    }
    amount = number_style(value, [row["segment_value"] for row in segments])
    median = number_style(value, [row["median"] for row in medians.values()])
    columns = [
        Column(Text("客群", "Segment"), 10, replace(BOLD, align="center")),
        Column(Text("名称", "Name"), 32, replace(LONG, bold=True)),
        Column(Text("客户数", "Customers"), 11, COUNT),
        Column(Text("客户占比", "Share of customers"), 12, PERCENT),
        Column(Text(f"{value_name.zh}合计", f"Sum of {value_name.en}"), 17, amount),
        Column(Text(f"{value_name.zh}占比", f"Share of {value_name.en}"), 13, PERCENT),
        Column(Text(f"{value_name.zh}中位数", f"Median {value_name.en}"), 15, median),
        Column(Text("轮廓系数", "Silhouette"), 11, DECIMAL),
        Column(Text("Jaccard", "Jaccard"), 10, DECIMAL),
        Column(Text("稳定性", "Stability"), 14, Style(wrap=True, align="center")),
        Column(Text("边界客户", "Borderline"), 11, PERCENT),
        Column(Text("一句话画像", "Persona in one line"), 62, LONG),
        Column(Text("先做什么", "What to do first"), 40, LONG),
    ]
    last = len(columns) - 2
    sheet.set_widths(columns)
    sheet.worksheet.fit_to_pages(1, 1)
    sheet.title(
        Text("客户分群概览", "Customer segmentation"),
        say(
            "数据截至 {day} · {id} · 构建编号 {build}",
            "Data as of {day} · {id} · build {build}",
            day=str(marts.as_of_date or "—"),
            id=about["segmentation_id"],
            build=marts.build["build_id"] if marts.build else "—",
        ).text,
    )
    row = HEADER
    room = sum(column.width for column in columns[2 : last + 1])
    for name, said, style in _sentences(marts):
        sheet.set_height(row, lines_in(f"{said.zh}\n{said.en}", room / 1.1))
        sheet.merged(row, 0, 1, f"{name.zh} {name.en}", replace(LABEL, fill=style.fill))
        sheet.merged(row, 2, last, f"{said.zh}\n{said.en}", style)
        row += 1
    header = row + 1
    sheet.headings(header, columns)
    cards = {
        card["segment_id"]: Text(card["text_zh"], card["text_en"])
        for card in marts.final.cards
        if card["dimension"] == NAME_CARD
    }
    playbooks = by(marts.final.playbooks, "segment_id")
    row = header
    for segment in segments:
        row += 1
        name = segment["segment_id"]
        actions = [
            Text(f"{place}. {action['label_zh']}", f"{place}. {action['label_en']}")
            for place, action in enumerate(playbooks.get(name, [])[:MOST_ACTIONS], 1)
        ]
        sheet.cells(
            row,
            columns,
            [
                name,
                Text(segment["name_zh"], segment["name_en"]),
                segment["customers"],
                segment["customer_share"],
                segment["segment_value"],
                segment["spend_share"],
                medians[name]["median"] if name in medians else None,
                segment["mean_silhouette"],
                segment["jaccard"],
                words.name_of(words.STABILITY, segment["stability"]),
                marts.borderline.get(name, 0) / max(segment["customers"], 1),
                cards.get(name),
                join(actions, "；", "; "),
            ],
        )
    first, final_row = header + 1, row
    sheet.worksheet.autofilter(header, 0, final_row, len(columns) - 1)
    sheet.worksheet.freeze_panes(3, 2)
    row += 1
    everyone = [
        replace(column, style=replace(column.style, bold=True, fill=BAND.fill))
        for column in columns
    ]
    sheet.cells(
        row,
        everyone,
        [
            "全体 All",
            "",
            about["customers"],
            1.0,
            sum(segment["segment_value"] or 0 for segment in segments),
            1.0,
            next(iter(medians.values()))["overall_median"] if medians else None,
            None,
            None,
            "",
            sum(marts.borderline.values()) / max(about["customers"], 1),
            "",
            "",
        ],
    )
    for place, colour in ((3, COLOURS["r3"]), (5, COLOURS["r2"])):
        bars(sheet, first, place, final_row, place, colour)
    sheet.worksheet.conditional_format(
        first,
        8,
        final_row,
        8,
        {
            "type": "cell",
            "criteria": "<",
            "value": UNSTABLE,
            "format": sheet.book.workbook.add_format({"bg_color": COLOURS["warn-paper"]}),
        },
    )
    chart_row = _pentagon_table(sheet, marts.final, row + 2)
    names = sheet.reference(first, 0, final_row, 0)
    shares = native_charts.columns(
        sheet,
        Text("客户占比与价值占比", "Share of customers and of value"),
        [
            Series(
                sheet.reference(header, 3, header, 3),
                names,
                sheet.reference(first, 3, final_row, 3),
                COLOURS["r3"],
            ),
            Series(
                sheet.reference(header, 5, header, 5),
                names,
                sheet.reference(first, 5, final_row, 5),
                COLOURS["r0"],
            ),
        ],
        Text("占比", "Share"),
    )
    native_charts.place(sheet, shares, chart_row, 0, 720, 380)
    _contents(sheet, contents, chart_row + 21)


def _sentences(marts: Marts) -> list[tuple[Text, Said, Style]]:
    about, decision = marts.final.about, marts.decision
    found = [(Text("结论", "Answer"), findings.answer(marts), replace(SENTENCE, bold=True))]
    if decision is not None:
        chosen = say(
            "{method}，K={k}。{reason}",
            "{method}, K = {k}. {reason}",
            method=words.name_of(words.METHODS, about["method"]),
            k=str(about["k"]),
            reason=Text(decision["reason_zh"], decision["reason_en"]),
        )
        found.append((Text("决定", "Decision"), chosen, SENTENCE))
    found.append((Text("可信度", "Trust"), findings.trust(marts), SENTENCE))
    found += [(Text("注意", "Take care"), warning, WARNING) for warning in findings.warnings(marts)]
    return found


def _pentagon_table(sheet: Sheet, shown: Segmentation, row: int) -> int:
    """Write the scores of the pentagon, and its chart below them at the right."""
    if not shown.themes:
        return row
    names = {theme["axis"]: charts.axis_name(theme) for theme in shown.themes}
    axes = sorted(names, key=words.theme_place)
    scores = {(theme["segment_id"], theme["axis"]): theme["score"] for theme in shown.themes}
    sheet.put(row, 0, "能力五边形 Pentagon of abilities", replace(LABEL, colour=COLOURS["ink"]))
    sheet.put(
        row, 2, "0–100 分；平均客户为 50。Scores from 0 to 100; the average customer has 50.", NOTE
    )
    columns = [
        Column(Text("客群", "Segment"), 10),
        Column(Text("名称", "Name"), 30),
        *(Column(names[axis], 11) for axis in axes),
    ]
    header = row + 1
    sheet.headings(header, columns)
    for place, segment in enumerate(shown.segments, header + 1):
        name = Text(segment["name_zh"], segment["name_en"])
        sheet.set_height(place, lines_in(two_lines(name), 32))
        sheet.put(place, 0, segment["segment_id"], replace(BOLD, align="center"))
        sheet.put(place, 1, name, LONG)
        for column, axis in enumerate(axes, 2):
            sheet.put(place, column, scores.get((segment["segment_id"], axis)), Style("0"))
    last = header + len(shown.segments)
    scale(sheet, header + 1, 2, last, 1 + len(axes), (0, 50, 100))
    categories = sheet.reference(header, 2, header, 1 + len(axes))
    chart = native_charts.pentagon(
        sheet,
        Text("能力五边形", "Pentagon of abilities"),
        [
            Series(
                sheet.reference(place, 0, place, 0),
                categories,
                sheet.reference(place, 2, place, 1 + len(axes)),
                segment_colour(place - header - 1),
            )
            for place in range(header + 1, last + 1)
        ],
    )
    native_charts.place(sheet, chart, last + 2, 7, 640, 380)
    return last + 2


def _contents(sheet: Sheet, contents: Sequence[tuple[Sheet, Text]], row: int) -> None:
    sheet.put(row, 0, "内容 Contents", replace(LABEL, colour=COLOURS["ink"]))
    link = sheet.book.workbook.add_format(
        {
            "font_name": FONT,
            "font_size": 10,
            "font_color": COLOURS["accent"],
            "underline": 1,
        }
    )
    for place, (other, about) in enumerate(contents, row + 1):
        quoted = other.name.replace("'", "''")
        sheet.worksheet.write_url(place, 0, f"internal:'{quoted}'!A1", link, other.name)
        sheet.put(place, 2, f"{about.zh}  {about.en}", NOTE)
