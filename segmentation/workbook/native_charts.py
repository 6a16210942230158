"""Excel's own charts: they stay linked to the cells that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmentation.report.formats import Text
from segmentation.workbook.sheets import COLOURS, FONT, Sheet


@dataclass(frozen=True)
class Series:
    """What a chart draws: references to cells, and a colour.

    Attributes
    ----------
    name : str
        Of a cell, or a text that is not of the customer file.
    categories, values : str
    colour : str
    errors : str, optional
        Standard errors.
    marked : int, optional
        The point that is coloured and labelled, or framed.
    points : int
        How many points there are, where one is marked.
    """

    name: str
    categories: str
    values: str
    colour: str
    errors: str | None = None
    marked: int | None = None
    points: int = 0


def _font(size: float, *, bold: bool = False, colour: str = "muted") -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": bold, "color": COLOURS[colour]}


@dataclass(frozen=True)
class CellTitle:
    """A title that stands in a cell.

    Texts of the customer file must: XlsxWriter takes a title like ``x!A1`` for a reference.

    Attributes
    ----------
    reference : str
    text : str
        What the cell shows, for programs that do not look it up.
    """

    reference: str
    text: str


def _begin(
    sheet: Sheet, kind: str, subtype: str | None, title: Text | CellTitle, legend: str | None
) -> Any:
    chart = sheet.book.workbook.add_chart({"type": kind, "subtype": subtype})
    named: dict[str, Any] = (
        {"name": title.reference, "data": [title.text]}
        if isinstance(title, CellTitle)
        else {"name": f"{title.zh}\n{title.en}"}
    )
    chart.set_title({**named, "name_font": _font(11, bold=True, colour="ink"), "overlay": False})
    if legend is None:
        chart.set_legend({"none": True})
    else:
        chart.set_legend({"position": legend, "font": _font(9)})
    chart.set_chartarea({"border": {"color": COLOURS["grid"]}})
    return chart


def _axis(name: Text | None, number_format: str | None = None, **more: Any) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "num_font": _font(9),
        "line": {"color": COLOURS["line"]},
        "major_gridlines": {"visible": False},
        **more,
    }
    if name is not None:
        axis |= {
            "name": name.zh if name.zh == name.en else f"{name.zh} {name.en}",
            "name_font": _font(9),
        }
    if number_format is not None:
        axis["num_format"] = number_format
    return axis


_GRID = {"visible": True, "line": {"color": COLOURS["grid"], "width": 0.75}}


def columns(sheet: Sheet, title: Text, series: Sequence[Series], axis: Text) -> Any:
    """Draw columns side by side, with their shares above."""
    chart = _begin(sheet, "column", None, title, "bottom")
    for one in series:
        chart.add_series(
            {
                "name": one.name,
                "categories": one.categories,
                "values": one.values,
                "fill": {"color": one.colour},
                "gap": 60,
                "overlap": -5,
                "data_labels": {"value": True, "num_format": "0%", "font": _font(9)},
            }
        )
    chart.set_x_axis(_axis(None))
    chart.set_y_axis(_axis(axis, "0%", min=0, major_gridlines=_GRID))
    return chart


def pentagon(sheet: Sheet, title: Text, series: Sequence[Series]) -> Any:
    """Draw scores from 0 to 100 as a radar."""
    chart = _begin(sheet, "radar", None, title, "right")
    for one in series:
        chart.add_series(
            {
                "name": one.name,
                "categories": one.categories,
                "values": one.values,
                "line": {"color": one.colour, "width": 2},
            }
        )
    chart.set_y_axis(_axis(None, "0", min=0, max=100, major_unit=25, major_gridlines=_GRID))
    chart.set_x_axis({"num_font": _font(9, colour="ink")})
    return chart


def curves(
    sheet: Sheet,
    title: Text,
    series: Sequence[Series],
    axis: Text,
    formats: tuple[str, str],
    least: float | None = None,
) -> Any:
    """Draw a criterion by K; the chosen K is marked, errors are one standard error.

    Parameters
    ----------
    formats : (str, str)
        Of the numbers on the axis, and of the label.
    least : float, optional
        Where the axis begins.
    """
    axis_format, label_format = formats
    chart = _begin(sheet, "line", None, title, "bottom" if len(series) > 1 else None)
    for one in series:
        options: dict[str, Any] = {
            "name": one.name,
            "categories": one.categories,
            "values": one.values,
            "line": {"color": one.colour, "width": 2},
            "marker": _marker(one.colour, 6),
        }
        if one.marked is not None:
            mark = {
                "fill": {"color": COLOURS["warn-line"]},
                "border": {"color": COLOURS["warn-line"]},
            }
            options["points"] = [None] * one.marked + [mark]
            unmarked: list[Any] = [{"delete": True}] * one.points
            unmarked[one.marked] = {"font": _font(9, bold=True, colour="ink")}
            options["data_labels"] = {
                "value": True,
                "position": "above",
                "num_format": label_format,
                "custom": unmarked,
            }
        if one.errors is not None:
            options["y_error_bars"] = {
                "type": "custom",
                "plus_values": one.errors,
                "minus_values": one.errors,
                "line": {"color": COLOURS["muted"]},
            }
        chart.add_series(options)
    chart.set_x_axis(_axis(Text("群数", "K")))
    limits = {} if least is None else {"min": least}
    chart.set_y_axis(_axis(axis, axis_format, major_gridlines=_GRID, **limits))
    chart.show_blanks_as("gap")
    return chart


def _marker(colour: str, size: int) -> dict[str, Any]:
    return {
        "type": "circle",
        "size": size,
        "fill": {"color": colour},
        "border": {"color": colour},
    }


def stacked(
    sheet: Sheet,
    title: Text | CellTitle,
    series: Sequence[Series],
    axis: Text,
    *,
    to_all: bool = False,
) -> Any:
    """Draw parts on top of each other; the marked column has a frame.

    Parameters
    ----------
    to_all : bool, default=False
        Whether a column stands for all, whose parts are shares.
    """
    chart = _begin(
        sheet,
        "column",
        "percent_stacked" if to_all else "stacked",
        title,
        "bottom",
    )
    for one in series:
        options: dict[str, Any] = {
            "name": one.name,
            "categories": one.categories,
            "values": one.values,
            "fill": {"color": one.colour},
            "border": {"color": COLOURS["paper"], "width": 0.75},
            "gap": 45,
        }
        if one.marked is not None:
            frame = {"color": COLOURS["warn-line"], "width": 2.25}
            mark = {"fill": {"color": one.colour}, "border": frame}
            options["points"] = [None] * one.marked + [mark]
        chart.add_series(options)
    chart.set_x_axis(_axis(None if to_all else Text("群数", "K")))
    chart.set_y_axis(_axis(axis, "0%" if to_all else "0.0", min=0, major_gridlines=_GRID))
    return chart


def place(sheet: Sheet, chart: Any, row: int, column: int, width: int, height: int) -> None:
    """Put a chart over cells; sizes in pixels."""
    chart.set_size({"width": width, "height": height})
    sheet.worksheet.insert_chart(row, column, chart, {"x_offset": 6, "y_offset": 6})
