"""Charts as data for Plotly, with both languages and colour names in place of words and colours.

The page's script puts in the words of the language that is shown, and the colours of the theme. In
a figure an object ``{"zh": …, "en": …}`` is a text and ``{"$": name}`` a colour.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from segmentation.report import words
from segmentation.report.formats import (
    Fact,
    Said,
    Table,
    Text,
    as_said,
    count,
    decimal,
    isolate,
    large,
    percent,
    quantity,
    same,
    say,
    signed,
)
from segmentation.report.marts import PAIR_PREFIX, Row, by

Figure = dict[str, Any]
MAX_COLOURS = 10
NAME_WIDTH = 22
"""Letters of a label in a line; a Chinese one counts for two."""

INSIDE = {
    "textposition": "inside",
    "insidetextanchor": "middle",
    "textangle": 0,
}
"""How the parts of a bar bear their names."""
FITTING = {"mode": "hide", "minsize": 10}
"""A name for which its part of the bar has no room is left to the legend."""


@dataclass(frozen=True)
class Chart:
    """A chart with its finding and the numbers that it shows.

    Attributes
    ----------
    id : str
    title : Said
        What is to be seen.
    note : Text
        What the axes show, and how to read them.
    data : list
        Plotly traces.
    layout : dict
        Plotly layout.
    table : Table
        The same numbers.
    height : int
        In pixels.
    legend : tuple of (name, colour)
        What the colours mean, where the marks do not say it themselves.
    prints_table : bool
        Whether the table is printed too, because the chart does not write its numbers.
    """

    id: str
    title: Said
    note: Text
    data: list[Figure]
    layout: Figure
    table: Table
    height: int
    legend: tuple[tuple[Text, str], ...] = ()
    prints_table: bool = False

    def as_figure(self) -> Figure:
        """Give what the page's script needs to draw the chart."""
        return {"data": self.data, "layout": {**self.layout, "height": self.height}}


def colour(name: str) -> Figure:
    """Name a colour of the theme."""
    return {"$": name}


def upon(name: str) -> Figure:
    """Name the colour, black or white, that is read best on a colour of the theme."""
    return {"upon": name}


def colour_name(segments: Sequence[Row], segment_id: str) -> str:
    """Name the colour of a segment: the same on every chart, another for each segmentation."""
    order = [row["segment_id"] for row in segments]
    family = "g" if segment_id.startswith(PAIR_PREFIX) else "s"
    return f"{family}{order.index(segment_id) % MAX_COLOURS}"


def segment_colour(segments: Sequence[Row], segment_id: str) -> Figure:
    """Give the colour of a segment."""
    return colour(colour_name(segments, segment_id))


def escape(text: str) -> str:
    """Keep a text from being read as markup, or as a formula between two signs of dollars."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def both(text: Said | Text | str) -> Figure:
    """Give a text as a figure holds it. Plotly reads some markup, so that of data is escaped."""
    said = as_said(text)
    return {"zh": escape(said.zh), "en": escape(said.en)}


def label(text: Said | Text | str, width: int = NAME_WIDTH, lines: int = 3) -> Figure:
    """Give a text of unknown length in at most so many lines."""
    said = as_said(text)
    return {"zh": _wrap(said.zh, width, lines), "en": _wrap(said.en, width, lines)}


def lines_of(*parts: Figure) -> Figure:
    """Put labels one under the other; those after the first are smaller, the script says how."""
    quiet = '<span style="font-size:small">{}</span>'
    return {
        language: "<br>".join(
            part[language] if place == 0 else quiet.format(part[language])
            for place, part in enumerate(parts)
        )
        for language in ("zh", "en")
    }


def _width(text: str) -> int:
    return sum(
        0 if letter in "\u2068\u2069" else 2 if ord(letter) > 0x2E7F else 1 for letter in text
    )


def _wrap(text: str, width: int, lines: int) -> str:
    broken = textwrap.wrap(text, width) if text.isascii() else _wrap_wide(text, width)
    if len(broken) > lines:
        broken = [*broken[: lines - 1], broken[lines - 1].rstrip()[: max(width - 1, 1)] + "…"]
    return "<br>".join(map(escape, broken))


def _wrap_wide(text: str, width: int) -> list[str]:
    """Break a text between any two letters, as Chinese is, but not within a run of Latin ones."""
    lines, line, word = [], "", ""

    def put(piece: str) -> None:
        nonlocal line
        if line and _width(line + piece) > width:
            lines.append(line)
            line = ""
        line += piece
        while _width(line) > width:
            cut = next(i for i in range(len(line), 0, -1) if _width(line[:i]) <= width)
            lines.append(line[:cut])
            line = line[cut:]

    for letter in text:
        if ord(letter) < 0x2E80 and letter != " ":
            word += letter
            continue
        put(word)
        word = ""
        put(letter)
    put(word)
    return [*lines, line] if line else lines


def segment_name(row: Row) -> Text:
    """Give id and name of a segment."""
    return Text(
        f"{row['segment_id']} {isolate(row['name_zh'])}",
        f"{row['segment_id']} {isolate(row['name_en'])}",
    )


def attribute_name(row: Row) -> Text:
    """Give the label of an attribute from a row of a profile."""
    return Text(isolate(row["attribute_zh"]), isolate(row["attribute_en"]))


def level_name(row: Row) -> Text:
    """Give the label of a level."""
    return Text(isolate(row["level_zh"]), isolate(row["level_en"]))


def effect_of(row: Row) -> float | None:
    """Give an effect of a row of rpt_segment_kpis; none where it is so by definition."""
    effect: float | None = row["effect_size_transformed"]
    return effect if row["is_usable"] else None


def level_share(row: Row) -> Said:
    """Give the share of a level in a segment, from a row of rpt_segment_mix."""
    value = row["share_of_segment"]
    return Said(
        percent(value), (Fact("share", value, row["segment_id"], row["attribute"], row["level"]),)
    )


def is_share(attributes: dict[str, Row], attribute: str) -> bool:
    """Whether a ratio is a share of something."""
    about = attributes.get(attribute)
    if about is None:
        return False
    return bool(about["unit"] == "flag" or (about["unit"] == "ratio" and about["valid_max"] == 1))


def effects(
    chart_id: str,
    segments: Sequence[Row],
    segment: Row,
    kpis: Sequence[Row],
    attributes: dict[str, Row],
    title: Said,
) -> Chart:
    """Draw how far a segment is from everyone on every attribute.

    Parameters
    ----------
    kpis : list of dict
        Rows of rpt_segment_kpis of the segment, in the order from above.
    """
    labels, values, texts, cells = [], [], [], []
    for row in kpis:
        shown = row_quantity(attributes, row)
        effect = effect_of(row)
        written = same("—") if effect is None else signed(effect)
        cells.append(
            (
                as_said(attribute_name(row)),
                shown("median"),
                shown("overall_median"),
                shown("mean"),
                shown("overall_mean"),
                as_said(
                    decimal(row["index_vs_overall"])
                    if row["index_vs_overall"] is not None
                    else same("—")
                ),
                as_said(written),
            )
        )
        if effect is None:
            continue
        labels.append(
            lines_of(
                label(attribute_name(row), 28, 2),
                both(
                    say(
                        "{median}，全体 {overall}",
                        "{median}, all {overall}",
                        median=shown("median"),
                        overall=shown("overall_median"),
                    )
                ),
            )
        )
        values.append(round(effect, 4))
        texts.append(both(written))
    reach = max([abs(value) for value in values], default=1) * 1.6 + 0.1
    places = list(range(len(values)))
    left_out = (
        Text(
            "由定义决定的指标只在表中。",
            " What is so by definition is in the table only.",
        )
        if len(values) < len(cells)
        else same("")
    )
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "条形：与全体均值相差几个标准差（偏态指标取对数后）。小字：中位数。" + left_out.zh,
            "Bars: standard deviations above or below everyone (skewed ones on a log scale). "
            "Small print: medians." + left_out.en,
        ),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": values,
                "text": texts,
                "textposition": "outside",
                "cliponaxis": False,
                "hoverinfo": "skip",
                "marker": {
                    "color": segment_colour(segments, segment["segment_id"]),
                },
                "width": 0.5,
            }
        ],
        layout={
            "xaxis": {
                "title": {"text": both(Text("效应量（标准差）", "Effect (sd)"))},
                "range": [-reach, reach],
                "zeroline": True,
            },
            "yaxis": named_axis(places, labels),
        },
        table=Table(
            columns=(
                Text("指标", "Attribute"),
                Text("中位数", "Median"),
                Text("全体中位数", "Median of all"),
                Text("均值", "Mean"),
                Text("全体均值", "Mean of all"),
                Text("均值为全体的倍数", "Mean over that of all"),
                Text("效应量", "Effect"),
            ),
            rows=tuple(cells),
            numeric=(False, True, True, True, True, True, True),
        ),
        height=90 + _row_height(labels) * max(len(values), 1),
    )


def _row_height(labels: Sequence[Figure]) -> int:
    """Give room for the label with the most lines."""
    lines = [text.count("<br>") + 1 for one in labels for text in one.values()]
    return 12 + 15 * max(lines, default=1)


def row_quantity(attributes: dict[str, Row], row: Row) -> Callable[[str], Said]:
    """Give a writer of the figures in a row of rpt_segment_kpis."""
    share = is_share(attributes, row["attribute"])

    def write(figure: str) -> Said:
        value = row[figure]
        text = quantity(value, row["unit"], is_share=share)
        if value is None or not math.isfinite(value):
            return Said(text)
        overall = figure.startswith("overall_")
        fact = Fact(
            figure.removeprefix("overall_"),
            value,
            None if overall else row["segment_id"],
            row["attribute"],
        )
        return Said(text, (fact,))

    return write


def radar(
    chart_id: str, segments: Sequence[Row], shown: Sequence[Row], themes: Sequence[Row], title: Said
) -> Chart:
    """Draw the pentagon of abilities of one segment, or of several over each other."""
    axis_names = {row["axis"]: axis_name(row) for row in themes}
    axes = sorted(axis_names, key=words.theme_place)
    score = {(row["segment_id"], row["axis"]): row["score"] for row in themes}
    single = len(shown) == 1
    names: list[Figure] = []
    for axis in axes:
        name = label(axis_names[axis], 14)
        if single:
            own = both(decimal(score.get((shown[0]["segment_id"], axis)), 0))
            name = {key: f"{name[key]} <b>{own[key]}</b>" for key in name}
        names.append(name)
    closed = [*range(len(axes)), 0]
    angle = [360 * place / max(len(axes), 1) for place in closed]
    data: list[Figure] = [
        {
            "type": "scatterpolar",
            "theta": angle,
            "r": [50] * len(closed),
            "mode": "lines",
            "line": {"color": colour("everyone"), "dash": "dot", "width": 1.5},
            "hoverinfo": "skip",
        }
    ]
    for segment in shown:
        name = segment["segment_id"]
        of_segment = segment_colour(segments, name)
        scores = [score.get((name, axis)) for axis in axes]
        data.append(
            {
                "type": "scatterpolar",
                "theta": angle,
                "r": [scores[place] for place in closed],
                "mode": "lines+markers",
                "line": {"color": of_segment, "width": 2.5},
                "marker": {"size": 6},
                "fill": "toself" if single and None not in scores else "none",
                "opacity": 0.9,
                "hoverinfo": "skip",
            }
        )
    if not single:
        places = _apart([row["segment_id"] for row in shown], axes, score)
        data.append(
            {
                "type": "scatterpolar",
                "theta": [angle[place] for place in places.values()],
                "r": [score[name, axes[place]] for name, place in places.items()],
                "mode": "text",
                "text": [f"<b>{escape(name)}</b>" for name in places],
                "textposition": "middle right",
                "textfont": {"size": 13, "color": colour("ink"), "shadow": "auto"},
                "hoverinfo": "skip",
            }
        )
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "0–100 分，越靠外越好；虚线为平均客户（50 分）；无法判断的维度没有点。",
            "0 to 100, farther out is better; the dotted line is the average customer (50). An "
            "axis of which nothing can be said has no point.",
        ),
        data=data,
        layout={
            "polar": {
                "radialaxis": {
                    "range": [0, 100],
                    "tickvals": [25, 50, 75],
                    "angle": 90,
                    "tickangle": 90,
                },
                "angularaxis": {
                    "tickmode": "array",
                    "tickvals": angle[:-1],
                    "ticktext": names,
                    "rotation": 90,
                    "direction": "clockwise",
                },
            },
            "margin": {"l": 60, "r": 60, "t": 36, "b": 36},
        },
        table=Table(
            columns=(
                Text("维度", "Axis"),
                *(
                    Text("得分", "Score") if single else same(segment["segment_id"])
                    for segment in shown
                ),
            ),
            rows=tuple(
                (
                    as_said(axis_names[axis]),
                    *(as_said(decimal(score.get((row["segment_id"], axis)), 1)) for row in shown),
                )
                for axis in axes
            ),
            numeric=(False, *(True for _ in shown)),
        ),
        height=340 if single else 460,
        legend=()
        if single
        else tuple((segment_name(row), colour_name(segments, row["segment_id"])) for row in shown),
        prints_table=not single,
    )


def axis_name(row: Row) -> Text:
    """Give the name of an axis of the pentagon, from a row of rpt_segment_themes."""
    return Text(row["axis_zh"] or row["axis"], row["axis_en"] or row["axis"])


def _apart(
    names: Sequence[str], axes: Sequence[str], score: dict[tuple[str, str], float | None]
) -> dict[str, int]:
    """Choose for every segment the axis on which its point is farthest from those of others."""
    chosen: dict[str, int] = {}
    for name in names:
        room = {}
        for place, axis in enumerate(axes):
            own = score.get((name, axis))
            if own is None:
                continue
            others = (score.get((other, axis)) for other in names if other != name)
            room[place] = min((abs(own - one) for one in others if one is not None), default=100.0)
        if room:
            chosen[name] = max(room, key=lambda place: (room[place], -place))
    return chosen


def heat_map(
    chart_id: str,
    segments: Sequence[Row],
    kpis: Sequence[Row],
    title: Said,
) -> Chart:
    """Draw the effect of every attribute in every segment."""
    grouped = by(list(kpis), "attribute")
    names = [row["segment_id"] for row in segments]
    z: list[list[float | None]] = []
    text: list[list[Figure]] = []
    labels: list[Figure] = []
    cells: list[tuple[Said, ...]] = []
    for rows in grouped.values():
        effect = {row["segment_id"]: effect_of(row) for row in rows}
        values = [effect.get(name) for name in names]
        z.append([None if value is None else round(value, 4) for value in values])
        written = [same("—") if value is None else signed(value) for value in values]
        text.append([both(same("—") if v is None else signed(v, 1)) for v in values])
        labels.append(label(attribute_name(rows[0])))
        cells.append((as_said(attribute_name(rows[0])), *map(as_said, written)))
    places = list(range(len(grouped)))
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "与全体相差几个标准差（偏态指标取对数后）；颜色深浅表示大小，与好坏无关；"
            "— 为由定义决定或多半未知。",
            "Standard deviations above or below everyone (skewed attributes on a log scale); "
            "darker is farther, which is neither good nor bad. A dash: so by definition, or "
            "mostly unknown.",
        ),
        data=[
            {
                "type": "heatmap",
                "x": names,
                "y": places,
                "z": z,
                "text": text,
                "texttemplate": "%{text}",
                "textfont": {"color": colour("ink")},
                "hoverongaps": False,
                "zmin": -1.6,
                "zmax": 1.6,
                "colorscale": [[0, colour("low")], [0.5, colour("mid")], [1, colour("high")]],
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
                "hoverinfo": "skip",
            }
        ],
        layout={
            "xaxis": {"side": "top", "showgrid": False, "type": "category"},
            "yaxis": {**named_axis(places, labels), "showgrid": False},
            "margin": {"t": 30, "b": 10},
            "annotations": [
                {"x": name, "y": place, "text": "—", "showarrow": False}
                for place, values in enumerate(z)
                for name, value in zip(names, values, strict=True)
                if value is None
            ],
        },
        table=Table(
            columns=(Text("指标", "Attribute"), *map(same, names)),
            rows=tuple(cells),
            numeric=(False, *(True for _ in segments)),
        ),
        height=60 + max(36, _row_height(labels)) * max(len(grouped), 1),
    )


def boxes(
    chart_id: str,
    segments: Sequence[Row],
    kpis: Sequence[Row],
    attributes: dict[str, Row],
    title: Said,
) -> Chart:
    """Draw the quantiles of one attribute in every segment.

    Parameters
    ----------
    kpis : list of dict
        Rows of rpt_segment_kpis of the attribute, one a segment.
    """
    first = kpis[0]
    transform = attributes[first["attribute"]]["transform"]
    scale = _SCALES[transform]
    share = is_share(attributes, first["attribute"])
    known = {row["segment_id"]: row for row in kpis if row["median"] is not None}
    shown = [row for row in segments if row["segment_id"] in known]
    data: list[Figure] = []
    ends: list[float] = []
    lows: list[float] = []
    for place, segment in enumerate(shown):
        row = known[segment["segment_id"]]
        p05, p25, median, p75, p95 = (
            scale(row[name]) for name in ("p05", "p25", "median", "p75", "p95")
        )
        ends.append(p95)
        lows.append(p05)
        data.append(
            {
                "type": "box",
                "orientation": "h",
                "y0": place,
                "q1": [round(p25, 5)],
                "median": [round(median, 5)],
                "q3": [round(p75, 5)],
                "lowerfence": [round(p05, 5)],
                "upperfence": [round(p95, 5)],
                "boxpoints": False,
                "width": 0.5,
                "whiskerwidth": 0.4,
                "line": {"color": segment_colour(segments, segment["segment_id"]), "width": 1.75},
                "hoverinfo": "skip",
            }
        )
    low, high = min(lows, default=0.0), max(ends, default=1.0)
    overall = scale(first["overall_median"])
    low, high = min(low, overall), max(high, overall)
    reach = (high - low) or 1.0
    write = row_quantity(attributes, first)
    ticks = _ticks(transform, low, high)
    unit = _unit(first["unit"], share)
    places = list(range(len(shown)))
    figures = ("p05", "p25", "median", "p75", "p95")
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            f"{unit.zh}{_AXES[transform].zh}。箱为中间一半客户，须为 5%–95%，数字为中位数；"
            f"虚线为全体中位数 {write('overall_median').zh}。",
            f"{unit.en}{_AXES[transform].en}. Boxes hold the middle half of the customers, "
            f"whiskers 5–95%, numbers are medians; the dotted line is the median of all, "
            f"{write('overall_median').en}.",
        ),
        data=data,
        layout={
            "xaxis": {
                "tickvals": [round(scale(tick), 5) for tick in ticks],
                "ticktext": [both(_plain(tick, share)) for tick in ticks],
                "range": [low - 0.03 * reach, high + 0.22 * reach],
                "title": {"text": both(unit)},
                "zeroline": False,
            },
            "yaxis": named_axis(places, [both(same(row["segment_id"])) for row in shown]),
            "shapes": [
                {
                    "type": "line",
                    "x0": round(overall, 5),
                    "x1": round(overall, 5),
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "line": {"color": colour("everyone"), "dash": "dot", "width": 1.5},
                }
            ],
            "annotations": [
                _beside(end, place, _plain(known[row["segment_id"]]["median"], share))
                for place, (row, end) in enumerate(zip(shown, ends, strict=True))
            ],
        },
        table=Table(
            columns=(
                Text("客群", "Segment"),
                Text("5% 分位", "5th percentile"),
                Text("25% 分位", "25th percentile"),
                Text("中位数", "Median"),
                Text("75% 分位", "75th percentile"),
                Text("95% 分位", "95th percentile"),
                Text("均值", "Mean"),
                Text("标准差", "Std deviation"),
            ),
            rows=tuple(
                (
                    as_said(segment_name(segment)),
                    *(
                        row_quantity(attributes, known[segment["segment_id"]])(figure)
                        for figure in (*figures, "mean", "std_dev")
                    ),
                )
                for segment in shown
            ),
            numeric=(False, *(True for _ in range(7))),
        ),
        height=110 + 34 * max(len(shown), 1),
    )


def _log1p(value: float) -> float:
    return math.copysign(math.log1p(abs(value)), value)


_SCALES: dict[str, Callable[[float], float]] = {
    "log1p": _log1p,
    "signed_log1p": _log1p,
    "none": float,
}
_AXES = {
    "log1p": Text("，对数轴", ", log axis"),
    "signed_log1p": Text("，对数轴", ", log axis"),
    "none": Text("", ""),
}


def _beside(x: float, y: float, text: Said | Text, size: int = 12) -> Figure:
    """Write a number at the end of a mark; no line runs through it."""
    return {
        "x": round(x, 5),
        "y": y,
        "text": both(text),
        "showarrow": False,
        "xanchor": "left",
        "xshift": 4,
        "bgcolor": colour("paper"),
        "borderpad": 1,
        "font": {"size": size},
    }


def _plain(value: float, share: bool) -> Text:
    """Write a number without its unit, which the axis has."""
    return percent(value, 0) if share else large(value)


def _unit(unit: str | None, share: bool) -> Text:
    if share:
        return Text("占比", "Share")
    return {
        "usd": Text("美元", "US dollars"),
        "usd_per_month": Text("美元/月", "US dollars a month"),
        "count": Text("个数", "Number"),
        "count_per_month": Text("每月个数", "Number a month"),
        "days": Text("天数", "Days"),
        "months": Text("月数", "Months"),
        "ratio": Text("比值", "Ratio"),
        "index": Text("指数", "Index"),
    }.get(unit or "", Text("数值", "Value"))


MOST_TICKS = 7
_LOG_STEPS = ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10)))
"""Multiples of the powers of ten that are marked: the more the shorter the axis."""


def _ticks(transform: str, low: float, high: float) -> list[float]:
    """Choose round numbers on the scale of a transform: few, but more than two where there are."""
    bottom, top = low, high
    if transform != "none":
        bottom, top = (math.copysign(math.expm1(abs(end)), end) for end in (low, high))
    if transform == "none" or max(top, -bottom) < 5:
        step = 10.0 ** math.floor(math.log10(max(top - bottom, 1e-9)))
        while (top - bottom) / step < 3:
            step /= 2
        return _thinned(
            [
                round(step * n, 10)
                for n in range(math.ceil(bottom / step), math.floor(top / step) + 1)
            ]
        )
    ticks: list[float] = []
    for steps in _LOG_STEPS:
        sizes = [step * 10.0**power for power in range(12) for step in steps]
        ticks = [*(-size for size in reversed(sizes)), 0.0, *sizes]
        ticks = [tick for tick in ticks if bottom - 1e-9 <= tick <= top + 1e-9]
        if len(ticks) > 2:
            break
    return _thinned(ticks)


def _thinned(ticks: list[float]) -> list[float]:
    """Leave every second, third, … so that few are left; zero stays."""
    apart = math.ceil(len(ticks) / MOST_TICKS) or 1
    return ticks[ticks.index(0.0) % apart if 0.0 in ticks else 0 :: apart]


def stacked(
    chart_id: str, segments: Sequence[Row], mix: Sequence[Row], title: Said, most: int = 6
) -> Chart:
    """Draw the levels of an attribute in every segment and in everyone, adding up to 100 %.

    Parameters
    ----------
    mix : list of dict
        Rows of rpt_segment_mix of the attribute.
    most : int
        Levels that get a bar of their own; the rest are one.
    """
    share = {(row["segment_id"], row["level"]): row["share_of_segment"] for row in mix}
    levels = {row["level"]: row for row in mix}
    known = [row for row in levels.values() if not row["is_unknown"]]
    known.sort(key=lambda row: -row["share_overall"])
    own = known[:most]
    if all(row["level_order"] < 9000 for row in own):
        own.sort(key=lambda row: row["level_order"])
    rest = [row["level"] for row in known[most:]]
    unknown = [row["level"] for row in levels.values() if row["is_unknown"]]
    names = [row["segment_id"] for row in segments]

    def total(segment_id: str | None, group: Sequence[str]) -> float:
        if segment_id is None:
            return float(sum(levels[level]["share_overall"] for level in group))
        return float(sum(share.get((segment_id, level), 0.0) for level in group))

    groups: list[tuple[Text, list[str], str]] = [
        (level_name(row), [row["level"]], f"r{place % 6}") for place, row in enumerate(own)
    ]
    if rest:
        name = Text(f"其余 {len(rest)} 个取值", f"{len(rest)} more level{'s'[: len(rest) - 1]}")
        groups.append((name, rest, "other"))
    if unknown:
        groups.append((Text("未知", "Unknown"), unknown, "unknown"))
    rows: list[str | None] = [*names, None]
    places = list(range(len(rows)))
    data: list[Figure] = []
    for name, group, fill in groups:
        shares = [total(row, group) for row in rows]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": [round(100 * value, 3) for value in shares],
                "text": [both(name) for _ in shares],
                "textfont": {"color": upon(fill)},
                **INSIDE,
                "hovertext": [
                    both(say("{name}：{share}", "{name}: {share}", name=name, share=percent(value)))
                    for value in shares
                ],
                "hoverinfo": "text",
                "marker": {
                    "color": colour(fill),
                    "line": {"color": colour("paper"), "width": 1},
                    **(
                        {"pattern": {"shape": "/", "size": 5, "solidity": 0.15}}
                        if group == unknown
                        else {}
                    ),
                },
                "name": both(name),
            }
        )
    labels = [both(same(name)) for name in names]
    labels.append(both(Text("全体", "All")))
    attribute = mix[0]["attribute"]
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "各群客户的构成，合计 100%；未知为斜纹灰色。",
            "Composition of each segment, together 100%; unknown is hatched grey.",
        ),
        data=data,
        layout={
            "barmode": "stack",
            "bargap": 0.28,
            "uniformtext": FITTING,
            "xaxis": {"range": [0, 100], "ticksuffix": "%", "showgrid": False, "nticks": 5},
            "yaxis": {**named_axis(places, labels), "showgrid": False},
        },
        table=Table(
            columns=(
                Text("取值", "Level"),
                *map(same, names),
                Text("全体", "All"),
            ),
            rows=tuple(
                (
                    as_said(name),
                    *(
                        Said(
                            percent(total(row, group)),
                            (Fact("share", total(row, group), row, attribute, group[0]),)
                            if len(group) == 1
                            else (),
                        )
                        for row in rows
                    ),
                )
                for name, group, _ in groups
            ),
            numeric=(False, *(True for _ in rows)),
        ),
        height=66 + 34 * len(rows),
        legend=tuple((name, fill) for name, _, fill in groups),
        prints_table=True,
    )


def grouped(
    chart_id: str,
    segments: Sequence[Row],
    groups: Sequence[tuple[Text, Sequence[Row]]],
    title: Said,
) -> Chart:
    """Draw shares of every segment side by side, the share of everyone as a tick.

    Parameters
    ----------
    groups : list of (name, rows)
        What the shares are of; rows of rpt_segment_mix, one a segment.
    """
    names = [row["segment_id"] for row in segments]
    step = 1 / (len(names) + 1.2)
    data: list[Figure] = []
    written: list[Figure] = []
    top = 0.0
    for order, segment in enumerate(segments):
        xs, ys = [], []
        for place, (_, rows) in enumerate(groups):
            for row in rows:
                if row["segment_id"] != segment["segment_id"]:
                    continue
                xs.append(round(100 * row["share_of_segment"], 3))
                ys.append(place + step * (order - (len(names) - 1) / 2))
                text = say("{id} {share}", "{id} {share}", id=names[order], share=level_share(row))
                written.append(_beside(xs[-1], ys[-1], text, 11))
        top = max([top, *xs])
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": xs,
                "y": ys,
                "width": step * 0.82,
                "hoverinfo": "skip",
                "marker": {"color": segment_colour(segments, segment["segment_id"])},
            }
        )
    overall = [rows[0]["share_overall"] for _, rows in groups]
    places = list(range(len(groups)))
    labels = [
        lines_of(
            label(name, 16),
            both(say("全体 {all}", "all {all}", all=percent(value))),
        )
        for (name, _), value in zip(groups, overall, strict=True)
    ]
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "各群客户中的占比；虚线为全体。",
            "Share of the customers of each segment; the dotted line is everyone.",
        ),
        data=data,
        layout={
            "barmode": "overlay",
            "xaxis": {"range": [0, max(top * 1.4, 1)], "ticksuffix": "%", "nticks": 5},
            "annotations": written,
            "yaxis": named_axis(places, labels),
            "shapes": [
                {
                    "type": "line",
                    "x0": round(100 * value, 3),
                    "x1": round(100 * value, 3),
                    "y0": place - 0.46,
                    "y1": place + 0.46,
                    "layer": "below",
                    "line": {"color": colour("everyone"), "width": 1.5, "dash": "dot"},
                }
                for place, value in enumerate(overall)
            ],
        },
        table=Table(
            columns=(
                Text("项目", "Item"),
                *map(same, names),
                Text("全体", "All"),
            ),
            rows=tuple(
                (
                    as_said(name),
                    *(
                        level_share(row)
                        for row in sorted(rows, key=lambda row: names.index(row["segment_id"]))
                    ),
                    as_said(percent(rows[0]["share_overall"])),
                )
                for name, rows in groups
            ),
            numeric=(False, *(True for _ in range(len(names) + 1))),
        ),
        height=int(80 + len(groups) * max(_row_height(labels), 17 * len(names) + 14)),
    )


def top_levels(
    chart_id: str, segments: Sequence[Row], segment: Row, mix: Sequence[Row], title: Said
) -> Chart:
    """Draw the most frequent levels of one attribute in a segment against everyone.

    Parameters
    ----------
    mix : list of dict
        Rows of rpt_segment_mix, the most frequent first.
    """
    places = list(range(len(mix)))
    labels = [
        lines_of(
            label(level_name(row), 18, 2),
            both(
                say(
                    "{own}，全体 {all}",
                    "{own}, all {all}",
                    own=percent(row["share_of_segment"]),
                    all=percent(row["share_overall"]),
                )
            ),
        )
        for row in mix
    ]
    top = max([100 * max(row["share_of_segment"], row["share_overall"]) for row in mix], default=1)
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "占该群客户的比例；竖线为全体。",
            "Share of the customers of the segment; the tick is everyone.",
        ),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": [round(100 * row["share_of_segment"], 3) for row in mix],
                "width": 0.5,
                "hoverinfo": "skip",
                "marker": {
                    "color": [
                        colour("unknown")
                        if row["is_unknown"]
                        else segment_colour(segments, segment["segment_id"])
                        for row in mix
                    ]
                },
            },
            {
                "type": "scatter",
                "mode": "markers",
                "y": places,
                "x": [round(100 * row["share_overall"], 3) for row in mix],
                "marker": {
                    "symbol": "line-ns",
                    "size": 20,
                    "line": {"color": colour("ink"), "width": 2},
                },
                "hoverinfo": "skip",
            },
        ],
        layout={
            "xaxis": {"range": [0, max(top * 1.08, 1)], "ticksuffix": "%", "nticks": 5},
            "yaxis": named_axis(places, labels),
        },
        table=Table(
            columns=(
                Text("取值", "Level"),
                Text("客户数", "Customers"),
                Text("占该群", "Of the segment"),
                Text("占全体", "Of all"),
                Text("倍数", "Lift"),
            ),
            rows=tuple(
                (
                    as_said(level_name(row)),
                    as_said(count(row["customers"])),
                    level_share(row),
                    as_said(percent(row["share_overall"])),
                    as_said(decimal(row["lift"]) if row["lift"] is not None else same("—")),
                )
                for row in mix
            ),
            numeric=(False, True, True, True, True),
        ),
        height=70 + max(46, _row_height(labels)) * max(len(mix), 1),
    )


def customer_map(
    chart_id: str,
    segments: Sequence[Row],
    cells: Sequence[Row],
    axes: tuple[Text, Text],
    title: Said,
) -> Chart:
    """Draw the customers on the first two axes of the factor analysis, a dot a cell of a grid."""
    of_segment = by(list(cells), "segment_id")
    shifted = _side_by_side(segments, cells)
    most = max([row["customers"] for row in cells], default=1)
    data: list[Figure] = []
    centres: dict[str, tuple[float, float]] = {}
    table_rows = []
    for segment in sorted(segments, key=lambda row: -row["customers"]):
        rows = of_segment.get(segment["segment_id"], [])
        fill = segment_colour(segments, segment["segment_id"])
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [round(shifted[_cell(row)][0], 3) for row in rows],
                "y": [round(shifted[_cell(row)][1], 3) for row in rows],
                "marker": {
                    "size": [round(3 + 13 * math.sqrt(row["customers"] / most), 1) for row in rows],
                    "color": fill,
                    "opacity": 0.8,
                    "line": {"width": 0},
                },
                "hovertext": [
                    both(
                        say(
                            "{id}：{customers} 位客户",
                            "{id}: {customers} customers",
                            id=segment["segment_id"],
                            customers=count(row["customers"]),
                        )
                    )
                    for row in rows
                ],
                "hoverinfo": "text",
            }
        )
    for segment in segments:
        rows = of_segment.get(segment["segment_id"], [])
        total = sum(row["customers"] for row in rows)
        if not total:
            continue
        x = sum(row["x"] * row["customers"] for row in rows) / total
        y = sum(row["y"] * row["customers"] for row in rows) / total
        centres[segment["segment_id"]] = (x, y)
        table_rows.append(
            (
                as_said(segment_name(segment)),
                Said(count(total), (Fact("customers", total, segment["segment_id"]),)),
                as_said(decimal(x)),
                as_said(decimal(y)),
            )
        )
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "每个点是一格，越大客户越多；标签在该群的中心。最外侧 0.5% 的客户画在边上。",
            "A dot is a cell of a grid, the larger the more customers; labels stand at the centre "
            "of a segment. The outermost 0.5% stand at the edge.",
        ),
        data=data,
        layout={
            "xaxis": {"title": {"text": label(axes[0], 44, 4)}, "zeroline": True},
            "yaxis": {"title": {"text": label(axes[1], 44, 4)}, "zeroline": True},
            "annotations": _map_labels(segments, centres, cells),
        },
        table=Table(
            columns=(
                Text("客群", "Segment"),
                Text("客户数", "Customers"),
                Text("中心：轴 1", "Centre: axis 1"),
                Text("中心：轴 2", "Centre: axis 2"),
            ),
            rows=tuple(table_rows),
            numeric=(False, True, True, True),
        ),
        height=560,
    )


LABEL_PART = (0.15, 0.062)
"""What part of the map's width on a phone, and of its height, a label takes."""


def _map_labels(
    segments: Sequence[Row], centres: dict[str, tuple[float, float]], cells: Sequence[Row]
) -> list[Figure]:
    """Write every segment at its centre, above the label there where there is one already."""
    wide, high = (
        part * ((max(row[axis] for row in cells) - min(row[axis] for row in cells)) or 1.0)
        for part, axis in zip(LABEL_PART, ("x", "y"), strict=True)
    )
    placed: list[tuple[float, float]] = []
    labels = []
    for name, (x, y) in sorted(centres.items(), key=lambda item: (item[1][1], item[0])):
        shown_y = y
        for other_x, other_y in sorted(placed, key=lambda place: place[1]):
            if abs(other_x - x) < wide and abs(other_y - shown_y) < high:
                shown_y = other_y + high
        placed.append((x, shown_y))
        labels.append(
            {
                "x": round(x, 3),
                "y": round(y, 3),
                "axref": "x",
                "ayref": "y",
                "ax": round(x, 3),
                "ay": round(shown_y, 3),
                "showarrow": True,
                "arrowhead": 0,
                "arrowwidth": 1,
                "arrowcolor": colour("ink"),
                "text": f"<b>{escape(name)}</b>",
                "bgcolor": colour("paper"),
                "bordercolor": segment_colour(segments, name),
                "borderwidth": 2,
                "borderpad": 3,
                "font": {"size": 13},
            }
        )
    return labels


def _cell(row: Row) -> tuple[str, int, int]:
    return row["segment_id"], row["map_column"], row["map_row"]


def _side_by_side(
    segments: Sequence[Row], cells: Sequence[Row]
) -> dict[tuple[str, int, int], tuple[float, float]]:
    """Place the dots of several segments in a cell around its centre, not over each other."""
    order = [row["segment_id"] for row in segments]
    steps = {
        axis: _step(cells, axis, place) for axis, place in (("x", "map_column"), ("y", "map_row"))
    }
    shared = by([{**row, "cell": (row["map_column"], row["map_row"])} for row in cells], "cell")
    places = {}
    for rows in shared.values():
        for row in rows:
            turn = 2 * math.pi * order.index(row["segment_id"]) / len(order)
            radius = 0.27 if len(rows) > 1 else 0.0
            places[_cell(row)] = (
                row["x"] + radius * steps["x"] * math.sin(turn),
                row["y"] + radius * steps["y"] * math.cos(turn),
            )
    return places


def _step(cells: Sequence[Row], axis: str, place: str) -> float:
    first = min(cells, key=lambda row: row[place])
    last = max(cells, key=lambda row: row[place])
    apart: int = last[place] - first[place]
    return float(last[axis] - first[axis]) / apart if apart else 0.0


@dataclass(frozen=True)
class Curve:
    """A criterion over K.

    Attributes
    ----------
    name : Text
    rows : list of dict
        Rows of rpt_k_selection, by k.
    decimals : int
    """

    name: Text
    rows: Sequence[Row]
    decimals: int = 2


def curve(
    chart_id: str,
    shown: Sequence[Curve],
    chosen_k: int,
    title: Said,
    note: Text,
    limits: Sequence[tuple[float, Text]] = (),
) -> Chart:
    """Draw criteria over the number of segments, one under the other.

    Parameters
    ----------
    chosen_k : int
        Marked.
    limits : list of (value, name)
        Horizontal lines in the first.
    """
    data: list[Figure] = []
    layout: Figure = {"shapes": [], "annotations": []}
    ks = sorted({row["k"] for one in shown for row in one.rows})
    part = 1 / max(len(shown), 1)
    for place, one in enumerate(shown):
        axis = "" if place == 0 else str(place + 1)
        low = 1 - (place + 1) * part + (0.06 if place + 1 < len(shown) else 0)
        layout[f"yaxis{axis}"] = {
            "title": {"text": both(one.name)},
            "domain": [low, 1 - place * part],
            "range": _with_room_above(one.rows, limits if place == 0 else ()),
            "tickformat": ",",
            "nticks": 5,
        }
        layout[f"xaxis{axis}"] = {
            "anchor": f"y{axis}",
            "tickvals": ks,
            "title": {"text": both("K")} if place + 1 == len(shown) else {},
            "showticklabels": place + 1 == len(shown),
            "range": [min(ks, default=1) - 0.5, max(ks, default=2) + 0.5],
            "showgrid": False,
        }
        values = [round(row["value"], 6) for row in one.rows]
        errors = [row["std_error"] for row in one.rows]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [row["k"] for row in one.rows],
                "y": values,
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
                "line": {"color": colour("muted"), "width": 2},
                "marker": {
                    "size": [13 if row["k"] == chosen_k else 7 for row in one.rows],
                    "color": [
                        colour("ink") if row["k"] == chosen_k else colour("muted")
                        for row in one.rows
                    ],
                },
                **(
                    {
                        "error_y": {
                            "type": "data",
                            "array": [error or 0 for error in errors],
                            "color": colour("muted"),
                            "thickness": 1.5,
                            "width": 4,
                        }
                    }
                    if any(errors)
                    else {}
                ),
                "hoverinfo": "skip",
            }
        )
        for row in (row for row in one.rows if row["k"] == chosen_k):
            layout["annotations"].append(
                {
                    "x": row["k"],
                    "y": 1,
                    "xref": f"x{axis}",
                    "yref": f"y{axis} domain",
                    "yanchor": "top",
                    "xanchor": (
                        "right" if chosen_k == ks[-1] else "left" if chosen_k == ks[0] else "center"
                    ),
                    "text": both(
                        say(
                            "K={k}：{value}",
                            "K = {k}: {value}",
                            k=str(row["k"]),
                            value=_short(row["value"], one.decimals),
                        )
                    ),
                    "showarrow": False,
                    "font": {"size": 13},
                }
            )
            layout["shapes"].append(
                {
                    "type": "line",
                    "xref": f"x{axis}",
                    "yref": f"y{axis}",
                    "x0": row["k"],
                    "x1": row["k"],
                    "y0": row["value"],
                    "y1": _with_room_above(one.rows, limits if place == 0 else ())[1],
                    "layer": "below",
                    "line": {"color": colour("grid"), "width": 1},
                }
            )
    for value, name in limits:
        layout["shapes"].append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": value,
                "y1": value,
                "line": {"color": colour("everyone"), "dash": "dot", "width": 1},
            }
        )
        layout["annotations"].append(
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "right",
                "y": value,
                "yanchor": "bottom",
                "text": both(name),
                "showarrow": False,
                "font": {"size": 11},
            }
        )
    found = {(place, row["k"]): row for place, one in enumerate(shown) for row in one.rows}
    columns: list[Text] = [same("K")]
    for one in shown:
        columns += [one.name, Text("标准误", "Std error"), Text("结论", "Verdict")]
    rows = []
    for k in ks:
        cells: list[Said] = [as_said(str(k))]
        for place, one in enumerate(shown):
            at_k = found.get((place, k))
            cells += (
                [as_said("—")] * 3
                if at_k is None
                else [
                    as_said(_short(at_k["value"], one.decimals)),
                    as_said(
                        "—"
                        if not at_k["std_error"]
                        else decimal(at_k["std_error"], one.decimals + 1)
                    ),
                    as_said(Text(at_k["verdict_zh"] or "", at_k["verdict"] or "")),
                ]
            )
        rows.append(tuple(cells))
    return Chart(
        id=chart_id,
        title=title,
        note=note,
        data=data,
        layout=layout,
        table=Table(
            columns=tuple(columns),
            rows=tuple(rows),
            numeric=(True, *(flag for _ in shown for flag in (True, True, False))),
        ),
        height=320 if len(shown) == 1 else 430,
        prints_table=True,
    )


def _with_room_above(
    rows: Sequence[Row], limits: Sequence[tuple[float, Text]]
) -> tuple[float, float]:
    """Give the range of an axis that has room for a line of text above the curve."""
    values = [row["value"] + sign * (row["std_error"] or 0) for row in rows for sign in (-1, 1)]
    values += [value for value, _ in limits]
    reach = (max(values) - min(values)) or 1.0
    return min(values) - 0.08 * reach, max(values) + 0.3 * reach


def _short(value: float, decimals: int) -> Text:
    return decimal(value, decimals) if abs(value) < 1000 else count(value)


def business_scores(chart_id: str, rows: Sequence[Row], chosen_k: int, title: Said) -> Chart:
    """Draw what each criterion of the business elbow adds to the score of every K."""
    ks = sorted({row["k"] for row in rows})
    criteria = [name for name in words.CRITERIA if any(row["criterion"] == name for row in rows)]
    criteria += sorted({row["criterion"] for row in rows} - set(criteria))
    found = {(row["criterion"], row["k"]): row for row in rows}
    total = {
        k: sum(found[name, k]["contribution"] or 0 for name in criteria if (name, k) in found)
        for k in ks
    }
    data: list[Figure] = []
    for place, name in enumerate(criteria):
        shown = [found[name, k]["contribution"] or 0 if (name, k) in found else 0 for k in ks]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": ks,
                "x": [round(value, 4) for value in shown],
                "text": [both(words.name_of(words.CRITERIA, name)) for _ in shown],
                "textfont": {"color": upon(f"r{place % 6}")},
                **INSIDE,
                "marker": {
                    "color": colour(f"r{place % 6}"),
                    "line": {"color": colour("paper"), "width": 1},
                },
                "hoverinfo": "skip",
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "text",
            "x": [round(total[k] + 0.06, 4) for k in ks],
            "y": ks,
            "text": [both(decimal(total[k])) for k in ks],
            "textposition": "middle right",
            "textfont": {"size": 13},
            "hoverinfo": "skip",
            "cliponaxis": False,
        }
    )
    labels = [
        both(
            Text(f"K={k}，选定", f"K = {k}, chosen")
            if k == chosen_k
            else Text(f"K={k}", f"K = {k}")
        )
        for k in ks
    ]
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "每项为 1–5 分乘以权重，合计最高 5 分。",
            "Scores from 1 to 5 times their weights; together at most 5.",
        ),
        data=data,
        layout={
            "barmode": "stack",
            "bargap": 0.28,
            "uniformtext": FITTING,
            "xaxis": {"range": [0, 5.4], "title": {"text": both(Text("业务得分", "Score"))}},
            "yaxis": {**named_axis(ks, labels), "showgrid": False},
        },
        table=Table(
            columns=(
                same("K"),
                *(words.name_of(words.CRITERIA, name) for name in criteria),
                Text("合计", "Total"),
            ),
            rows=tuple(
                (
                    as_said(str(k)),
                    *(
                        as_said(
                            decimal(found[name, k]["contribution"] or 0)
                            if (name, k) in found
                            else "—"
                        )
                        for name in criteria
                    ),
                    as_said(decimal(total[k])),
                )
                for k in ks
            ),
            numeric=tuple(True for _ in range(len(criteria) + 2)),
        ),
        height=80 + 36 * max(len(ks), 1),
        legend=tuple(
            (words.name_of(words.CRITERIA, name), f"r{place % 6}")
            for place, name in enumerate(criteria)
        ),
        prints_table=True,
    )


def _only_first(most: int, rows: Sequence[Row]) -> Text:
    """Say that a chart shows the first rows of its table only, where it does."""
    if len(rows) <= most:
        return same("")
    return Text(
        f"图中为前 {most} 个，表中为全部 {len(rows)} 个。",
        f" The chart has the first {most}, the table all {len(rows)}.",
    )


def missing_values(chart_id: str, rows: Sequence[Row], title: Said, most: int = 15) -> Chart:
    """Draw the share of unknown values of the attributes that have the most.

    Parameters
    ----------
    rows : list of dict
        Rows of rpt_attribute_diagnostics; the first `most` are drawn, all are in the table.
    """
    shown = rows[:most]
    places = list(range(len(shown)))
    names = [Text(isolate(row["label_zh"]), isolate(row["label_en"])) for row in rows]
    labels = [label(name) for name in names[:most]]
    only = _only_first(most, rows)
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "取值未知的客户占比。" + only.zh,
            "Share of customers whose value is unknown." + only.en,
        ),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": [round(100 * row["missing_share"], 3) for row in shown],
                "text": [both(percent(row["missing_share"])) for row in shown],
                "textposition": "outside",
                "cliponaxis": False,
                "width": 0.6,
                "marker": {"color": colour("unknown")},
                "hoverinfo": "skip",
            }
        ],
        layout={
            "xaxis": {"range": [0, 112], "ticksuffix": "%", "dtick": 25},
            "yaxis": named_axis(places, labels),
        },
        table=Table(
            columns=(
                Text("字段", "Field"),
                Text("未知占比", "Share unknown"),
                Text("是否参与聚类", "Clustered on"),
            ),
            rows=tuple(
                (
                    as_said(name),
                    Said(
                        percent(row["missing_share"]),
                        (Fact("missing_share", row["missing_share"], None, row["attribute"]),),
                    ),
                    as_said(Text(row["reason_zh"], row["reason_en"])),
                )
                for name, row in zip(names, rows, strict=True)
            ),
            numeric=(False, True, False),
        ),
        height=80 + _row_height(labels) * max(len(shown), 1),
    )


def skewness(chart_id: str, rows: Sequence[Row], title: Said, most: int = 14) -> Chart:
    """Draw the skewness of attributes before and after log(1 + x).

    Parameters
    ----------
    rows : list of dict
        Rows of rpt_attribute_diagnostics; the first `most` are drawn, all are in the table.
    """
    shown = rows[:most]
    places = list(range(len(shown)))
    names = [Text(isolate(row["label_zh"]), isolate(row["label_en"])) for row in rows]
    labels = [label(name) for name in names[:most]]
    only = _only_first(most, rows)
    before = [row["skewness"] for row in shown]
    after = [row["skewness_log1p"] for row in shown]
    segments_x: list[float | None] = []
    segments_y: list[float | None] = []
    for place in places:
        segments_x += [_log1p(before[place]), _log1p(after[place]), None]
        segments_y += [place, place, None]

    def dots(values: Sequence[float], fill: str, symbol: str, side: str) -> Figure:
        return {
            "type": "scatter",
            "mode": "markers+text",
            "x": [round(_log1p(value), 4) for value in values],
            "y": places,
            "text": [both(decimal(value, 1)) for value in values],
            "textposition": side,
            "textfont": {"size": 11},
            "marker": {"size": 10, "color": colour(fill), "symbol": symbol},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }

    low = min([0.0, *map(_log1p, after)])
    high = max([1.0, *map(_log1p, before)])
    ticks = _ticks("signed_log1p", low, high)
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "偏度（对数轴）：灰色圆点为原值，蓝色方块为取 log(1+x) 之后；0 为对称。" + only.zh,
            "Skewness (log axis): grey dots as it is, blue squares after log(1+x); 0 is symmetric."
            + only.en,
        ),
        data=[
            {
                "type": "scatter",
                "mode": "lines",
                "x": segments_x,
                "y": segments_y,
                "line": {"color": colour("grid"), "width": 3},
                "hoverinfo": "skip",
            },
            dots(before, "muted", "circle", "middle right"),
            dots(after, "accent", "square", "middle left"),
        ],
        layout={
            "xaxis": {
                "range": [low - 0.9, high + 0.8],
                "tickvals": [round(_log1p(tick), 4) for tick in ticks],
                "ticktext": [both(large(tick)) for tick in ticks],
                "title": {"text": both(Text("偏度", "Skewness"))},
            },
            "yaxis": named_axis(places, labels),
        },
        table=Table(
            columns=(
                Text("指标", "Attribute"),
                Text("原值偏度", "Skewness"),
                Text("log1p 后偏度", "After log1p"),
                Text("为 0 的占比", "Share of zeros"),
            ),
            rows=tuple(
                (
                    as_said(name),
                    as_said(decimal(row["skewness"])),
                    as_said(decimal(row["skewness_log1p"])),
                    as_said("—" if row["zero_share"] is None else percent(row["zero_share"])),
                )
                for name, row in zip(names, rows, strict=True)
            ),
            numeric=(False, True, True, True),
        ),
        height=90 + _row_height(labels) * max(len(shown), 1),
    )


def named_axis(places: Sequence[float], labels: Sequence[Figure]) -> Figure:
    """Give a vertical axis of names, the first at the top."""
    return {
        "tickvals": list(places),
        "ticktext": list(labels),
        "range": [max(places, default=0) + 0.6, min(places, default=0) - 0.6],
        "automargin": True,
        "zeroline": False,
        "showgrid": False,
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": colour("paper"),
    }
