"""The section on who moved since the snapshots before: texts, tables and charts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segmentation.report import charts
from segmentation.report.charts import Chart, Figure
from segmentation.report.findings import within_sentence
from segmentation.report.formats import (
    Said,
    Table,
    Text,
    as_said,
    count,
    isolate,
    join,
    percent,
    quantity,
    same,
    say,
    signed,
)
from segmentation.report.marts import History, Marts, Row

MOST_DATES = 4
"""Snapshots in the chart of flows: the last ones."""

MOST_CALLED = 20
MOST_FLOWS = 3
MOST_CHANGES = 3
LEAST_CHANGE = 0.2
"""Standard deviations, or share of customers, from which on a change is told."""

HEIGHT, MARGIN = 460, 12
"""Of the chart of flows and the room above and below, in pixels."""

GAP = 0.03
"""Between the nodes of a column, as a share of its height."""

NEW, GONE = "new", "gone"
_NAMES = {NEW: Text("新客户", "New"), GONE: Text("离开", "Left")}
_EVENTS = {
    "survived": Text("延续", "survived"),
    "split": Text("从{source}拆出", "split from {source}"),
    "absorbed": Text("并入{into}", "absorbed by {into}"),
    "born": Text("新生", "born"),
    "retired": Text("消失", "gone"),
}
_OF_NEW = ("survived", "split", "born")
"""Events of a segment that is there now; the others are of one that is gone."""

_REASONS = {
    "customer": Text("客户自身变化", "the customer changed"),
    "model": Text("模型更新", "the model changed"),
    "left": Text("不在本期文件中", "no longer in the file"),
}


@dataclass(frozen=True)
class MigrationPart:
    """What the section shows; of a first snapshot the lead alone.

    Attributes
    ----------
    lead : Said
    advice : Said or None
    charts : list of Chart
    retention, lineage, drift, calls : Table or None
    changes : list of Said
        A sentence for each of the largest flows.
    calls_title : Said or None
    """

    lead: Said
    advice: Said | None = None
    charts: list[Chart] = field(default_factory=list)
    retention: Table | None = None
    lineage: Table | None = None
    changes: list[Said] = field(default_factory=list)
    drift: Table | None = None
    calls: Table | None = None
    calls_title: Said | None = None


def migration_part(marts: Marts) -> MigrationPart:
    """Put together what is shown of the snapshots."""
    history = marts.history
    advice = history.advice
    said_advice = (
        say(
            "{advice}：{reason}",
            "{advice}: {reason}",
            advice=Text(advice["advice_zh"], _ADVICE[advice["advice"]]),
            reason=Text(advice["reason_zh"], advice["reason_en"]),
        )
        if advice
        else None
    )
    if len(history.dates) < 2:
        return MigrationPart(
            as_said(
                Text(
                    "这是第一个快照。下个季度再运行一次，这里会显示谁留下、谁换了群、谁离开，以及原因。",
                    "This is the first snapshot. Run it again next quarter, and this place shows "
                    "who stayed, who moved, who left, and why.",
                )
            ),
            said_advice,
        )
    flows = [row for row in history.flows if row["to_date"] == history.dates[-1]]
    top = _top_segment(history)
    return MigrationPart(
        lead=_lead(history, flows),
        advice=said_advice,
        charts=[_flows_chart(marts), _growth_chart(marts)],
        retention=_retention(flows),
        lineage=_lineage(history),
        changes=_changes(history, flows),
        drift=_drift(marts),
        calls=_calls(marts, top),
        calls_title=say(
            "该联系谁：离开 {segment} 的客户",
            "Whom to call: customers who left {segment}",
            segment=charts.segment_name(top),
        ),
    )


_ADVICE = {"keep": "Keep the model", "refit": "Refit", "check_data": "Look at the data first"}


def _total(flows: Sequence[Row], movement: str, column: str = "customers") -> int:
    return int(sum(row[column] for row in flows if row["movement"] == movement))


def _lead(history: History, flows: Sequence[Row]) -> Said:
    stayed, moved = _total(flows, "stayed"), _total(flows, "moved")
    return say(
        "{since} 至 {until}：{stayed} 位客户留在原来的客群（两期都在的客户的 {share}），"
        "{moved} 位换了客群（{by_customer} 位因为客户自身变化，{by_model} 位因为模型更新），"
        "{entered} 位是新客户，{left} 位离开。",
        "From {since} to {until}, {stayed} customers stayed in their segment ({share} of those "
        "there at both dates), {moved} moved to another ({by_customer} because they changed, "
        "{by_model} because the model did), {entered} are new and {left} left.",
        since=str(history.dates[-2]),
        until=str(history.dates[-1]),
        stayed=count(stayed),
        share=percent(stayed / max(stayed + moved, 1)),
        moved=count(moved),
        by_customer=count(_total(flows, "moved", "moved_by_customer")),
        by_model=count(_total(flows, "moved", "moved_by_model")),
        entered=count(_total(flows, "entered")),
        left=count(_total(flows, "left")),
    )


def _names_at(history: History, date: Any) -> dict[str, Row]:
    """Give the segments of a snapshot by id, those that it lost included."""
    return {row["segment_id"]: row for row in history.trends if row["as_of_date"] == date}


def _top_segment(history: History) -> Row:
    """Give the segment with the most spend at the snapshot before the last."""
    before = _names_at(history, history.dates[-2]).values()
    return max(before, key=lambda row: (row["segment_value"], row["segment_id"]))


def _colour(marts: Marts, segment_id: str) -> str:
    """Name the colour of a segment; what is not delivered now is grey."""
    segments = marts.final.segments
    if any(row["segment_id"] == segment_id for row in segments):
        return charts.colour_name(segments, segment_id)
    return "everyone" if segment_id in _NAMES else "other"


def _flows_chart(marts: Marts) -> Chart:
    history = marts.history
    dates = history.dates[-MOST_DATES:]
    sizes: list[dict[str, int]] = [defaultdict(int) for _ in dates]
    links: list[tuple[int, str, str, Row]] = []
    for row in history.flows:
        if row["to_date"] not in dates[1:]:
            continue
        place = dates.index(row["to_date"])
        source = row["from_segment_id"] or NEW
        target = row["to_segment_id"] or GONE
        links.append((place, source, target, row))
        sizes[place][target] += row["customers"]
        if place == 1 or source == NEW:
            sizes[place - 1][source] += row["customers"]
    nodes = [
        (place, name) for place, column in enumerate(sizes) for name in sorted(column, key=_order)
    ]
    number = {node: index for index, node in enumerate(nodes)}
    # As Plotly does: the column with the least room for a customer gives the height of one.
    scale = min((1 - (len(column) - 1) * GAP) / sum(column.values()) for column in sizes)
    centres = {}
    for place, column in enumerate(sizes):
        below = 0.0
        for name in sorted(column, key=_order):
            share = scale * column[name]
            centres[place, name] = min(below + share / 2, 0.999)
            below += share + GAP
    names = {
        (place, segment_id): charts.segment_name(row)
        for place, date in enumerate(dates)
        for segment_id, row in _names_at(history, date).items()
    }
    moved = _total([row for row in history.flows if row["to_date"] == dates[-1]], "moved")
    widest = max(
        (row for *_, row in links if row["movement"] == "moved" and row["to_date"] == dates[-1]),
        key=lambda row: row["customers"],
        default=None,
    )
    title = (
        say(
            "换群的客户里最多的一股：{number} 位从 {source} 到 {target}",
            "The largest flow: {number} customers moved from {source} to {target}",
            number=count(widest["customers"]),
            source=same(widest["from_segment_id"]),
            target=same(widest["to_segment_id"]),
        )
        if widest
        else as_said(Text("没有客户换群", "Nobody moved"))
    )
    narrow = [_short(names.get(node), node[1]) for node in nodes]
    return Chart(
        id="flows",
        title=title,
        note=Text(
            f"每一列是一个快照：{'、'.join(map(str, dates))}。带子的宽度是客户数；"
            f"最后一期有 {moved:,} 位换群。",
            f"Each column is a snapshot: {', '.join(map(str, dates))}. The width of a band is its "
            f"customers; {moved:,} moved in the last interval.",
        ),
        data=[
            {
                "type": "sankey",
                "arrangement": "fixed",
                "node": {
                    "label": narrow,
                    "color": [charts.colour(_colour(marts, name)) for _, name in nodes],
                    "x": [min(max(place / (len(dates) - 1), 0.001), 0.999) for place, _ in nodes],
                    "y": [round(max(centres[node], 0.001), 4) for node in nodes],
                    "pad": GAP * (HEIGHT - 2 * MARGIN),
                    "thickness": 14,
                    "hoverinfo": "skip",
                    "line": {"width": 0},
                },
                "link": {
                    "source": [number[place - 1, source] for place, source, _, _ in links],
                    "target": [number[place, target] for place, _, target, _ in links],
                    "value": [row["customers"] for *_, row in links],
                    "color": [
                        charts.colour("line" if row["movement"] == "stayed" else "other")
                        for *_, row in links
                    ],
                    "hoverinfo": "skip",
                },
            }
        ],
        layout={"margin": {"l": 8, "r": 8, "t": MARGIN, "b": MARGIN}},
        table=Table(
            columns=(
                Text("从", "From"),
                Text("到", "To"),
                Text("原客群", "Segment before"),
                Text("现客群", "Segment now"),
                Text("客户", "Customers"),
                Text("客户自身变化", "Customer changed"),
                Text("模型更新", "Model changed"),
            ),
            rows=tuple(
                (
                    as_said(str(row["from_date"])),
                    as_said(str(row["to_date"])),
                    _named(row, "from_", NEW),
                    _named(row, "to_", GONE),
                    as_said(count(row["customers"])),
                    as_said(count(row["moved_by_customer"])),
                    as_said(count(row["moved_by_model"])),
                )
                for *_, row in links
            ),
            numeric=(False, False, False, False, True, True, True),
        ),
        height=HEIGHT,
    )


def _order(name: str) -> tuple[bool, str]:
    """Sort segments by id, new and gone customers last."""
    return name in _NAMES, name


def _short(name: Text | None, segment_id: str) -> Figure:
    return charts.label(name or _NAMES[segment_id], 26, 1)


def _named(row: Row, side: str, nobody: str) -> Said:
    """Name the segment whose columns begin so."""
    segment_id = row[f"{side}segment_id"]
    if segment_id is None:
        return as_said(_NAMES[nobody])
    return as_said(
        Text(
            f"{segment_id} {isolate(row[f'{side}name_zh'])}",
            f"{segment_id} {isolate(row[f'{side}name_en'])}",
        )
    )


def _growth_chart(marts: Marts) -> Chart:
    history = marts.history
    now = _names_at(history, history.dates[-1])
    rows = [row for row in now.values() if row["growth"] is not None]
    rows.sort(key=lambda row: (-row["growth"], row["segment_id"]))
    places = list(range(len(rows)))
    reach = max([abs(row["growth"]) for row in rows], default=0.1) * 1.5 + 0.02
    born = [row for row in now.values() if row["growth"] is None]
    grown, shrunk = rows[0] if rows else None, rows[-1] if rows else None
    parts = []
    if grown is not None and grown["growth"] > 0:
        parts.append(
            say(
                "{segment} 增长最多（{growth}）",
                "{segment} grew most ({growth})",
                segment=same(grown["segment_id"]),
                growth=_change(grown["growth"]),
            )
        )
    if shrunk is not None and shrunk["growth"] < 0:
        parts.append(
            say(
                "{segment} 缩小最多（{growth}）",
                "{segment} shrank most ({growth})",
                segment=same(shrunk["segment_id"]),
                growth=_change(shrunk["growth"]),
            )
        )
    if born:
        parts.append(
            say(
                "{segments} 是新的",
                "{segments} is new" if len(born) == 1 else "{segments} are new",
                segments=join([same(row["segment_id"]) for row in born]),
            )
        )
    title = (
        join(parts, "，", ", ")
        if parts
        else as_said(Text("各群大小不变", "No segment changed in size"))
    )
    about = marts.attributes.get(marts.final.about["value_attribute"], {})
    return Chart(
        id="growth",
        title=title,
        note=Text(
            "条形：客户数比上一个快照增减多少。小字：上期与本期的客户数。",
            "Bars: change in customers since the snapshot before. Small print: customers then and "
            "now.",
        ),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": [round(row["growth"], 5) for row in rows],
                "text": [charts.both(_change(row["growth"])) for row in rows],
                "textposition": "outside",
                "cliponaxis": False,
                "hoverinfo": "skip",
                "marker": {
                    "color": [charts.colour(_colour(marts, row["segment_id"])) for row in rows]
                },
                "width": 0.5,
            }
        ],
        layout={
            "xaxis": {"range": [-reach, reach], "zeroline": True, "tickformat": "+.0%"},
            "yaxis": charts.named_axis(
                places,
                [
                    charts.lines_of(
                        charts.label(charts.segment_name(row), 28, 2),
                        charts.both(same(f"{row['previous_customers']:,} → {row['customers']:,}")),
                    )
                    for row in rows
                ],
            ),
        },
        table=Table(
            columns=(
                Text("快照", "Snapshot"),
                Text("客群", "Segment"),
                Text("客户", "Customers"),
                Text("占客户", "Of customers"),
                Text("合计", "Total"),
                Text("占比", "Share of total"),
                Text("留存率", "Retention"),
            ),
            rows=tuple(
                (
                    as_said(str(row["as_of_date"])),
                    as_said(charts.segment_name(row)),
                    as_said(count(row["customers"])),
                    as_said(percent(row["customer_share"])),
                    as_said(quantity(row["segment_value"], about.get("unit"))),
                    as_said(percent(row["spend_share"])),
                    as_said(_share(row["retention_rate"])),
                )
                for row in history.trends
            ),
            numeric=(False, False, True, True, True, True, True),
        ),
        height=90 + 56 * max(len(rows), 1),
    )


def _change(growth: float) -> Text:
    return same(f"{signed(100 * growth, 1).zh}%")


def _share(value: float | None) -> Text:
    return same("—") if value is None else percent(value)


def _retention(flows: Sequence[Row]) -> Table:
    """Give for each segment before where its customers are now, in per cent and numbers."""
    sources = sorted({row["from_segment_id"] for row in flows if row["from_segment_id"]})
    targets = sorted({row["to_segment_id"] for row in flows if row["to_segment_id"]})
    cell = {(row["from_segment_id"], row["to_segment_id"]): row for row in flows}
    named = {row["from_segment_id"]: row for row in flows if row["from_segment_id"]}

    def shown(source: str | None, target: str | None) -> Said:
        row = cell.get((source, target))
        if row is None:
            return as_said("—")
        if source is None:
            return as_said(count(row["customers"]))
        return say(
            "{share}（{number}）",
            "{share} ({number})",
            share=percent(row["transition_probability"]),
            number=count(row["customers"]),
        )

    return Table(
        columns=(
            Text("上期客群", "Segment before"),
            *(same(target) for target in targets),
            _NAMES[GONE],
        ),
        rows=(
            *(
                (
                    _named(named[source], "from_", NEW),
                    *(shown(source, target) for target in targets),
                    shown(source, None),
                )
                for source in sources
            ),
            (
                as_said(_NAMES[NEW]),
                *(shown(None, target) for target in targets),
                as_said("—"),
            ),
        ),
        numeric=(False, *(True for _ in targets), True),
    )


def _lineage(history: History) -> Table | None:
    """Tell what became of the segments: at the last refit of all, before of those that changed."""
    rows = [row for row in history.lineage if row["as_of_date"] != history.dates[0]]
    last = max((row["as_of_date"] for row in rows), default=None)
    rows = [row for row in rows if row["event"] != "survived" or row["as_of_date"] == last]
    if not rows:
        return None
    return Table(
        columns=(
            Text("快照", "Snapshot"),
            Text("客群", "Segment"),
            Text("变化", "What became of it"),
            Text("上期客户", "Customers before"),
            Text("本期客户", "Customers now"),
            Text("两期都在其中", "In it both times"),
        ),
        rows=tuple(
            (
                as_said(str(row["as_of_date"])),
                _named(row, "" if row["event"] in _OF_NEW else "from_", GONE),
                say(
                    *_EVENTS[row["event"]],
                    source=same(row["from_segment_id"] or ""),
                    into=same(row["segment_id"] or ""),
                ),
                as_said(_number(row["from_customers"])),
                as_said(_number(row["customers"])),
                as_said(_number(row["common_customers"])),
            )
            for row in rows
        ),
        numeric=(False, False, False, True, True, True),
    )


def _number(value: int | None) -> Text:
    return same("—") if value is None else count(value)


def _changes(history: History, flows: Sequence[Row]) -> list[Said]:
    """Say of the largest flows what has changed most for those who moved."""
    largest = sorted(
        (row for row in flows if row["movement"] == "moved"),
        key=lambda row: (-row["customers"], row["from_segment_id"], row["to_segment_id"]),
    )
    found = []
    for flow in largest[:MOST_FLOWS]:
        own = [
            row
            for row in history.changes
            if row["from_segment_id"] == flow["from_segment_id"]
            and row["to_segment_id"] == flow["to_segment_id"]
            and row["change_rank"] <= MOST_CHANGES
            and abs(row["change"] - row["change_of_stayers"]) >= LEAST_CHANGE
        ]
        told = [one for one in map(_told, own) if one is not None]
        if flow["moved_by_model"] > flow["moved_by_customer"]:
            found.append(
                say(
                    "{source} → {target}，{number} 位：多数是模型更新造成的，按旧模型他们会留下。",
                    "{source} → {target}, {number} customers: mostly the new model's doing; by the "
                    "old one they would have stayed.",
                    source=_named(flow, "from_", NEW),
                    target=_named(flow, "to_", GONE),
                    number=count(flow["customers"]),
                )
            )
        elif told:
            found.append(
                say(
                    "{source} → {target}，{number} 位：{changes}。",
                    "{source} → {target}, {number} customers: {changes}.",
                    source=_named(flow, "from_", NEW),
                    target=_named(flow, "to_", GONE),
                    number=count(flow["customers"]),
                    changes=join(told, "；", "; "),
                )
            )
    return found


def _told(row: Row) -> Said | None:
    """Tell a change; nothing where what is typical has not changed."""
    name = Text(isolate(row["attribute_zh"]), isolate(row["attribute_en"]))
    if row["level_before"] is not None:
        if row["level_before"] == row["level_after"]:
            return None
        before, after = as_said(isolate(row["level_before"])), as_said(isolate(row["level_after"]))
        return say(
            "{name}多由 {before} 变为 {after}",
            "{name} mostly from {before} to {after}",
            name=name,
            before=before,
            after=after,
        )
    if row["median_before"] == row["median_after"]:
        return None
    return say(
        "{name}中位数由 {before} 变为 {after}",
        "median {name} from {before} to {after}",
        name=Text(name.zh, within_sentence(name).en),
        before=quantity(row["median_before"], None),
        after=quantity(row["median_after"], None),
    )


def _drift(marts: Marts) -> Table | None:
    """Give the attributes that are not as the model knew them."""
    rows = [row for row in marts.history.drift if row["verdict"] not in ("stable", "absent")]
    rows += [
        row for row in marts.history.drift if row["verdict"] == "stable" and row["unseen_customers"]
    ]
    if not rows:
        return None
    return Table(
        columns=(
            Text("指标", "Attribute"),
            Text("PSI", "PSI"),
            Text("判断", "Verdict"),
            Text("模型没见过的取值", "Unseen level"),
            Text("怎么办", "What to do"),
        ),
        rows=tuple(
            (
                as_said(_label(marts, row["attribute"])),
                as_said(same("—" if row["psi"] is None else f"{row['psi']:.2f}")),
                as_said(Text(row["verdict_zh"], row["verdict"])),
                as_said(count(row["unseen_customers"])),
                as_said(Text(row["action_zh"], row["action_en"])),
            )
            for row in rows
        ),
        numeric=(False, True, False, True, False),
    )


def _label(marts: Marts, attribute: str) -> Text:
    about = marts.attributes.get(attribute)
    if about is None:
        return same(isolate(attribute))
    return Text(isolate(about["label_zh"]), isolate(about["label_en"]))


def _calls(marts: Marts, top: Row) -> Table | None:
    """List who left the segment, by what is lost."""
    about = marts.attributes.get(marts.final.about["value_attribute"], {})
    rows = [
        row
        for row in marts.history.departures
        if row["from_segment_id"] == top["segment_id"] and row["value_lost"] > 0
    ]
    if not rows:
        return None
    return Table(
        columns=(
            Text("客户", "Customer"),
            Text("上期", "Before"),
            Text("本期", "Now"),
            Text("现客群", "Segment now"),
            Text("原因", "Why"),
        ),
        rows=tuple(
            (
                as_said(isolate(row["customer_id"])),
                as_said(quantity(row["value_before"], about.get("unit"))),
                as_said(
                    same("—")
                    if row["reason"] == "left"
                    else quantity(row["value_after"], about.get("unit"))
                ),
                _named(row, "to_", GONE),
                as_said(_REASONS[row["reason"]]),
            )
            for row in rows[:MOST_CALLED]
        ),
        numeric=(False, True, True, False, False),
    )
