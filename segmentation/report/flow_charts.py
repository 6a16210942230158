"""Charts of the moves between snapshots: flows, the matrix of who stays, and growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmentation.report.charts import (
    FITTING,
    INSIDE,
    Chart,
    Figure,
    both,
    colour,
    colour_name,
    escape,
    named_axis,
    segment_colour,
    segment_name,
    upon,
)
from segmentation.report.formats import Fact, Said, Table, Text, as_said, count, percent, same, say
from segmentation.report.marts import Row

LEFT, NEW = "left", "entered"
BEYOND = {LEFT: Text("离开", "left"), NEW: Text("新来", "new")}
"""Where customers go who are no longer in the file, and where new ones come from."""

FLOW_HEIGHT = 440
GAP = 18
"""Pixels between two nodes: a line of text."""

NODE_WIDTH = 0.05
CURVE_POINTS = 14
MANY_SEGMENTS = 6
"""With more of them a cell has no room for two lines."""

MOST_DATES = 4
"""So many snapshots are drawn side by side."""

MOST_TICKS = 4
LINES_HEIGHT = 300
LABEL_HEIGHT = 15


@dataclass(frozen=True)
class Node:
    """A segment at a date, or those who are new or gone; heights in pixels from the top."""

    name: str
    place: int
    customers: int
    top: float
    height: float


def place_of(row: Row, side: str) -> str:
    """Give the segment from or to which a row of rpt_segment_migrations goes, or where else."""
    return str(row[f"{side}_segment_id"] or (NEW if side == "from" else LEFT))


def crossed(migrations: Sequence[Row]) -> tuple[dict[tuple[str, str], Row], list[str], list[str]]:
    """Give the rows of one interval by where from and where to, and both in their order."""
    found = {(place_of(row, "from"), place_of(row, "to")): row for row in migrations}
    sources = sorted({source for source, _ in found}, key=lambda name: (name == NEW, name))
    targets = sorted({target for _, target in found}, key=lambda name: (name == LEFT, name))
    return found, sources, targets


def flow(row: Row, value: int) -> Said:
    """Give a number of customers who went from one segment to another."""
    fact = Fact(row["movement"], value, row["from_segment_id"], level=row["to_segment_id"])
    return Said(count(value), (fact,))


def place_name(segments: Sequence[Row], name: str) -> Text:
    """Give id and name of a segment, or the name of those who are new or gone."""
    found = {row["segment_id"]: row for row in segments}
    return BEYOND[name] if name in BEYOND else segment_name(found[name])


def _nodes(dates: Sequence[Any], migrations: Sequence[Row]) -> dict[tuple[int, str], Node]:
    """Put what stands at every date one under the other, all on the same scale."""
    columns: list[dict[str, int]] = [{} for _ in dates]
    for row in migrations:
        end = dates.index(row["to_date"])
        for place, side in ((end - 1, "from"), (end, "to")):
            name = place_of(row, side)
            # Segments between two intervals are met twice: they are what comes in.
            if side == "to" or place == 0 or name == NEW:
                columns[place][name] = columns[place].get(name, 0) + row["customers"]
    most = max((len(column) for column in columns), default=1)
    scale = (FLOW_HEIGHT - GAP * most) / max([sum(column.values()) for column in columns] + [1])
    found = {}
    for place, column in enumerate(columns):
        top = 0.0
        for name in sorted(column, key=lambda one: (one == NEW, one == LEFT, one)):
            height = scale * column[name]
            found[place, name] = Node(name, place, column[name], top, height)
            top += height + GAP
    return found


def alluvial(
    chart_id: str,
    segments: Sequence[Row],
    dates: Sequence[Any],
    migrations: Sequence[Row],
    title: Said,
) -> Chart:
    """Draw how customers flow from segment to segment, a column a snapshot.

    Parameters
    ----------
    segments : list of dict
        Those of the last snapshot, and those that are gone.
    dates : list of date
        The snapshots.
    migrations : list of dict
        Rows of rpt_segment_migrations between them.
    """
    nodes = _nodes(dates, migrations)
    scale = max((one.height / one.customers for one in nodes.values()), default=1.0)
    used: dict[tuple[int, str, str], float] = {}
    order = {key: place for place, key in enumerate(nodes)}
    ordered = sorted(
        migrations,
        key=lambda row: (
            dates.index(row["to_date"]),
            order[dates.index(row["to_date"]) - 1, place_of(row, "from")],
            order[dates.index(row["to_date"]), place_of(row, "to")],
        ),
    )
    data: list[Figure] = []
    for row in ordered:
        end = dates.index(row["to_date"])
        height = scale * row["customers"]
        tops = []
        for place, side in ((end - 1, "from"), (end, "to")):
            name = place_of(row, side)
            start = used.get((place, name, side), 0.0)
            used[place, name, side] = start + height
            tops.append(nodes[place, name].top + start)
        data.append(_ribbon(segments, row, end, tops, height))
    shown = list(nodes.values())
    data.append(
        {
            "type": "bar",
            "x": [node.place for node in shown],
            "base": [round(node.top, 2) for node in shown],
            "y": [round(max(node.height, 1.0), 2) for node in shown],
            "width": NODE_WIDTH,
            "marker": {"color": [_node_colour(segments, node.name) for node in shown]},
            "hoverinfo": "skip",
        }
    )
    last = len(dates) - 1
    room = 0.25 + 0.22 * last
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "每列一期，色块为客群，高度为客户数；色带为去向，颜色随出发的客群。"
            "离开：下一期的客户文件中没有；新来：上一期没有。",
            "A column is a snapshot; blocks are segments, as high as they have customers. Bands "
            "show who went where, in the colour of where they were. Left: not in the next "
            "customer file. New: not in the one before.",
        ),
        data=data,
        layout={
            "barmode": "overlay",
            "xaxis": {
                "range": [-room, last + room],
                "side": "top",
                "tickvals": list(range(len(dates))),
                "ticktext": [both(str(date)) for date in dates],
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {"range": [FLOW_HEIGHT, -6], "visible": False},
            "margin": {"t": 34, "b": 8},
            "annotations": [_node_label(node, last) for node in shown],
        },
        table=Table(
            columns=(
                Text("从", "From"),
                Text("到", "To"),
                Text("起始日期", "Of"),
                Text("截止日期", "At"),
                Text("客户数", "Customers"),
                Text("占出发客群", "Of the segment it left"),
            ),
            rows=tuple(
                (
                    as_said(place_name(segments, place_of(row, "from"))),
                    as_said(place_name(segments, place_of(row, "to"))),
                    as_said(str(row["from_date"])),
                    as_said(str(row["to_date"])),
                    flow(row, row["customers"])
                    if row["to_date"] == dates[-1]
                    else as_said(count(row["customers"])),
                    as_said(_share(row["transition_probability"])),
                )
                for row in ordered
            ),
            numeric=(False, False, False, False, True, True),
        ),
        height=FLOW_HEIGHT + 42,
        legend=tuple(
            (place_name(segments, row["segment_id"]), colour_name(segments, row["segment_id"]))
            for row in sorted(segments, key=lambda row: str(row["segment_id"]))
            if any(node.name == row["segment_id"] for node in shown)
        ),
    )


def _share(value: float | None) -> Text:
    return same("—") if value is None else percent(value)


def _node_colour(segments: Sequence[Row], name: str) -> Figure:
    return colour("unknown") if name in BEYOND else segment_colour(segments, name)


def _ribbon(
    segments: Sequence[Row], row: Row, end: int, tops: Sequence[float], height: float
) -> Figure:
    """Draw a band from a node to one in the next column."""
    steps = [step / (CURVE_POINTS - 1) for step in range(CURVE_POINTS)]
    start, stop = end - 1 + NODE_WIDTH / 2, end - NODE_WIDTH / 2
    x = [round(start + (stop - start) * step, 3) for step in steps]
    y = [tops[0] + (tops[1] - tops[0]) * step * step * (3 - 2 * step) for step in steps]
    source = place_of(row, "from")
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, *reversed(x)],
        "y": [round(one, 1) for one in (*y, *(value + height for value in reversed(y)))],
        "fill": "toself",
        "fillcolor": _node_colour(segments, source),
        "line": {"width": 0},
        "opacity": 0.3 if row["movement"] == "stayed" else 0.62,
        "hoveron": "fills",
        "hoverinfo": "text",
        "text": both(
            say(
                "{source} → {target}：{customers} 位",
                "{source} → {target}: {customers} customers",
                source=BEYOND.get(source, same(source)),
                target=BEYOND.get(place_of(row, "to"), same(place_of(row, "to"))),
                customers=count(row["customers"]),
            )
        ),
    }


def _node_label(node: Node, last: int) -> Figure:
    """Write beside a node what it is; between two intervals there is no room for the number."""
    name = BEYOND.get(node.name, same(node.name))
    is_first = node.place == 0
    return {
        "x": node.place + (-1 if is_first else 1) * NODE_WIDTH / 2,
        "y": round(node.top + node.height / 2, 2),
        "text": both(
            name
            if 0 < node.place < last
            else say("{name} {n}", "{name} {n}", name=name, n=count(node.customers))
        ),
        "showarrow": False,
        "xanchor": "right" if is_first else "left",
        "xshift": -4 if is_first else 4,
        **({"bgcolor": colour("paper"), "borderpad": 1} if 0 < node.place < last else {}),
    }


def matrix(chart_id: str, segments: Sequence[Row], migrations: Sequence[Row], title: Said) -> Chart:
    """Draw where the customers of every segment are now, as shares of the segment.

    Parameters
    ----------
    migrations : list of dict
        Rows of rpt_segment_migrations of one interval.
    """
    found, sources, targets = crossed(migrations)
    has_many = len(targets) > MANY_SEGMENTS
    z: list[list[float | None]] = []
    annotations: list[Figure] = []
    for place, source in enumerate(sources):
        line: list[float | None] = []
        for across, target in enumerate(targets):
            row = found.get((source, target))
            line.append(None if row is None else _rounded(row["transition_probability"]))
            if row is not None:
                annotations.append(_cell(place, across, row, has_many=has_many))
        z.append(line)
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "行：上期所在的客群，列：本期所在的客群；百分比为该行客群的去向"
            + ("" if has_many else "，小字为客户数")
            + "。对角线上是留下的客户；“新来”一行只有客户数。",
            "Rows: the segment before; columns: the segment now. Shares are of the row's segment"
            + ("" if has_many else ", the small numbers are customers")
            + ". Who stayed is on the diagonal; the row “new” has customers only.",
        ),
        data=[
            {
                "type": "heatmap",
                "x": list(range(len(targets))),
                "y": list(range(len(sources))),
                "z": z,
                "zmin": 0,
                "zmax": 1,
                "colorscale": [[0, colour("mid")], [1, colour("high")]],
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
                "hoverinfo": "skip",
                "hoverongaps": False,
            }
        ],
        layout={
            "xaxis": {
                "side": "top",
                "tickvals": list(range(len(targets))),
                "ticktext": [both(BEYOND.get(name, same(name))) for name in targets],
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": named_axis(
                list(range(len(sources))), [both(BEYOND.get(name, same(name))) for name in sources]
            ),
            "margin": {"t": 30, "b": 10},
            "annotations": annotations,
        },
        table=Table(
            columns=(
                Text("从", "From"),
                Text("到", "To"),
                Text("客户数", "Customers"),
                Text("占出发客群", "Of the segment it left"),
                Text("客户自身变化", "The customer changed"),
                Text("只因模型更新", "Only the model changed"),
            ),
            rows=tuple(
                (
                    as_said(place_name(segments, source)),
                    as_said(place_name(segments, target)),
                    flow(found[source, target], found[source, target]["customers"]),
                    as_said(_share(found[source, target]["transition_probability"])),
                    as_said(count(found[source, target]["moved_by_customer"])),
                    as_said(count(found[source, target]["moved_by_model"])),
                )
                for source in sources
                for target in targets
                if (source, target) in found
            ),
            numeric=(False, False, True, True, True, True),
        ),
        height=50 + 46 * len(sources),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _cell(place: int, across: int, row: Row, *, has_many: bool) -> Figure:
    share = row["transition_probability"]
    number = both(count(row["customers"]))
    text = number
    if share is not None and has_many:
        text = both(percent(share, 0))
    elif share is not None:
        written = both(percent(share))
        text = {
            key: f'{written[key]}<br><span style="font-size:small">{number[key]}</span>'
            for key in number
        }
    return {"x": across, "y": place, "text": text, "showarrow": False}


CAUSES = (
    ("moved_by_customer", Text("换群：客户自身变化", "Moved: the customer changed"), "r1"),
    ("moved_by_model", Text("换群：只因模型更新", "Moved: only the model changed"), "r4"),
    (LEFT, Text("离开：不在客户文件中了", "Left: no longer in the file"), "unknown"),
)


def causes(chart_id: str, migrations: Sequence[Row], title: Said) -> Chart:
    """Draw how many left every segment, and whether the customer or the model moved.

    Parameters
    ----------
    migrations : list of dict
        Rows of rpt_segment_migrations of one interval.
    """
    names = sorted({row["from_segment_id"] for row in migrations if row["from_segment_id"]})

    def total(name: str, cause: str) -> int:
        rows = [row for row in migrations if row["from_segment_id"] == name]
        if cause == LEFT:
            return sum(row["customers"] for row in rows if row["movement"] == LEFT)
        return sum(row[cause] for row in rows)

    places = list(range(len(names)))
    shown = {cause: [total(name, cause) for name in names] for cause, _, _ in CAUSES}
    return Chart(
        id=chart_id,
        title=title,
        note=Text(
            "离开各群的客户数及原因：若旧模型用新数据也会把客户分到别的群，是客户变了；"
            "否则只是模型变了。",
            "How many left each segment, and why: where the old model too, given the new data, "
            "puts the customer elsewhere, the customer has changed; else only the model has.",
        ),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": shown[cause],
                "text": [both(count(value)) if value else "" for value in shown[cause]],
                "textfont": {"color": upon(fill)},
                **INSIDE,
                "marker": {
                    "color": colour(fill),
                    "line": {"color": colour("paper"), "width": 1},
                },
                "hoverinfo": "skip",
            }
            for cause, _, fill in CAUSES
        ],
        layout={
            "barmode": "stack",
            "bargap": 0.28,
            "uniformtext": FITTING,
            "xaxis": {"title": {"text": both(Text("客户数", "Customers"))}, "nticks": 5},
            "yaxis": {**named_axis(places, [both(name) for name in names]), "showgrid": False},
        },
        table=Table(
            columns=(Text("客群", "Segment"), *(name for _, name, _ in CAUSES)),
            rows=tuple(
                (
                    as_said(name),
                    *(as_said(count(shown[cause][place])) for cause, _, _ in CAUSES),
                )
                for place, name in enumerate(names)
            ),
            numeric=(False, True, True, True),
        ),
        height=80 + 38 * max(len(names), 1),
        legend=tuple((name, fill) for _, name, fill in CAUSES),
    )


def growth_lines(
    chart_id: str,
    segments: Sequence[Row],
    dates: Sequence[Any],
    values: dict[str, dict[Any, float]],
    title: Said,
    note: Text,
    table: Table,
) -> Chart:
    """Draw how segments grow, their first snapshot being 100.

    Parameters
    ----------
    values : dict
        By segment and date; where there is none, or zero at first, nothing is drawn.
    """
    days = {date: (date - dates[0]).days for date in dates}
    data: list[Figure] = []
    ends: dict[str, float] = {}
    lines: dict[str, list[tuple[int, float]]] = {}
    for name in sorted(values):
        known = [(date, values[name][date]) for date in dates if date in values[name]]
        if not known or known[0][1] <= 0:
            continue
        lines[name] = [(days[date], 100 * value / known[0][1]) for date, value in known]
        if known[-1][0] == dates[-1]:
            ends[name] = lines[name][-1][1]
    reached = [value for line in lines.values() for _, value in line] or [100.0]
    low, high = min(reached), max(reached)
    pad = 0.08 * ((high - low) or 20.0)
    low, high = low - pad, high + pad
    for name, line in lines.items():
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [day for day, _ in line],
                "y": [round(value, 2) for _, value in line],
                "line": {"color": segment_colour(segments, name), "width": 2.5},
                "marker": {"size": 7},
                "hoverinfo": "skip",
                "cliponaxis": False,
            }
        )
    reach = max(days[dates[-1]], 1)
    every = -(-len(dates) // MOST_TICKS)
    ticks = list(reversed(dates[::-1][::every]))
    heights = _apart(ends, (low, high), LINES_HEIGHT - 60)
    return Chart(
        id=chart_id,
        title=title,
        note=note,
        data=data,
        layout={
            "xaxis": {
                "range": [-0.06 * reach, 1.3 * reach],
                "tickvals": [days[date] for date in ticks],
                "ticktext": [both(str(date)) for date in ticks],
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {"range": [round(low, 2), round(high, 2)], "nticks": 5, "zeroline": False},
            "margin": {"b": 40},
            "shapes": [
                {
                    "type": "line",
                    "x0": 0,
                    "x1": reach,
                    "y0": 100,
                    "y1": 100,
                    "layer": "below",
                    "line": {"color": colour("everyone"), "dash": "dot", "width": 1.5},
                }
            ],
            "annotations": [
                {
                    "x": reach,
                    "y": round(heights[name], 2),
                    "text": f"<b>{escape(name)}</b> {value:,.0f}",
                    "showarrow": False,
                    "xanchor": "left",
                    "xshift": 8,
                }
                for name, value in ends.items()
            ],
        },
        table=table,
        height=LINES_HEIGHT,
    )


def _apart(ends: dict[str, float], limits: tuple[float, float], height: float) -> dict[str, float]:
    """Move labels at the ends of lines apart, the lowest first, so that none covers another."""
    step = LABEL_HEIGHT * (limits[1] - limits[0]) / height
    placed: dict[str, float] = {}
    floor = limits[0]
    for name in sorted(ends, key=lambda one: (ends[one], one)):
        placed[name] = max(ends[name], floor)
        floor = placed[name] + step
    ceiling = limits[1]
    for name in reversed(list(placed)):
        placed[name] = min(placed[name], ceiling)
        ceiling = placed[name] - step
    return placed
