"""What several sheets need: formats of numbers, segments in their colours, conditional formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segmentation.dictionary.words import CURRENCY_SIGNS
from segmentation.report import charts
from segmentation.report.formats import Text
from segmentation.report.marts import Row
from segmentation.workbook.sheets import COLOURS, PERCENT, Column, Sheet, Style

HEADER = 4
"""The row of the headings, on sheets of one table."""

LOW, MIDDLE, HIGH = "#D8B365", "#F5F5F5", "#5AB4AC"
"""Brown to teal: neither is good or bad, and colour-blind eyes tell them apart."""


def segment_colour(place: int) -> str:
    """Give the colour of a segment by its position: the same on every sheet and in the report."""
    return COLOURS[f"s{place % charts.MAX_COLOURS}"]


def segment_columns(segments: Sequence[Row], width: float, style: Style) -> list[Column]:
    """Give a column a segment, under its id and names."""
    return [
        Column(
            Text(f"{row['segment_id']}\n{row['name_zh']}", row["name_en"]),
            width,
            style,
            segment_colour(place),
        )
        for place, row in enumerate(segments)
    ]


def theme_name(attribute: Row) -> Text:
    """Give the name of an attribute's theme, from its row of dim_attributes."""
    return Text(attribute.get("theme_zh") or "—", attribute.get("theme_en") or "—")


def number_style(about: Row, values: Iterable[float | None]) -> Style:
    """Give the format of an attribute's numbers: its unit, and decimals that fit the largest."""
    unit = about.get("unit")
    if unit in ("flag", "ratio") and (unit == "flag" or about.get("valid_max") == 1):
        return PERCENT
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    digits = "#,##0" if largest >= 1000 else "#,##0.0" if largest >= 100 else "#,##0.00"
    sign = CURRENCY_SIGNS.get((unit or "").removesuffix("_per_month"))
    return Style(f'"{sign}"{digits}' if sign else digits)


def on_one_line(text: Text) -> str:
    """Put a text in two languages on one line, once where one language holds the other."""
    if text.zh in text.en:
        return text.en
    return text.zh if text.en in text.zh else f"{text.zh} {text.en}"


def one_line(value: object) -> object:
    """Put a value in two languages on one line, for cells to filter by; others stay."""
    return on_one_line(value) if isinstance(value, Text) else value


def bars(sheet: Sheet, first_row: int, first: int, last_row: int, last: int, colour: str) -> None:
    """Draw bars from 0 to 1 in cells."""
    sheet.worksheet.conditional_format(
        first_row,
        first,
        last_row,
        last,
        {
            "type": "data_bar",
            "data_bar_2010": True,
            "bar_solid": True,
            "bar_color": colour,
            "min_type": "num",
            "min_value": 0,
            "max_type": "num",
            "max_value": 1,
        },
    )


def scale(
    sheet: Sheet,
    first_row: int,
    first: int,
    last_row: int,
    last: int,
    ends: tuple[float, float, float],
) -> None:
    """Colour cells from brown to teal."""
    sheet.worksheet.conditional_format(
        first_row,
        first,
        last_row,
        last,
        {
            "type": "3_color_scale",
            **{f"{end}_type": "num" for end in ("min", "mid", "max")},
            **dict(zip(("min_value", "mid_value", "max_value"), ends, strict=True)),
            "min_color": LOW,
            "mid_color": MIDDLE,
            "max_color": HIGH,
        },
    )


def mark_yes(sheet: Sheet, first: int, column: int, last: int, fill: str) -> None:
    """Fill the cells of a column that say yes."""
    sheet.worksheet.conditional_format(
        first,
        column,
        last,
        column,
        {
            "type": "cell",
            "criteria": "==",
            "value": '"是 yes"',
            "format": sheet.book.workbook.add_format({"bg_color": fill}),
        },
    )
