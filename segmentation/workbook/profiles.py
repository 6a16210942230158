"""Sheets on the segments: personas, numbers, shares and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from segmentation.report import findings, words
from segmentation.report.formats import Text, join, same
from segmentation.report.marts import Marts, Row, Segmentation, by
from segmentation.workbook import native_charts
from segmentation.workbook.native_charts import CellTitle, Series
from segmentation.workbook.shared import (
    HEADER,
    HIGH,
    LOW,
    bars,
    mark_yes,
    number_style,
    on_one_line,
    one_line,
    scale,
    segment_colour,
    segment_columns,
    theme_name,
)
from segmentation.workbook.sheets import (
    BAND,
    CENTRE,
    COLOURS,
    COUNT,
    DECIMAL,
    HEAD,
    LONG,
    PERCENT,
    PLAIN,
    SIGNED,
    Column,
    Sheet,
    Style,
    as_text,
    lines_in,
    tint,
    two_lines,
)

SLIGHTLY_LOW, SLIGHTLY_HIGH = "#F6E8C3", "#C7EAE5"
LIFT_FILLS = ((2.0, HIGH), (1.25, SLIGHTLY_HIGH))
RARE_FILLS = ((0.5, LOW), (0.8, SLIGHTLY_LOW))
"""From which lift on, or down to which, a cell is coloured."""

STRONG_EFFECT = 1.5
"""The effect whose colour is full, in standard deviations."""

LEVEL_COLOURS = ("r0", "r1", "r2", "r3", "r4", "r5")
SHARE_WIDTH = 16
REST = Text("其余各项", "All others")
"""The levels that are not drawn; a level of the customer file may itself be 其他, Other."""

CHART_ROWS = 20


RULE_NOTES = {
    "contradiction": Text("与画像不符", "against the profile"),
    "discovery": Text("未参与聚类", "not used in the clustering"),
}
"""What the notes on a rule are about, by the beginning of their columns."""


def write_personas(sheet: Sheet, shown: Segmentation) -> None:
    """Write the persona cards side by side: in Chinese, and below in English."""
    columns = [
        Column(Text("特征维度", "Dimension"), 16, replace(LONG, bold=True)),
        *segment_columns(shown.segments, 48, replace(LONG, vertical="top")),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("客群画像", "Personas"),
        Text(
            f"分群方案 {shown.about['segmentation_id']}；上半部分为中文，下半部分为英文。",
            f"Segmentation {shown.about['segmentation_id']}; Chinese above, English below.",
        ),
    )
    sheet.headings(HEADER, columns)
    cards = by(shown.cards, "dimension")
    names = [row["segment_id"] for row in shown.segments]
    row = HEADER
    for language, band in (("zh", "中文"), ("en", "English")):
        row += 1
        for place in range(len(columns)):
            sheet.put(row, place, band if place == 0 else "", BAND)
        for dimension, rows in cards.items():
            row += 1
            texts = {card["segment_id"]: card[f"text_{language}"] for card in rows}
            name = dimension if language == "zh" else rows[0]["dimension_en"]
            sheet.cells(row, columns, [name, *(texts.get(one) for one in names)])
    sheet.finish(HEADER, row, len(columns), 1)


def write_kpis(sheet: Sheet, marts: Marts, shown: Segmentation) -> None:
    """Write the numbers of every segment against everyone, an attribute a row."""
    figures: list[tuple[str, Text, Style | None]] = [
        ("effect_size_transformed", Text("效应", "Effect"), SIGNED),
        ("median", Text("中位数", "Median"), None),
        ("mean", Text("均值", "Mean"), None),
        ("index_vs_overall", Text("指数", "Index"), Style('0.00"×"')),
        ("std_dev", Text("标准差", "Std dev"), None),
    ]
    fixed = [
        Column(Text("主题", "Theme"), 24),
        Column(Text("指标", "Attribute"), 26, replace(LONG, bold=True)),
        Column(Text("英文名", "In English"), 36, LONG),
        Column(Text("单位", "Unit"), 17),
        Column(Text("参与聚类", "Clustered"), 10, CENTRE),
        Column(Text("全体中位数", "Median of all"), 13),
        Column(Text("全体均值", "Mean of all"), 13),
    ]
    columns = fixed + [
        Column(
            Text(f"{figure.zh} {segment['segment_id']}\n{segment['name_zh']}", figure.en),
            15,
            style or PLAIN,
            segment_colour(place),
        )
        for _, figure, style in figures
        for place, segment in enumerate(shown.segments)
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("指标对比", "KPI comparison"),
        Text(
            f"{shown.about['segmentation_id']}。效应：与全体均值相差几个标准差（偏态指标取对数后），"
            "棕色低、青色高。指数：均值为全体均值的几倍。空白：未知。",
            f"{shown.about['segmentation_id']}. Effect: standard deviations from the mean of "
            "everyone (skewed ones on a log scale), brown is low, teal is high. Index: the mean "
            "over that of everyone. Empty: unknown.",
        ),
    )
    sheet.headings(HEADER, columns)
    main = shown.about["value_attribute"]
    grouped = by(shown.kpis, "attribute")
    order = sorted(
        grouped,
        key=lambda name: (name != main, words.theme_place(grouped[name][0]["theme"]), name),
    )
    row = HEADER
    for row, attribute in enumerate(order, HEADER + 1):
        rows = grouped[attribute]
        one = rows[0]
        about = marts.attributes.get(attribute, {})
        unit = {"unit": one["unit"], "valid_max": about.get("valid_max")}
        by_figure = {
            figure: number_style(unit, [each[of] for each in rows for of in (figure, overall)])
            for figure, overall in (("median", "overall_median"), ("mean", "overall_mean"))
        }
        by_figure["std_dev"] = by_figure["mean"]
        found = {each["segment_id"]: each for each in rows}
        values: list[object] = [
            theme_name(marts.attributes.get(one["attribute"], {})),
            one["attribute_zh"],
            one["attribute_en"],
            words.name_of(words.UNITS, one["unit"] or "—"),
            bool(about.get("in_feature_set_a")),
            one["overall_median"],
            one["overall_mean"],
        ]
        values += [
            found.get(segment["segment_id"], {}).get(figure)
            for figure, _, _ in figures
            for segment in shown.segments
        ]
        styles = [column.style for column in fixed[:-2]]
        styles += [by_figure["median"], by_figure["mean"]]
        styles += [
            style or by_figure[figure] for figure, _, style in figures for _ in shown.segments
        ]
        sheet.cells(row, columns, [one_line(value) for value in values], styles)
    first = len(fixed)
    scale(
        sheet,
        HEADER + 1,
        first,
        max(row, HEADER + 1),
        first + len(shown.segments) - 1,
        (-STRONG_EFFECT, 0, STRONG_EFFECT),
    )
    sheet.finish(HEADER, row, len(columns), 2)


def write_mix(sheet: Sheet, marts: Marts, shown: Segmentation) -> None:
    """Write the share of every level in every segment, and its lift."""
    fixed = [
        Column(Text("主题", "Theme"), 24),
        Column(Text("字段", "Attribute"), 24, replace(LONG, bold=True)),
        Column(Text("英文名", "In English"), 36, LONG),
        Column(Text("取值", "Level"), 20, LONG),
        Column(Text("英文取值", "In English"), 24, LONG),
        Column(Text("未知", "Unknown"), 9, CENTRE),
        Column(Text("全体", "Everyone"), 11, PERCENT),
    ]
    figures = (
        (Text("占比", "Share"), PERCENT),
        (Text("倍数", "Lift"), DECIMAL),
        (Text("客户数", "Customers"), COUNT),
    )
    columns = fixed + [
        Column(
            Text(f"{figure.zh} {segment['segment_id']}\n{segment['name_zh']}", figure.en),
            14,
            style,
            segment_colour(place),
        )
        for figure, style in figures
        for place, segment in enumerate(shown.segments)
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("构成", "Mix"),
        Text(
            f"{shown.about['segmentation_id']}。倍数：该群占比除以全体占比；"
            "青色为 1.25 和 2 倍以上，棕色为 0.8 和 0.5 倍以下，"
            "仅当校正后 p ≤ 0.05 时着色。灰色：未知。",
            f"{shown.about['segmentation_id']}. Lift: share of the segment over that of everyone; "
            "teal from 1.25 and 2 on, brown down to 0.8 and 0.5, coloured only where adjusted p is "
            "at most 0.05. Grey: unknown.",
        ),
    )
    sheet.headings(HEADER, columns)
    row = HEADER
    for row, rows in enumerate(_levels_of(shown), HEADER + 1):
        one = rows[0]
        found = {each["segment_id"]: each for each in rows}
        each_segment = [found.get(segment["segment_id"], {}) for segment in shown.segments]
        styles = [column.style for column in columns]
        if not one["is_unknown"]:
            place = len(fixed) + len(shown.segments)
            for offset, each in enumerate(each_segment):
                styles[place + offset] = replace(DECIMAL, fill=_lift_fill(each))
        else:
            styles = [
                replace(style, colour=COLOURS["everyone"], fill=COLOURS["grid"], bold=False)
                for style in styles
            ]
        values: list[object] = [
            theme_name(marts.attributes.get(one["attribute"], {})),
            one["attribute_zh"],
            one["attribute_en"],
            one["level_zh"],
            one["level_en"],
            one["is_unknown"],
            one["share_overall"],
            *(
                each.get(figure)
                for figure in ("share_of_segment", "lift", "customers")
                for each in each_segment
            ),
        ]
        sheet.cells(row, columns, [one_line(value) for value in values], styles)
    for place in range(-1, len(shown.segments)):
        colour = tint(COLOURS["everyone"] if place < 0 else segment_colour(place))
        column = len(fixed) + place
        # Excel draws no bar where the first rule holds, whichever way the rows are sorted.
        sheet.worksheet.conditional_format(
            HEADER + 1,
            column,
            max(row, HEADER + 1),
            column,
            {
                "type": "formula",
                "criteria": f'=LEFT($F{HEADER + 2},1)="是"',
                "format": sheet.book.workbook.add_format({"font_color": COLOURS["everyone"]}),
                "stop_if_true": True,
            },
        )
        bars(sheet, HEADER + 1, column, max(row, HEADER + 1), column, colour)
    sheet.finish(HEADER, row, len(columns), 4)


def _lift_fill(row: Row) -> str | None:
    lift = row.get("lift")
    if lift is None or row["p_adjusted"] is None or row["p_adjusted"] > findings.GATE:
        return None
    for bound, fill in LIFT_FILLS:
        if lift >= bound:
            return fill
    for bound, fill in RARE_FILLS:
        if lift <= bound:
            return fill
    return None


def _levels_of(shown: Segmentation) -> list[list[Row]]:
    """Give the rows of each level, by theme and attribute, the unknown last."""
    levels: dict[tuple[str, str], list[Row]] = {}
    for row in shown.mix:
        levels.setdefault((row["attribute"], row["level"]), []).append(row)
    return sorted(
        levels.values(),
        key=lambda rows: (
            words.theme_place(rows[0]["theme"]),
            rows[0]["attribute"],
            rows[0]["is_unknown"],
            rows[0]["level_order"],
            -rows[0]["share_overall"],
            rows[0]["level"],
        ),
    )


def write_mix_charts(sheet: Sheet, marts: Marts, shown: Segmentation) -> None:
    """Draw the shares of the attributes that segments are read by, beside their numbers."""
    sheet.title(
        Text("构成图", "Mix charts"),
        Text(
            f"{shown.about['segmentation_id']}。右侧表格为图中的数字；其余取值合并为“其余各项”，灰色为未知。",
            f"{shown.about['segmentation_id']}. The tables at the right hold the numbers of the "
            "charts; other levels are put together, unknown is grey.",
        ),
    )
    widths = [88, 46, *[SHARE_WIDTH] * (1 + len(shown.segments))]
    for place, width in enumerate(widths):
        sheet.worksheet.set_column(place, place, width)
    levels = by([rows[0] for rows in _levels_of(shown)], "attribute")
    shares = {
        (row["attribute"], row["level"], row["segment_id"]): row["share_of_segment"]
        for row in shown.mix
    }
    mixed = [
        name
        for name, found in levels.items()
        if marts.attributes.get(name, {}).get("in_feature_set_b")
        and marts.attributes[name]["role"] in ("high_cardinality", "nominal", "ordinal")
    ]
    names = [Text(one["name_zh"], one["name_en"]) for one in shown.segments]
    name_lines = max(lines_in(two_lines(name), SHARE_WIDTH) for name in names)
    row = 3
    starts = []
    for name in mixed:
        starts.append(row)
        row = _mix_chart(sheet, shown, levels[name], shares, name_lines, row)
    sheet.break_pages(sum(widths), [*starts, row], name_lines)


def _mix_chart(
    sheet: Sheet,
    shown: Segmentation,
    levels: Sequence[Row],
    shares: dict[tuple[str, str, str], float],
    name_lines: int,
    row: int,
) -> int:
    """Write the shares of an attribute's most frequent levels, and draw them."""
    name = levels[0]["attribute"]
    ids = [segment["segment_id"] for segment in shown.segments]
    known = [level for level in levels if not level["is_unknown"]]
    unknown = [level for level in levels if level["is_unknown"]]
    top = sorted(known, key=lambda level: (-level["share_overall"], level["level"]))
    top = top[: len(LEVEL_COLOURS)]
    drawn = [level for level in known if level in top]
    rest = [level for level in known if level not in top]
    parts = [
        (Text(level["level_zh"], level["level_en"]), [level], COLOURS[colour])
        for level, colour in zip(drawn, LEVEL_COLOURS, strict=False)
    ]
    if rest:
        parts.append((REST, rest, COLOURS["other"]))
    if unknown:
        parts.append((Text("未知", "Unknown"), unknown, COLOURS["unknown"]))
    header = row + 1
    last_column = 2 + len(ids)
    everyone = same("全体 All")
    names = [Text(one["name_zh"], one["name_en"]) for one in shown.segments]
    sheet.set_height(header + 1, name_lines)
    attribute = Text(levels[0]["attribute_zh"], levels[0]["attribute_en"])
    for below, (first, cells) in enumerate(
        ((on_one_line(attribute), [*map(same, ids), everyone]), ("", [*names, same("")]))
    ):
        sheet.put(header + below, 1, first, BAND)
        for place, cell in enumerate(cells):
            accent = segment_colour(place) if below and place < len(ids) else None
            sheet.put(header + below, 2 + place, cell, HEAD, accent)
    start = header + 2
    for place, (text, members, _) in enumerate(parts, start):
        sheet.put(place, 1, on_one_line(text), PLAIN)
        for column, segment in enumerate(ids, 2):
            share = sum(shares.get((name, one["level"], segment), 0.0) for one in members)
            sheet.put(place, column, share, PERCENT)
        sheet.put(place, last_column, sum(one["share_overall"] for one in members), PERCENT)
    chart = native_charts.stacked(
        sheet,
        CellTitle(sheet.reference(header, 1, header, 1), as_text(on_one_line(attribute))),
        [
            Series(
                sheet.reference(place, 1, place, 1),
                sheet.reference(header, 2, header, last_column),
                sheet.reference(place, 2, place, last_column),
                colour,
            )
            for place, (_, _, colour) in enumerate(parts, start)
        ],
        Text("占比", "Share"),
        to_all=True,
    )
    native_charts.place(sheet, chart, row, 0, 610, CHART_ROWS * 20)
    return max(start + len(parts), row + CHART_ROWS) + 1


def write_rules(sheet: Sheet, shown: Sequence[Segmentation]) -> None:
    """Write the rules of segmentations, golden ones first."""
    columns = [
        Column(Text("分群方案", "Segmentation"), 18),
        Column(Text("黄金规则", "Golden"), 10, CENTRE),
        Column(Text("客群", "Segment"), 10, CENTRE),
        Column(Text("名称", "Name"), 26, LONG),
        Column(Text("规则", "Rule (Chinese)"), 46, LONG),
        Column(Text("英文规则", "Rule"), 52, LONG),
        Column(Text("符合的客户", "Customers who fulfil it"), 12, COUNT),
        Column(Text("准确率", "Precision"), 12, PERCENT),
        Column(Text("覆盖率", "Recall"), 12, PERCENT),
        Column(Text("倍数", "Lift"), 9, DECIMAL),
        Column(Text("画像印证", "Confirmed by the profile"), 12, CENTRE),
        Column(Text("备注", "Note"), 46, LONG),
        Column(Text("SQL 条件", "SQL predicate"), 60, LONG),
    ]
    sheet.set_widths(columns)
    sheet.title(
        Text("规则", "Rules"),
        Text(
            "准确率：符合规则的客户中属于该群的比例；覆盖率：该群客户中符合规则的比例。"
            "SQL 条件用于 int_feature_set_b：该表未发布，在构建所用的数据库中。",
            "Precision: of those who fulfil the rule, the share in the segment. Recall: of the "
            "segment, the share that fulfils it. The SQL predicate is over int_feature_set_b, "
            "which is in the database of the build and not published.",
        ),
    )
    sheet.headings(HEADER, columns)
    row = HEADER
    for segmentation in shown:
        names = {one["segment_id"]: one for one in segmentation.segments}
        ordered = sorted(
            segmentation.rules,
            key=lambda rule: (
                not rule["is_golden"],
                rule["segment_id"],
                rule["golden_rank"] or 0,
                -(rule["recall"] or 0),
                rule["leaf"],
            ),
        )
        for rule in ordered:
            row += 1
            segment = names[rule["segment_id"]]
            notes = [
                Text(f"{label.zh}：{rule[f'{kind}_zh']}", f"{label.en}: {rule[f'{kind}_en']}")
                for kind, label in RULE_NOTES.items()
                if rule[f"{kind}_zh"] and rule[f"{kind}_en"]
            ]
            sheet.cells(
                row,
                columns,
                [
                    segmentation.about["segmentation_id"],
                    rule["is_golden"],
                    rule["segment_id"],
                    Text(segment["name_zh"], segment["name_en"]),
                    rule["rule_zh"],
                    rule["rule_en"],
                    rule["customers"],
                    rule["precision"],
                    rule["recall"],
                    rule["lift"],
                    rule["is_corroborated"],
                    join(notes, "；", "; "),
                    rule["predicate_sql"],
                ],
            )
    bars(sheet, HEADER + 1, 7, max(row, HEADER + 1), 7, COLOURS["r3"])
    bars(sheet, HEADER + 1, 8, max(row, HEADER + 1), 8, COLOURS["r4"])
    mark_yes(sheet, HEADER + 1, 1, max(row, HEADER + 1), SLIGHTLY_HIGH)
    sheet.finish(HEADER, row, len(columns), 4)
