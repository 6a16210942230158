"""Sheets of an Excel workbook that are written row by row, whatever stands in them.

XlsxWriter's constant memory mode: a row goes to disk when the next one begins, so rows are written
from above. Text is text, never a formula or a link.
"""

from __future__ import annotations

import datetime
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range_abs

from segmentation.report.formats import Said, Text
from segmentation.texts import FORMULA_STARTS

SHEET_ROWS = 1_048_576
"""Rows that a sheet of Excel holds."""

LONGEST_TEXT = 32_767
"""UTF-16 units that a cell of Excel holds."""

FONT = "Microsoft YaHei"
LINE = 15.0
"""Height of a line of text, in points."""

_HIGHEST_ROW = 409.0
_MOST_HEADING_LINES = 8
"""Headings are frozen: higher ones would leave no room for the rows."""

_FILLED = 0.95
"""How full lines are that break between words."""

_PAGE_WIDTH = 300
"""Letters in a row of a printed page that can still be read."""

_PAGE_LETTERS, _PAGE_ROWS = 108, 33
"""Letters and lines of a printed page, A4 across, at its full size."""

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_ISOLATES = re.compile("[\u2068\u2069]")
_UNFIT = re.compile("[\u2068\u2069\ud800-\udfff\ufffe\uffff]")

_LIGHT = re.search(
    r":root \{(.*?)\}",
    (resources.files("segmentation.report") / "templates" / "style.css").read_text("utf-8"),
    re.DOTALL,
)
COLOURS: dict[str, str] = dict(re.findall(r"--([\w-]+): (#\w{6})", _LIGHT[1] if _LIGHT else ""))
"""The light colours of the report, by their names in its style sheet."""

HEAD_FILL = "#E9EEF3"


@dataclass(frozen=True)
class Style:
    """How a cell looks."""

    number_format: str = "General"
    bold: bool = False
    size: float = 10
    colour: str = COLOURS["ink"]
    fill: str | None = None
    wrap: bool = False
    align: str | None = None
    vertical: str = "vcenter"
    indent: int = 0
    frame: bool = True
    quoted: bool = False


PLAIN = Style()
LONG = Style(wrap=True, align="left", indent=1)
BOLD = Style(bold=True)
CENTRE = Style(align="center")
TITLE = Style(bold=True, size=16, frame=False)
NOTE = Style(colour=COLOURS["muted"], frame=False)
HEAD = Style(bold=True, fill=HEAD_FILL, wrap=True, align="center")
BAND = Style(bold=True, fill=COLOURS["raised"])
LABEL = Style(bold=True, frame=False, colour=COLOURS["muted"])
SENTENCE = Style(wrap=True, size=11, frame=False)
ALARM = Style(bold=True, colour=COLOURS["warn-line"], frame=False)
WARNING = Style(wrap=True, size=11, frame=False, fill=COLOURS["warn-paper"])
COUNT = Style("#,##0")
PERCENT = Style("0.0%")
DECIMAL = Style("0.00")
SIGNED = Style("+0.00;-0.00;0.00")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    heading : Text
    width : float
        In letters.
    style : Style
        Of its cells.
    accent : str, optional
        Colour of the line under the heading: that of a segment.
    """

    heading: Text
    width: float
    style: Style = PLAIN
    accent: str | None = None


class Book:
    """A workbook that is being written.

    Parameters
    ----------
    path : Path
        The file to write.
    title : str
    created : datetime.date, optional
        Stands in the file's properties. Not the time of writing: the same marts give the same
        bytes.
    temporary : Path, optional
        A folder for the parts that it is put together from; nothing else clears what is left there
        where the disk gets full.
    """

    def __init__(
        self, path: Path, title: str, created: datetime.date | None, temporary: Path | None = None
    ) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "tmpdir": None if temporary is None else str(temporary),
        }
        self.workbook = xlsxwriter.Workbook(str(path), options)
        day = created or datetime.date(2000, 1, 1)
        self.workbook.set_properties(
            {"title": title, "created": datetime.datetime(day.year, day.month, day.day)}
        )
        self._formats: dict[tuple[Style, str | None], Any] = {}

    def sheet(self, name: str, tab: str | None = None) -> Sheet:
        """Begin a sheet."""
        worksheet = self.workbook.add_worksheet(name)
        worksheet.hide_gridlines(2)
        worksheet.set_landscape()
        worksheet.set_paper(9)
        worksheet.fit_to_pages(1, 0)
        worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        worksheet.set_footer("&L&A&R&P / &N")
        if tab is not None:
            worksheet.set_tab_color(tab)
        return Sheet(self, worksheet, name)

    def format(self, style: Style, accent: str | None = None) -> Any:
        """Give the format of a style, made once."""
        if (style, accent) not in self._formats:
            self._formats[style, accent] = self.workbook.add_format(_properties(style, accent))
        return self._formats[style, accent]

    def close(self) -> None:
        """Put the file together."""
        self.workbook.close()


class Sheet:
    """A sheet that is written from above.

    Parameters
    ----------
    book : Book
    worksheet : xlsxwriter.worksheet.Worksheet
    name : str
    """

    def __init__(self, book: Book, worksheet: Any, name: str) -> None:
        self.book = book
        self.worksheet = worksheet
        self.name = name

    def put(
        self,
        row: int,
        column: int,
        value: object,
        style: Style = PLAIN,
        accent: str | None = None,
    ) -> None:
        """Write a cell.

        Parameters
        ----------
        row, column : int
            Where, from 0; rows from above.
        value : str, Text, Said, bool, int, float or None
            A text in two languages takes two lines. Unknown leaves the cell empty.
        style : Style
        accent : str, optional
            Colour of the line under the cell.
        """
        quoted = replace(style, quoted=True) if _is_like_formula(value) else style
        self._write(row, column, value, self.book.format(quoted, accent))

    def _write(self, row: int, column: int, value: Any, look: Any) -> None:
        if isinstance(value, str | Text | Said | bool):
            self.worksheet.write_string(row, column, as_text(value), look)
        elif value is None or not math.isfinite(value):
            self.worksheet.write_blank(row, column, None, look)
        else:
            self.worksheet.write_number(row, column, value, look)

    def stream(self, row: int, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
        """Write many rows of one line each.

        Returns
        -------
        int
            The last row that was written; the one before `row` if there was none.
        """
        looks = [
            (
                self.book.format(column.style),
                self.book.format(replace(column.style, quoted=True)),
            )
            for column in columns
        ]
        for values in rows:
            for place, (value, (plain, quoted)) in enumerate(zip(values, looks, strict=True)):
                self._write(row, place, value, quoted if _is_like_formula(value) else plain)
            row += 1
        return row - 1

    def title(self, title: Text, note: Text, style: Style = NOTE) -> None:
        """Write the first three rows: what the sheet is, and how to read it."""
        self.put(0, 0, f"{title.zh}  {title.en}", TITLE)
        self.worksheet.set_row(0, 28)
        self.put(1, 0, note.zh, style)
        self.put(2, 0, note.en, style)

    def set_widths(self, columns: Sequence[Column]) -> None:
        """Set the widths of columns."""
        for place, column in enumerate(columns):
            self.worksheet.set_column(place, place, column.width)
        total = sum(column.width for column in columns)
        self.worksheet.fit_to_pages(math.ceil(total / _PAGE_WIDTH), 0)

    def headings(self, row: int, columns: Sequence[Column]) -> None:
        """Write the headings of a table."""
        lines = (lines_in(two_lines(column.heading), column.width) for column in columns)
        self.set_height(row, min(max(lines), _MOST_HEADING_LINES))
        for place, column in enumerate(columns):
            self.put(row, place, column.heading, HEAD, column.accent)

    def cells(
        self,
        row: int,
        columns: Sequence[Column],
        values: Sequence[object],
        styles: Sequence[Style] | None = None,
    ) -> None:
        """Write a row of a table, as high as its texts need.

        Parameters
        ----------
        row : int
        columns : list of Column
        values : list
            One a column.
        styles : list of Style, optional
            In place of those of the columns.
        """
        styles = styles or [column.style for column in columns]
        lines = [
            lines_in(two_lines(value) if isinstance(value, Text | Said) else value, column.width)
            for column, style, value in zip(columns, styles, values, strict=True)
            if style.wrap and isinstance(value, Text | Said | str)
        ]
        if lines:
            self.set_height(row, max(lines))
        for place, (style, value) in enumerate(zip(styles, values, strict=True)):
            self.put(row, place, value, style)

    def set_height(self, row: int, lines: int) -> None:
        """Make a row so many lines high."""
        self.worksheet.set_row(row, min(LINE * lines + 4, _HIGHEST_ROW))

    def merged(self, row: int, first: int, last: int, value: str, style: Style) -> None:
        """Write a text over several columns."""
        self.worksheet.merge_range(row, first, row, last, "", self.book.format(style))
        self.put(row, first, value, style)

    def finish(self, header: int, last_row: int, columns: int, frozen_columns: int = 0) -> None:
        """Freeze what is above the rows of a table, and filter them.

        Parameters
        ----------
        header, last_row : int
            The row of the headings, and the last one below it.
        columns : int
            Number of columns.
        frozen_columns : int, default=0
            Columns that stay when the sheet is moved sideways.
        """
        self.worksheet.freeze_panes(header + 1, frozen_columns)
        self.worksheet.autofilter(header, 0, max(last_row, header), columns - 1)
        self.worksheet.repeat_rows(header)
        if frozen_columns:
            self.worksheet.repeat_columns(0, frozen_columns - 1)

    def break_pages(self, width: float, starts: Sequence[int], more: int = 0) -> None:
        """Print blocks of rows whole: as many on a page as there is room for.

        Parameters
        ----------
        width : float
            Of all columns, in letters.
        starts : sequence of int
            The first row of every block, and the row after the last one.
        more : int, default=0
            Lines that a block takes beyond one a row.
        """
        scale = min(_PAGE_LETTERS / width, 1)
        room = _PAGE_ROWS / scale
        breaks = []
        used = starts[0]
        for start, end in itertools.pairwise(starts):
            if used + end - start + more > room and start > starts[0]:
                breaks.append(start)
                used = 0
            used += end - start + more
        # Excel heeds breaks where a sheet has a scale, not where it is fitted to pages.
        self.worksheet.set_print_scale(max(math.floor(100 * scale), 10))
        self.worksheet.set_h_pagebreaks(breaks)

    def reference(self, first_row: int, first: int, last_row: int, last: int) -> str:
        """Name cells for a chart."""
        quoted = self.name.replace("'", "''")
        return f"='{quoted}'!{xl_range_abs(first_row, first, last_row, last)}"


def _properties(style: Style, accent: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "font_name": FONT,
        "font_size": style.size,
        "font_color": style.colour,
        "num_format": style.number_format,
        "valign": style.vertical,
        "text_wrap": style.wrap,
        "bold": style.bold,
        "quote_prefix": style.quoted,
    }
    if style.frame:
        found |= {"border": 1, "border_color": COLOURS["grid"]}
    if style.fill is not None:
        found |= {"bg_color": style.fill, "pattern": 1}
    if style.align is not None:
        found |= {"align": style.align, "indent": style.indent}
    if accent is not None:
        found |= {"bottom": 5, "bottom_color": accent}
    return found


def _is_like_formula(value: object) -> bool:
    if isinstance(value, Text | Said):
        return value.zh.startswith(FORMULA_STARTS)
    return isinstance(value, str) and value.startswith(FORMULA_STARTS)


def as_text(value: str | Text | Said | bool) -> str:
    """Give what a cell shows: both languages one under the other, yes or no in both."""
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    return safe_text(value if isinstance(value, str) else two_lines(value))


def safe_text(text: str) -> str:
    """Make a text fit for a cell.

    What XML cannot hold is made visible, what is too long is cut with a mark, and what keeps the
    direction of names apart in a sentence is left out where no letter runs from right to left.
    """
    if _UNFIT.search(text):
        text = _NOT_IN_XML.sub("\ufffd", text)
        if not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
            text = _ISOLATES.sub("", text)
    if len(text) > LONGEST_TEXT // 2:
        units = text.encode("utf-16-le")
        if len(units) > 2 * LONGEST_TEXT:
            return units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", errors="ignore") + "…"
    return text


def two_lines(text: Text | Said) -> str:
    """Put Chinese and English one under the other, once where they are the same."""
    return text.zh if text.zh == text.en else f"{text.zh}\n{text.en}"


def lines_in(text: str, width: float) -> int:
    """Estimate how many lines a text takes in so many letters; a Chinese one counts for two."""
    return sum(
        max(
            math.ceil(
                sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)
                / (_FILLED * max(width - 1, 1))
            ),
            1,
        )
        for line in text.split("\n")
    )


def tint(colour: str, strength: float = 0.45) -> str:
    """Mix a colour with white, so that text on it can be read."""
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - strength * (255 - part)):02X}" for part in parts)
