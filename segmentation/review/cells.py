"""How the cells of the review sheet look, and how a text, a link or an input becomes one."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from segmentation.review.evidence import Text
from segmentation.texts import FORMULA_STARTS

KEY_COLUMN = "A"
"""The hidden column that names the rows that are read back."""
KEY, LABEL = 1, 2
"""The columns of the keys and of the labels."""

_FONT = "Microsoft YaHei"
_LINE = 15.0
"""Height of a line of text, in points."""
_LONGEST_TEXT = 32_767
"""Characters that Excel keeps in a cell."""

_HAIR = Side(style="thin", color="D9D9D9")
_FRAME = Side(style="medium", color="7F6000")
_GRID = Border(left=_HAIR, right=_HAIR, top=_HAIR, bottom=_HAIR)


def _alignment(horizontal: str | None) -> Alignment:
    """Align a text that may take several lines."""
    return Alignment(horizontal=horizontal, vertical="center", wrap_text=True)


def _solid(colour: str) -> PatternFill:
    """Fill a cell with a colour."""
    return PatternFill("solid", fgColor=colour)


@dataclass(frozen=True)
class Style:
    """How a cell looks."""

    font: Font = Font(name=_FONT, size=10)  # noqa: RUF009 - openpyxl's styles do not change
    fill: PatternFill | None = None
    horizontal: str | None = None
    border: Border | None = _GRID
    number_format: str = "General"


PLAIN = Style()
CENTRE = Style(horizontal="center")
BOLD = Style(Font(name=_FONT, size=10, bold=True))
BOLD_CENTRE = replace(BOLD, horizontal="center")
GREY = Style(Font(name=_FONT, size=9, color="595959"))
RED = Style(Font(name=_FONT, size=10, bold=True, color="C00000"))
RIGHT = Style(horizontal="right")
TITLE = Style(Font(name=_FONT, size=15, bold=True, color="1F4E78"), border=None)
HEAD = Style(Font(name=_FONT, size=10, bold=True, color="FFFFFF"), _solid("1F4E78"), "center")
BAND = replace(BOLD, fill=_solid("D9D9D9"))
ASKED = Style(fill=_solid("F2F2F2"))
INPUT = Style(
    font=Font(name=_FONT, size=11),
    fill=_solid("FFFF66"),
    border=Border(left=_FRAME, right=_FRAME, top=_FRAME, bottom=_FRAME),
    number_format="@",
)
"""A text to be filled in: as text, so that ``=`` and ``-`` may begin it."""
SCORE_INPUT = replace(
    INPUT,
    font=Font(name=_FONT, size=12, bold=True),
    horizontal="center",
    number_format="General",
)
SHADES = {
    shade: _solid(colour)
    for shade, colour in ((-2, "F4B183"), (-1, "FBE5D6"), (1, "DEEBF7"), (2, "9DC3E6"))
}
_LINK_FONT = Font(name=_FONT, size=10, underline="single", color="0563C1")


def put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: str | float | None,
    style: Style = PLAIN,
    *,
    until: int = 0,
) -> Cell:
    """Write a cell; a text stays one even when it begins with ``=``.

    Parameters
    ----------
    sheet : Worksheet
    row, column : int
        Where, from 1.
    value : str, float or None
        What.
    style : Style
        How it looks.
    until : int
        The last column that the cell is merged with.

    Returns
    -------
    Cell
        The cell.
    """
    last = max(until, column)
    for place in range(column, last + 1):
        cell = sheet.cell(row, place)
        if style.fill is not None:
            cell.fill = style.fill
        if style.border is not None:
            cell.border = style.border
        if style in (INPUT, SCORE_INPUT):
            cell.protection = Protection(locked=False)
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        raise TypeError(f"{cell.coordinate} is merged already")
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST_TEXT]
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(FORMULA_STARTS)
    else:
        cell.value = value
    cell.font = style.font
    cell.alignment = _alignment(style.horizontal)
    cell.number_format = style.number_format
    if last > column:
        sheet.merge_cells(start_row=row, end_row=row, start_column=column, end_column=last)
    return cell


def put_band(sheet: Worksheet, row: int, last_column: int, text: Text) -> int:
    """Write a heading over the whole width, and give the next row."""
    put(sheet, row, LABEL, both(text, "　"), BAND, until=last_column)
    sheet.row_dimensions[row].height = 20
    return row + 1


def link(cell: Cell, title: str, place: str) -> None:
    """Let a cell lead to another."""
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(title)}!{place}")
    cell.font = _LINK_FONT


def both(text: Text, joint: str = "\n") -> str:
    """Join both languages, once where they say the same."""
    return text[0] if text[0] == text[1] else joint.join(filter(None, text))


def set_height(sheet: Worksheet, row: int, *texts: tuple[str, float], least: float = 20) -> None:
    """Make a row high enough for texts, each with the width it has."""
    lines = max(
        sum(max(1, math.ceil(_display_width(line) / width)) for line in text.split("\n"))
        for text, width in texts
    )
    sheet.row_dimensions[row].height = max(least, _LINE * lines + 4)


def _display_width(text: str) -> int:
    """Count the columns a text takes; East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def finish(sheet: Worksheet, widths: Sequence[float], last_row: int) -> None:
    """Set widths, protection and print of a sheet, and hide its keys.

    Parameters
    ----------
    sheet : Worksheet
    widths : sequence of float
        The width of each column, the keys' included.
    last_row : int
        The last row that is printed.
    """
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.column_dimensions[KEY_COLUMN].hidden = True
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False  # False allows it
    sheet.protection.formatRows = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = int(Worksheet.PAPERSIZE_A4)
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_area = f"B1:{get_column_letter(len(widths))}{last_row}"
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.5
    if (footer := sheet.oddFooter) is not None:
        footer.left.text, footer.right.text = "&A", "&P / &N"
