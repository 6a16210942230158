"""The sheet of one segmentation: its segments side by side, and the questions under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from segmentation.dictionary.words import CURRENCY_SIGNS
from segmentation.review.cells import (
    ASKED,
    BOLD,
    BOLD_CENTRE,
    CENTRE,
    GREY,
    HEAD,
    INPUT,
    KEY,
    LABEL,
    PLAIN,
    RED,
    RIGHT,
    SCORE_INPUT,
    SHADES,
    TITLE,
    both,
    finish,
    link,
    put,
    put_band,
    set_height,
)
from segmentation.review.evidence import (
    LEVELS_OF_A_CATEGORY,
    Candidate,
    Category,
    Evidence,
    Figure,
    Level,
    Question,
    Text,
)
from segmentation.review.words import (
    LEGEND,
    READ_ME,
    SCALE,
    STATISTICS,
    UNITS,
    in_short,
    technical_verdict,
)

SCORE_COLUMN = "C"
TOP = "D6"
"""The first cell that is not frozen."""

_OVERALL, _FIRST = 3, 4
"""The columns of everyone, and of the first segment, which has two: a value and a ratio."""
_COMMENT = _FIRST + 4
_FEWEST_PLACES = 4
"""Segments that a sheet has room for at least, so that the questions fit."""
_LABEL_WIDTH, _OVERALL_WIDTH, _VALUE_WIDTH, _RATIO_WIDTH = 31.0, 15.0, 15.0, 7.5
_BOTH_WIDTH = _VALUE_WIDTH + _RATIO_WIDTH
_HEADER_ROWS = 5
_RATIO_FORMAT = '[<0.095]"×"0.00;[<9.95]"×"0.0;"×"#,##0'
_BARE = replace(PLAIN, border=None)
_MENTIONED_UNKNOWN = 0.1
"""Share of unknown values from which it is said."""


@dataclass(frozen=True)
class AnswerPlaces:
    """Where the answers of a sheet stand: the row of each criterion, and the comments' column."""

    rows: dict[str, int]
    comment_column: str


def fill_profile(sheet: Worksheet, candidate: Candidate, evidence: Evidence) -> AnswerPlaces:
    """Fill the sheet of a segmentation.

    Parameters
    ----------
    sheet : Worksheet
        An empty sheet, named as the candidate's title.
    candidate : Candidate
        The segmentation.
    evidence : Evidence
        All that the workbook shows, for the questions and the label of the value.

    Returns
    -------
    AnswerPlaces
        Where its answers are to be read.
    """
    places = max(candidate.k, _FEWEST_PLACES)
    widths = [4.0, _LABEL_WIDTH, _OVERALL_WIDTH, *[_VALUE_WIDTH, _RATIO_WIDTH] * places]
    last_column = len(widths)
    _fill_header(sheet, candidate, last_column)
    row = _fill_sizes(sheet, _HEADER_ROWS + 1, candidate, evidence.value_label)
    for theme, heading in evidence.themes.items():
        figures = [item for item in (*candidate.figures, *candidate.risks) if item.theme == theme]
        categories = [item for item in candidate.categories if item.theme == theme]
        if figures or categories:
            row = put_band(sheet, row, last_column, heading)
        for category in categories:
            row = _fill_category(sheet, row, category)
        for figure in figures:
            row = _fill_figure(sheet, row, figure)
    row = _fill_playbooks(sheet, row, candidate, last_column)
    sheet.row_breaks.append(Break(id=row - 1))
    rows, row = _fill_questions(sheet, row, candidate, evidence.questions, widths)

    to_questions = put(
        sheet,
        1,
        last_column - 3,
        "↓ 去打分 To the questions",
        _BARE,
        until=last_column,
    )
    link(to_questions, candidate.title, f"{SCORE_COLUMN}{min(rows.values())}")
    back = put(sheet, row, LABEL, "← 回到说明 Back to the first sheet", _BARE)
    link(back, READ_ME, "B1")
    finish(sheet, widths, row - 1)
    sheet.print_title_rows = f"4:{_HEADER_ROWS}"
    sheet.freeze_panes = TOP
    sheet.sheet_properties.tabColor = "70AD47" if candidate.is_final else "9DC3E6"
    return AnswerPlaces(rows, get_column_letter(_COMMENT))


def _columns(items: Sequence[object]) -> range:
    """Give the first column of every segment."""
    return range(_FIRST, _FIRST + 2 * len(items), 2)


def _fill_header(sheet: Worksheet, candidate: Candidate, last_column: int) -> None:
    """Write what is frozen at the top: what the sheet is, the colours, the segments' names."""
    title = (
        f"K = {candidate.k}：{candidate.customers:,} 位客户分成 {candidate.k} 群",
        f"{candidate.customers:,} customers in {candidate.k} segments",
    )
    put(sheet, 1, LABEL, both(title, "　"), TITLE, until=last_column - 4)
    sheet.row_dimensions[1].height = 26
    silhouette = technical_verdict(candidate, "mean_silhouette")
    stability = technical_verdict(candidate, "min_jaccard")
    parts = [*in_short(candidate)]
    if all(silhouette):
        parts.append((f"轮廓系数 {silhouette[0]}", f"silhouette {silhouette[1]}"))
    if all(stability):
        parts.append((f"最弱一群的稳定性 {stability[0]}", f"weakest segment {stability[1]}"))
    if candidate.computed_score is not None:
        score = f"{candidate.computed_score:.1f}"
        parts.append((f"机器的业务得分 {score}/5", f"computed business score {score} of 5"))
    short = "；".join(zh for zh, _ in parts) + "\n" + "; ".join(en for _, en in parts)
    style = replace(BOLD if candidate.is_supported else RED, border=None)
    put(sheet, 2, LABEL, short, style, until=last_column)
    put(sheet, 3, LABEL, both(LEGEND), replace(GREY, border=None), until=last_column)
    for row in (2, 3):
        sheet.row_dimensions[row].height = 32
    put(sheet, 4, LABEL, "客群　Segment", HEAD)
    put(sheet, 4, _OVERALL, "全体　All", HEAD)
    put(sheet, 5, LABEL, "名称　Name", BOLD)
    put(sheet, 5, _OVERALL, None)
    names = [both(segment.name) for segment in candidate.segments]
    for column, segment, name in zip(_columns(names), candidate.segments, names, strict=True):
        put(sheet, 4, column, segment.segment_id, HEAD, until=column + 1)
        put(sheet, 5, column, name, BOLD_CENTRE, until=column + 1)
    set_height(sheet, 5, *((name, _BOTH_WIDTH) for name in names))


def _fill_sizes(sheet: Worksheet, row: int, candidate: Candidate, value_label: Text) -> int:
    """Write how large, how valuable and how stable the segments are, and give the next row."""
    segments = candidate.segments
    lines: list[tuple[Text, float, list[float | None], str]] = [
        (
            ("客户数", "Customers"),
            candidate.customers,
            [item.customers for item in segments],
            "#,##0",
        ),
        (
            ("客户占比", "Share of customers"),
            1.0,
            [item.customer_share for item in segments],
            "0.0%",
        ),
        (
            (f"价值占比（{value_label[0]}）", f"Share of value ({value_label[1]})"),
            1.0,
            [item.spend_share for item in segments],
            "0.0%",
        ),
    ]
    for label, overall, values, number_format in lines:
        style = replace(CENTRE, number_format=number_format)
        put(sheet, row, LABEL, both(label))
        put(sheet, row, _OVERALL, overall, style)
        for column, value in zip(_columns(values), values, strict=True):
            put(sheet, row, column, value, style, until=column + 1)
        set_height(sheet, row, (both(label), _LABEL_WIDTH))
        row += 1
    label = ("稳定性：换一批客户还能找回多少", "Stability: how much is found again")
    put(sheet, row, LABEL, both(label))
    put(sheet, row, _OVERALL, None)
    for column, item in zip(_columns(segments), segments, strict=True):
        style = CENTRE if item.stability[1] in ("stable", "highly stable") else RED
        put(sheet, row, column, both(item.stability), replace(style, horizontal="center"))
        put(sheet, row, column + 1, item.jaccard, replace(style, number_format="0%"))
    set_height(sheet, row, (both(label), _LABEL_WIDTH))
    return row + 1


def _fill_figure(sheet: Worksheet, row: int, figure: Figure) -> int:
    """Write a row of numbers, each with how often it is that of everyone; give the next row."""
    unit = ("", "") if figure.is_share else UNITS.get(figure.unit, ("", ""))
    statistic = STATISTICS[figure.statistic]
    kinds = ["，".join(filter(None, (unit[0], statistic[0])))]
    kinds.append(", ".join(filter(None, (unit[1], statistic[1]))))
    label = f"{figure.label[0]}（{kinds[0]}）\n{figure.label[1]} ({kinds[1]})"
    style = replace(RIGHT, number_format=_number_format(figure))
    ratio_style = replace(GREY, horizontal="right", number_format=_RATIO_FORMAT)
    put(sheet, row, LABEL, label)
    put(sheet, row, _OVERALL, figure.overall, style)
    for column, item in zip(_columns(figure.values), figure.values, strict=True):
        fill = SHADES.get(item.shade)
        put(sheet, row, column, item.value, replace(style, fill=fill))
        put(sheet, row, column + 1, item.ratio, replace(ratio_style, fill=fill))
    set_height(sheet, row, (label, _LABEL_WIDTH))
    return row + 1


def _number_format(figure: Figure) -> str:
    """Choose the format of a row of numbers by unit, with as many decimals as the row needs."""
    if figure.unit == "flag":
        return "0.0%"
    if figure.is_share:
        return "0%"
    numbers = [abs(item.value) for item in figure.values if item.value is not None]
    largest = max(numbers, default=0.0)
    decimals = "0.00" if largest < 10 else "0.0" if largest < 100 else "0"
    sign = CURRENCY_SIGNS.get(figure.unit.removesuffix("_per_month"))
    return f'"{sign}"#,##{decimals}' if sign else f"#,##{decimals}"


def _fill_category(sheet: Worksheet, row: int, category: Category) -> int:
    """Write the commonest levels of a category and how much is unknown; give the next row."""
    top = LEVELS_OF_A_CATEGORY
    label = f"{category.label[0]}：前 {top} 位\n{category.label[1]}: the top {top}"
    first = row
    for rank in range(top):
        put(sheet, row, LABEL, label if rank == 0 else None)
        texts = []
        for column, levels in zip(
            (_OVERALL, *_columns(category.levels)),
            (category.overall, *category.levels),
            strict=True,
        ):
            level = levels[rank] if rank < len(levels) else None
            name, numbers = _level_texts(level)
            fill = SHADES.get(level.shade) if level else None
            if column == _OVERALL:
                name = f"{name}\n{numbers}".strip()
            else:
                put(sheet, row, column + 1, numbers, replace(GREY, fill=fill))
            put(sheet, row, column, name, replace(PLAIN, fill=fill))
            texts += [(name, _VALUE_WIDTH), (numbers, _RATIO_WIDTH)]
        set_height(sheet, row, *texts)
        row += 1
    sheet.merge_cells(start_row=first, end_row=row - 1, start_column=LABEL, end_column=LABEL)
    if max((category.overall_unknown, *category.unknown)) < _MENTIONED_UNKNOWN:
        return row
    style = replace(GREY, horizontal="right", number_format="0%")
    put(sheet, row, LABEL, "　其余未知　Unknown", GREY)
    put(sheet, row, _OVERALL, category.overall_unknown, style)
    for column, share in zip(_columns(category.unknown), category.unknown, strict=True):
        put(sheet, row, column, share, style)
        put(sheet, row, column + 1, None)
    return row + 1


def _level_texts(level: Level | None) -> tuple[str, str]:
    """Give the name of a level, and its share with its lift."""
    if level is None:
        return "–", ""
    lift = "" if level.lift is None else f"\n×{level.lift:.1f}"
    return both(level.label), f"{level.share:.0%}{lift}"


def _fill_playbooks(sheet: Worksheet, row: int, candidate: Candidate, last_column: int) -> int:
    """Write what would be done with each segment, and which would be treated alike."""
    heading = ("建议打法（最贴合的三项）", "Suggested playbooks, the three that fit best")
    row = put_band(sheet, row, last_column, heading)
    segments = candidate.segments
    for rank in range(max(1, *(len(segment.playbooks) for segment in segments))):
        put(sheet, row, LABEL, f"{rank + 1}", CENTRE)
        put(sheet, row, _OVERALL, None)
        texts = [
            both(segment.playbooks[rank]) if rank < len(segment.playbooks) else "–"
            for segment in segments
        ]
        for column, text in zip(_columns(segments), texts, strict=True):
            put(sheet, row, column, text, CENTRE, until=column + 1)
        set_height(sheet, row, *((text, _BOTH_WIDTH) for text in texts))
        row += 1
    finding = candidate.findings.get("actionability")
    text = both(finding.verdict) if finding else "–"
    put(sheet, row, LABEL, "打法相同的群\nSegments treated alike", BOLD)
    put(sheet, row, _OVERALL, text, BOLD, until=last_column)
    width = _OVERALL_WIDTH + _BOTH_WIDTH * max(candidate.k, _FEWEST_PLACES)
    set_height(sheet, row, (text, width), least=34)
    return row + 1


def _fill_questions(
    sheet: Worksheet,
    row: int,
    candidate: Candidate,
    questions: Sequence[Question],
    widths: Sequence[float],
) -> tuple[dict[str, int], int]:
    """Write the questions with their cells; give the rows of the answers, and the next row."""
    last_column, width = len(widths), sum(widths[_OVERALL - 1 :])
    put(
        sheet,
        row,
        LABEL,
        "请您评价（黄色格）　Your assessment (yellow cells)",
        HEAD,
        until=last_column,
    )
    sheet.row_dimensions[row].height = 24
    row += 1
    scale = "　".join(f"{score} {both(words, ' ')}" for score, words in enumerate(SCALE, 1))
    put(sheet, row, LABEL, "打分标准　The scale", BOLD)
    put(sheet, row, _OVERALL, scale, until=last_column)
    set_height(sheet, row, (scale, width))
    row += 1
    for column, until, heading in (
        (LABEL, LABEL, ("问题", "Question")),
        (_OVERALL, _OVERALL, ("您的评分", "Your score 1–5")),
        (_FIRST, _FIRST, ("计算得分", "Computed")),
        (_FIRST + 1, _COMMENT - 1, ("机器的依据", "What the machine saw")),
        (_COMMENT, last_column, ("您的理由与意见", "Your reasons and comments")),
    ):
        put(sheet, row, column, both(heading), BOLD_CENTRE, until=until)
    sheet.row_dimensions[row].height = 34
    row += 1
    rows: dict[str, int] = {}
    for number, question in enumerate(questions, start=1):
        label, text = f"{number}. {both(question.label, '　')}", both(question.text)
        put(sheet, row, LABEL, label, replace(ASKED, font=BOLD.font))
        put(sheet, row, _OVERALL, text, ASKED, until=last_column)
        set_height(sheet, row, (label, _LABEL_WIDTH), (text, width), least=36)
        row += 1
        finding = candidate.findings.get(question.criterion)
        verdict = both(finding.verdict) if finding else "–"
        score = finding.score if finding else None
        sheet.cell(row, KEY, question.criterion)
        put(sheet, row, LABEL, "请打分 →\nPlease score →", RIGHT)
        put(sheet, row, _OVERALL, None, SCORE_INPUT)
        put(sheet, row, _FIRST, score, replace(CENTRE, number_format="0.0"))
        put(sheet, row, _FIRST + 1, verdict, GREY, until=_COMMENT - 1)
        put(sheet, row, _COMMENT, None, INPUT, until=last_column)
        set_height(sheet, row, (verdict, _VALUE_WIDTH + 2 * _RATIO_WIDTH), least=60)
        rows[question.criterion] = row
        row += 1
    _add_validation(sheet, list(rows.values()))
    return rows, row


def _add_validation(sheet: Worksheet, rows: Sequence[int]) -> None:
    """Let the score cells take numbers from 1 to 5 only, and say so."""
    zh = "，".join(f"{score} {words[0]}" for score, words in enumerate(SCALE, 1))
    en = ", ".join(f"{score} {words[1]}" for score, words in enumerate(SCALE, 1))
    validation = DataValidation(
        type="decimal",
        operator="between",
        formula1="1",
        formula2="5",
        allow_blank=True,
        showErrorMessage=True,
        showInputMessage=True,
        errorTitle="1–5",
        error="请输入 1 到 5 之间的数字（可打半分，如 3.5），或留空。\n"
        "Enter a number from 1 to 5 (halves such as 3.5 are fine), or leave it blank.",
        promptTitle="1–5",
        prompt=f"{zh}。\n{en}.",
    )
    for row in rows:
        validation.add(f"{SCORE_COLUMN}{row}")
    sheet.add_data_validation(validation)
