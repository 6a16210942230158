"""Sheets on the number of segments: the criteria by K, and all evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from segmentation.report import words
from segmentation.report.formats import Text, same
from segmentation.report.marts import Marts, Row, by
from segmentation.workbook import native_charts
from segmentation.workbook.native_charts import Series
from segmentation.workbook.shared import HEADER, mark_yes, one_line
from segmentation.workbook.sheets import (
    BOLD,
    CENTRE,
    COLOURS,
    COUNT,
    DECIMAL,
    LONG,
    PERCENT,
    SENTENCE,
    Column,
    Sheet,
    Style,
    lines_in,
)

SELECTION_HEADINGS: dict[str, tuple[Text, float, Style]] = {
    "cost": (Text("成本", "Cost"), 13, COUNT),
    "mean_silhouette": (Text("平均轮廓系数", "Mean silhouette"), 11, Style("0.000")),
    "silhouette_evenness": (Text("轮廓均匀度", "Evenness"), 11, DECIMAL),
    "negative_silhouettes": (Text("轮廓为负的客户", "Negative silhouettes"), 12, PERCENT),
    "smallest_share": (Text("最小客群占比", "Smallest segment"), 11, PERCENT),
    "gap": (Text("Gap 统计量", "Gap"), 10, Style("0.000")),
    "min_jaccard": (Text("最弱一群的 Jaccard", "Jaccard of the weakest"), 12, DECIMAL),
}
"""What the data say of every K: heading, width and format."""

WITH_ERROR = ("gap", "min_jaccard")

EVIDENCE: dict[str, Text] = {
    **words.CRITERIA,
    **{name: heading for name, (heading, _, _) in SELECTION_HEADINGS.items()},
    "log_cost": Text("成本的对数 (Gap)", "Log of the cost (for the gap)"),
    "reference_log_cost": Text(
        "参照数据成本的对数 (Gap)", "The same on reference data (for the gap)"
    ),
    "bic": Text("BIC（越低越好）", "BIC, lower is better"),
    "icl": Text("ICL（越低越好）", "ICL, lower is better"),
    "collapsed_components": Text("塌缩的混合成分", "Collapsed components"),
}
"""The names of all criteria."""

BUSINESS_COLOURS = ("r0", "r2", "r4", "everyone", "r5")
CHART_ROWS = 16
CHARTS_A_ROW = 3
CHART_COLUMNS = 5
"""Columns that a chart covers."""


def write_selection(sheet: Sheet, marts: Marts) -> None:
    """Write the criteria of the chosen method by K, their charts, and the decision."""
    method, chosen = marts.final.about["method"], marts.final.about["k"]
    rows = [row for row in marts.selection if row["method"] == method]
    criteria = by(rows, "criterion")
    weighted = {row["criterion"] for row in rows if row["weight"]}
    business = [name for name in words.CRITERIA if name in weighted]
    columns = [
        Column(same("K"), 8, replace(BOLD, align="center")),
        Column(Text("选定", "Chosen"), 9, CENTRE),
    ]
    places: dict[str, int] = {}
    for name, (heading, width, style) in SELECTION_HEADINGS.items():
        if name not in criteria:
            continue
        places[name] = len(columns)
        columns.append(Column(heading, width, style))
        if name in WITH_ERROR:
            places[f"{name} error"] = len(columns)
            columns.append(Column(Text("标准误", "Std error"), 10, Style("0.000")))
    for name in business:
        places[name] = len(columns)
        columns.append(
            Column(
                Text(f"{words.CRITERIA[name].zh}得分", f"{words.CRITERIA[name].en}, weighted"),
                14,
                DECIMAL,
            )
        )
    if business:
        places["business"] = len(columns)
        columns.append(Column(Text("业务得分", "Business score"), 11, replace(DECIMAL, bold=True)))
    columns += [
        Column(Text("结论", "Verdicts (Chinese)"), 46, LONG),
        Column(Text("英文结论", "Verdicts"), 52, LONG),
    ]
    sheet.set_widths(columns)
    method_name = words.name_of(words.METHODS, method)
    sheet.title(
        Text(f"选 K：{method_name.zh}", f"Choosing K: {method_name.en}"),
        Text(
            "双肘检验：数据科学之肘与业务价值之肘。图中标出选定的 K，误差线为一个标准误。",
            "The double elbow: what the data say and what the business values. Charts mark the "
            "chosen K; error bars are one standard error.",
        ),
    )
    row = 3
    if marts.decision is not None:
        room = sum(column.width for column in columns[:-1])
        for reason in (marts.decision["reason_zh"], marts.decision["reason_en"]):
            sheet.set_height(row, lines_in(reason, room / 1.1))
            sheet.merged(row, 0, len(columns) - 2, reason, SENTENCE)
            row += 1
    charts_row = row
    header = charts_row + 2 * CHART_ROWS + 1
    sheet.headings(header, columns)
    found = {(each["k"], each["criterion"]): each for each in rows}
    ks = sorted({each["k"] for each in rows})
    for row, k in enumerate(ks, header + 1):
        fill = COLOURS["warn-paper"] if k == chosen else None
        total = [found[k, one]["contribution"] for one in business if (k, one) in found]
        values: dict[int, object] = {0: k, 1: k == chosen}
        for criterion, place in places.items():
            evidence = found.get((k, criterion.removesuffix(" error")), {})
            if criterion == "business":
                values[place] = sum(one or 0 for one in total) if total else None
            elif criterion in business:
                values[place] = evidence.get("contribution")
            else:
                values[place] = evidence.get(
                    "std_error" if criterion.endswith(" error") else "value"
                )
        values[len(columns) - 2] = _verdicts(rows, k, "zh")
        values[len(columns) - 1] = _verdicts(rows, k, "en")
        sheet.cells(
            row,
            columns,
            [values.get(place) for place in range(len(columns))],
            [replace(column.style, fill=fill) for column in columns],
        )
    sheet.worksheet.autofilter(header, 0, header + max(len(ks), 1), len(columns) - 1)
    sheet.worksheet.freeze_panes(3, 1)
    if ks:
        marked = ks.index(chosen) if chosen in ks else None
        gaps = [row["value"] for row in criteria.get("gap", []) if row["value"] is not None]
        drawn = _charts(
            sheet,
            places,
            business,
            (header, len(ks), marked),
            math.floor(10 * min(gaps)) / 10 if gaps else None,
        )
        for place, chart in enumerate(drawn):
            down, right = divmod(place, CHARTS_A_ROW)
            native_charts.place(
                sheet,
                chart,
                charts_row + CHART_ROWS * down,
                CHART_COLUMNS * right,
                410,
                20 * CHART_ROWS - 10,
            )


def _verdicts(rows: Sequence[Row], k: int, language: str) -> str:
    """Say which criteria speak for or against a K; those of the business stand in K evidence."""
    column, colon, end = ("verdict_zh", "：", "；") if language == "zh" else ("verdict", ": ", "; ")
    names = {name: heading for name, (heading, _, _) in SELECTION_HEADINGS.items()}
    return end.join(
        f"{getattr(names[row['criterion']], language)}{colon}{row[column]}"
        for row in rows
        if row["k"] == k and row[column] and row["criterion"] in names
    )


def _charts(
    sheet: Sheet,
    places: dict[str, int],
    business: Sequence[str],
    table: tuple[int, int, int | None],
    least_gap: float | None,
) -> list[Any]:
    """Draw the criteria that there are.

    Parameters
    ----------
    places : dict
        Columns of the table by criterion.
    business : list of str
        Criteria of the business that have a weight.
    table : (int, int, int or None)
        Row of the headings, number of rows, and which of them is chosen.
    least_gap : float or None
        Where the axis of the gap begins: far from 0, its error bars can be seen.
    """
    header, points, marked = table
    first, last = header + 1, header + points
    ks = sheet.reference(first, 0, last, 0)

    def series(criterion: str, colour: str, *, is_marked: bool = True) -> Series:
        place, beside = places[criterion], places.get(f"{criterion} error")
        return Series(
            name=sheet.reference(header, place, header, place),
            categories=ks,
            values=sheet.reference(first, place, last, place),
            colour=COLOURS[colour],
            errors=None if beside is None else sheet.reference(first, beside, last, beside),
            marked=marked if is_marked else None,
            points=points,
        )

    drawn: list[Any] = []
    for criterion, title, axis, formats, least in (
        (
            "cost",
            Text("成本（肘部法则）", "Cost (elbow)"),
            Text("成本", "Cost"),
            ("#,##0",) * 2,
            None,
        ),
        (
            "mean_silhouette",
            Text("轮廓系数与均匀度", "Silhouette and evenness"),
            Text("轮廓", "Silhouette"),
            ("0.0", "0.00"),
            None,
        ),
        ("gap", Text("Gap 统计量", "Gap statistic"), same("Gap"), ("0.0", "0.00"), least_gap),
        (
            "min_jaccard",
            Text("稳定性（最弱一群）", "Stability (weakest segment)"),
            same("Jaccard"),
            ("0.0", "0.00"),
            0.0,
        ),
    ):
        if criterion not in places:
            continue
        shown = [series(criterion, "r1")]
        if criterion == "mean_silhouette" and "silhouette_evenness" in places:
            shown.append(series("silhouette_evenness", "high", is_marked=False))
        drawn.append(native_charts.curves(sheet, title, shown, axis, formats, least))
    if business:
        drawn.append(
            native_charts.stacked(
                sheet,
                Text("业务得分（加权）", "Business score (weighted)"),
                [
                    series(name, colour)
                    for name, colour in zip(business, BUSINESS_COLOURS, strict=False)
                ],
                Text("得分", "Score"),
            )
        )
    return drawn


def write_evidence(sheet: Sheet, marts: Marts) -> None:
    """Write all criteria of all methods."""
    columns = [
        Column(Text("方法", "Method"), 26),
        Column(same("K"), 7, CENTRE),
        Column(Text("选定", "Chosen"), 9, CENTRE),
        Column(Text("哪个肘", "Elbow"), 24),
        Column(Text("标准", "Criterion"), 34),
        Column(Text("数值", "Value"), 15, Style("#,##0.0000")),
        Column(Text("标准误", "Std error"), 12, Style("0.0000")),
        Column(Text("权重", "Weight"), 10, PERCENT),
        Column(Text("加权得分", "Weighted score"), 12, DECIMAL),
        Column(Text("结论", "Verdict (Chinese)"), 46, LONG),
        Column(Text("英文结论", "Verdict"), 52, LONG),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("K 的证据", "Evidence for K"),
        Text(
            "rpt_k_selection 的全部行：每种方法、每个 K、每项标准一行。",
            "All of rpt_k_selection: one row per method, K and criterion.",
        ),
    )
    sheet.headings(HEADER, columns)
    elbows = {
        "data_science": Text("数据科学之肘", "data science"),
        "business_value": Text("业务价值之肘", "business value"),
    }
    about = marts.final.about
    row = HEADER
    order = sorted(
        marts.selection, key=lambda one: (one["method"] != about["method"], one["method"])
    )
    for row, one in enumerate(order, HEADER + 1):
        values: list[object] = [
            words.name_of(words.METHODS, one["method"]),
            one["k"],
            (one["method"], one["k"]) == (about["method"], about["k"]),
            words.name_of(elbows, one["elbow"]),
            words.name_of(EVIDENCE, one["criterion"]),
            one["value"],
            one["std_error"],
            one["weight"],
            one["contribution"],
            one["verdict_zh"],
            one["verdict"],
        ]
        sheet.cells(row, columns, [one_line(value) for value in values])
    mark_yes(sheet, HEADER + 1, 2, max(row, HEADER + 1), COLOURS["warn-paper"])
    sheet.finish(HEADER, row, len(columns), 3)
