"""Who moved between the last two snapshots: sentences, tables and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmentation.report import flow_charts, words
from segmentation.report.charts import Chart, is_share
from segmentation.report.findings import (
    attribute_label,
    of_value,
    quoted,
    value_about,
    value_name,
    within_sentence,
)
from segmentation.report.flow_charts import LEFT, MOST_DATES, NEW, flow
from segmentation.report.formats import (
    Fact,
    Said,
    Table,
    Text,
    as_said,
    count,
    decimal,
    isolate,
    join,
    lower_first,
    percent,
    quantity,
    same,
    say,
    signed,
)
from segmentation.report.marts import MOST_CALLS, Marts, Row, by

MOST_LINE_DATES = 12
"""So many snapshots are drawn as a line."""

MOST_FLOWS = 5
MOST_CHANGES = 3
"""Of so many moves that many attributes are told."""

MOST_TIES = 2
"""More moves that are as frequent as the most frequent are not named."""

NOTEWORTHY_CHANGE = 0.2
"""A change, against those who stayed, that is worth a word: standard deviations, or a share."""

SETTLED = ("stable", "absent")
"""Verdicts on drift of which nothing follows."""

_EVENT_ORDER = ("split", "born", "absorbed", "retired", "survived")


@dataclass(frozen=True)
class Migration:
    """What is shown of the moves between snapshots."""

    finding: Said
    alluvial: Chart
    kept: list[Chart]
    growth: list[Chart]
    lineage: list[Said]
    changes: list[Said]
    calls_finding: Said
    calls: Table | None
    drift_finding: Said
    drift: Table | None
    advice: Said | None

    @property
    def charts(self) -> list[Chart]:
        """Give all charts."""
        return [self.alluvial, *self.kept, *self.growth]


def migration_part(marts: Marts) -> Migration | None:
    """Put together what is shown of the moves; None where there is one snapshot only."""
    history = marts.history
    if len(history.dates) < 2:
        return None
    segments = known_segments(marts)
    last = last_moves(marts)
    dates = history.dates[-MOST_DATES:]
    drawn = [row for row in history.migrations if row["to_date"] in dates[1:]]
    return Migration(
        finding=who_moved(marts, last),
        alluvial=flow_charts.alluvial("flows", segments, dates, drawn, largest_flow(last)),
        kept=_kept(segments, last),
        growth=_growth(marts, segments),
        lineage=lineage(marts),
        changes=changes(marts, last),
        calls_finding=calls_finding(marts, last),
        calls=_calls_table(marts),
        drift_finding=drift_finding(marts),
        drift=_drift_table(marts),
        advice=advice(marts),
    )


def known_segments(marts: Marts) -> list[Row]:
    """Give the segments of the last snapshot, and after them those that are gone."""
    current = {row["segment_id"] for row in marts.final.segments}
    gone = {
        row["segment_id"]: row for row in marts.history.trends if row["segment_id"] not in current
    }
    return [*marts.final.segments, *(gone[name] for name in sorted(gone))]


def last_moves(marts: Marts) -> list[Row]:
    """Give the rows of rpt_segment_migrations up to the last snapshot."""
    return [row for row in marts.history.migrations if row["to_date"] == marts.history.dates[-1]]


def _customers(rows: Sequence[Row], *movements: str) -> int:
    return sum(row["customers"] for row in rows if row["movement"] in movements)


def who_moved(marts: Marts, last: Sequence[Row]) -> Said:
    """Say how many stayed, moved, left and came."""
    total = _customers(last, "stayed", "moved", LEFT)
    counts = {name: _customers(last, name) for name in ("stayed", "moved", LEFT, NEW)}
    said = say(
        "{before} 的 {total} 位客户，到 {after} 时：{stayed} 位（{stayed_share}）仍在原客群，"
        "{moved} 位（{moved_share}）换了客群，{left} 位（{left_share}）不在客户文件中了；"
        "另有 {entered} 位新客户。",
        "Of the {total} customers of {before}, by {after} {stayed} ({stayed_share}) are still in "
        "their segment, {moved} ({moved_share}) are in another, and {left} ({left_share}) are no "
        "longer in the customer file; {entered} customers are new.",
        before=str(marts.history.dates[-2]),
        after=str(marts.history.dates[-1]),
        total=count(total),
        **{name: Said(count(value), (Fact(name, value),)) for name, value in counts.items()},
        **{
            f"{name}_share": percent(counts[name] / max(total, 1))
            for name in ("stayed", "moved", LEFT)
        },
    )
    if not any(row["is_refit"] for row in last):
        kept = Text(
            "两期用的是同一个模型，所以换群都是客户自身的变化。",
            "Both snapshots have the same model, so whoever moved has changed.",
        )
        return join([said, kept], "", " ")
    refit = say(
        "本期重新拟合了模型：换群的客户中，{customer} 位是自身变化，"
        "{model} 位只因新模型的界线不同。",
        "The model was fitted anew: of those who moved, {customer} have changed, and {model} "
        "moved only because the new model draws its borders elsewhere.",
        customer=count(sum(row["moved_by_customer"] for row in last)),
        model=count(sum(row["moved_by_model"] for row in last)),
    )
    return join([said, refit], "", " ")


def largest_flow(last: Sequence[Row]) -> Said:
    """Say which move between two segments most customers made."""
    moved = [row for row in last if row["movement"] == "moved"]
    if not moved:
        return as_said(Text("没有客户换到别的客群", "No customer went from one segment to another"))
    most = max(row["customers"] for row in moved)
    top = [row for row in moved if row["customers"] == most]
    if len(top) > MOST_TIES:
        return say(
            "换群分散在 {n} 条路线上，每条最多 {most} 位客户",
            "Those who moved went {n} ways, at most {most} customer{s} each",
            n=str(len(moved)),
            most=count(most),
            s=_plural(most),
        )
    return say(
        "换群最多的是{ways}：{each}{n} 位客户",
        "The most frequent move{is_} from {ways}: {n} customer{s}{each}",
        ways=join(
            (
                say(
                    "从 {source} 到 {target}",
                    "{source} to {target}",
                    source=row["from_segment_id"],
                    target=row["to_segment_id"],
                )
                for row in top
            ),
            "、",
            " and from ",
        ),
        n=flow(top[0], most),
        s=_plural(most),
        is_=Text("", " is" if len(top) == 1 else "s are"),
        each=Text("", "") if len(top) == 1 else Text("各 ", " each"),
    )


def _plural(number: int) -> Text:
    return Text("", "" if number == 1 else "s")


def retention(last: Sequence[Row]) -> Said:
    """Say which segment keeps most of its customers, and which fewest."""
    now = {row["to_segment_id"] for row in last}
    before = {row["from_segment_id"] for row in last if row["from_segment_id"]}
    kept = {name: 0.0 for name in before if name in now}
    for row in last:
        if row["movement"] == "stayed":
            kept[row["from_segment_id"]] = row["transition_probability"]
    order = sorted(kept, key=lambda name: (kept[name], name))
    if not order:
        return as_said(Text("上期的客群都不再存在", "No segment of before is still there"))
    low, high = order[0], order[-1]
    gone = sorted(before - now)
    no_more = (
        say(
            "；{names} 不再存在",
            "; {names} {are} no more",
            names=join(gone),
            are=Text("", "is" if len(gone) == 1 else "are"),
        )
        if gone
        else as_said("")
    )

    def share(name: str) -> Said:
        return Said(percent(kept[name]), (Fact("retention", kept[name], name),))

    if kept[low] == kept[high]:
        return say(
            "各群都留住了 {share} 的客户{no_more}",
            "Every segment has kept {share} of its customers{no_more}",
            share=share(low),
            no_more=no_more,
        )
    return say(
        "{high} 留住的客户比例最高（{h}），{low} 最低（{l}）{no_more}",
        "{high} has kept the largest share of its customers ({h}), {low} the smallest ({l})"
        "{no_more}",
        no_more=no_more,
        high=high,
        low=low,
        h=share(high),
        l=share(low),
    )


def _kept(segments: Sequence[Row], last: Sequence[Row]) -> list[Chart]:
    drawn = [flow_charts.matrix("retention", segments, last, retention(last))]
    if _customers(last, "moved", LEFT):
        drawn.append(flow_charts.causes("causes", last, why_left(last)))
    return drawn


def why_left(last: Sequence[Row]) -> Said:
    """Say how many left their segment, and why."""
    parts = (
        (
            sum(row["moved_by_customer"] for row in last),
            "{n} 位自身变化",
            "{n} changed",
        ),
        (
            sum(row["moved_by_model"] for row in last),
            "{n} 位只因模型更新",
            "{n} moved with the model only",
        ),
        (
            _customers(last, LEFT),
            "{n} 位不在客户文件中了",
            "{n} are no longer in the customer file",
        ),
    )
    return say(
        "{total} 位客户离开了原客群：{parts}",
        "{total} customer{s} left their segment: {parts}",
        total=count(_customers(last, "moved", LEFT)),
        s=_plural(_customers(last, "moved", LEFT)),
        parts=join((say(zh, en, n=count(number)) for number, zh, en in parts if number), "，"),
    )


def value_growth(marts: Marts, row: Row) -> float | None:
    """Give by how much the value of a segment has grown since the snapshot before, as a share."""
    dates = marts.history.dates
    place = dates.index(row["as_of_date"])
    before = next(
        (
            one["segment_value"]
            for one in marts.history.trends
            if place
            and one["as_of_date"] == dates[place - 1]
            and one["segment_id"] == row["segment_id"]
        ),
        0,
    )
    return row["segment_value"] / before - 1 if before else None


def _growth(marts: Marts, segments: Sequence[Row]) -> list[Chart]:
    """Draw the number of customers and the value of every segment over the snapshots."""
    history = marts.history
    dates = history.dates[-MOST_LINE_DATES:]
    trends = [row for row in history.trends if row["as_of_date"] in dates]
    value = value_name(marts)
    table = trends_table(marts, trends)
    now = [row for row in trends if row["as_of_date"] == dates[-1] and row["customers"]]
    first = Text(
        f"{dates[0]}（或该群出现时）为 100，数字为 {dates[-1]} 的指数。",
        f"{dates[0]} (or when the segment appeared) is 100; the numbers are those of {dates[-1]}.",
    )

    def drawn(chart_id: str, column: str, title: Said, of: Text) -> Chart:
        values: dict[str, dict[Any, float]] = {}
        for row in (row for row in trends if row["customers"]):
            values.setdefault(row["segment_id"], {})[row["as_of_date"]] = row[column]
        note = Text(f"{of.zh}：{first.zh}", f"{of.en}: {first.en}")
        return flow_charts.growth_lines(chart_id, segments, dates, values, title, note, table)

    return [
        drawn(
            "trend-customers",
            "customers",
            growth_finding(
                {row["segment_id"]: row["growth"] for row in now if row["growth"] is not None},
                Text("客户数", "customers"),
            ),
            Text("客户数", "Customers"),
        ),
        drawn(
            "trend-value",
            "segment_value",
            growth_finding(
                {
                    row["segment_id"]: grown
                    for row in now
                    if (grown := value_growth(marts, row)) is not None
                },
                of_value(marts, Text("{}合计", "{}")),
            ),
            Text(f"{value.zh}合计", f"Sum of {within_sentence(value).en}"),
        ),
    ]


def growth_finding(growth: dict[str, float], of: Text) -> Said:
    """Say which segment has grown most since the snapshot before, and which has shrunk most."""
    order = sorted(growth, key=lambda name: (growth[name], name))
    if not order:
        return say("{of}：没有可比的客群", "{of}: no segment to compare", of=of)
    low, high = order[0], order[-1]

    def change(name: str) -> Text:
        return same(f"{signed(100 * growth[name], 1).zh}%")

    if growth[low] == growth[high] == 0:
        return say("{of}：各群没有变化", "No segment has changed in {of}", of=of)
    if growth[low] >= 0:
        return say(
            "{of}：{high} 增长最多（{h}），没有客群缩小",
            "{high} has grown most in {of} ({h}); no segment has shrunk",
            of=of,
            high=high,
            h=change(high),
        )
    if growth[high] <= 0:
        return say(
            "{of}：{low} 缩小最多（{l}），没有客群增长",
            "{low} has shrunk most in {of} ({l}); no segment has grown",
            of=of,
            low=low,
            l=change(low),
        )
    return say(
        "{of}：{high} 增长最多（{h}），{low} 缩小最多（{l}）",
        "{high} has grown most in {of} ({h}), {low} has shrunk most ({l})",
        of=of,
        high=high,
        low=low,
        h=change(high),
        l=change(low),
    )


def amount(marts: Marts, value: float | None) -> Text:
    """Write a sum of the value attribute."""
    return quantity(value, value_about(marts).get("unit"))


def newest_first(trends: Sequence[Row]) -> list[Row]:
    """Sort rows of rpt_segment_trends: the last snapshot first, its segments by id."""
    return sorted(trends, key=lambda row: (-row["as_of_date"].toordinal(), row["segment_id"]))


def trends_table(marts: Marts, trends: Sequence[Row]) -> Table:
    """List how large every segment was at every snapshot, the last one first."""
    value = value_name(marts)

    def number(value: int | None) -> Said:
        return as_said("—" if value is None else count(value))

    def share(value: float | None) -> Said:
        return as_said("—" if value is None else f"{signed(100 * value, 1).zh}%")

    return Table(
        columns=(
            Text("客群", "Segment"),
            Text("日期", "At"),
            Text("客户数", "Customers"),
            Text("比上期", "Against before"),
            Text("留下", "Stayed"),
            Text("转入", "Moved in"),
            Text("新来", "New"),
            Text("转出", "Moved out"),
            Text("离开", "Left"),
            Text("留存率", "Kept"),
            value,
            Text("比上期", "Against before"),
        ),
        rows=tuple(
            (
                as_said(quoted(row)),
                as_said(str(row["as_of_date"])),
                as_said(count(row["customers"])),
                share(row["growth"]),
                *(
                    number(row[name])
                    for name in ("stayed", "moved_in", "entered", "moved_out", "customers_left")
                ),
                as_said("—" if row["retention_rate"] is None else percent(row["retention_rate"])),
                as_said(amount(marts, row["segment_value"])),
                share(value_growth(marts, row)),
            )
            for row in newest_first(trends)
        ),
        numeric=(False, False, *(True for _ in range(10))),
    )


def _named(row: Row, side: str = "") -> Text:
    """Name a segment of a row of rpt_segment_lineage: that of now, or with ``from_`` before."""
    return quoted(
        {
            "segment_id": row[f"{side}segment_id"],
            "name_zh": row[f"{side}name_zh"],
            "name_en": row[f"{side}name_en"],
        }
    )


_EVENTS = {
    "survived": Text(
        "{now}延续：上期客户中还在客户文件里的，{share} 仍在其中；"
        "现有 {customers} 位，上期 {before} 位。",
        "{now} lives on: of its customers of then who are still in the customer file, {share} are "
        "in it; it has {customers} customers now, {before} then.",
    ),
    "split": Text(
        "{now}由{then}拆分而来：它的 {customers} 位客户中，{common} 位（{of_now}）来自后者。",
        "{now} has split off from {then}: {common} of its {customers} customers ({of_now}) were "
        "there.",
    ),
    "born": Text(
        "{now}是新的客群，有 {customers} 位客户；其中来自任何一个旧客群的都不到一半。",
        "{now} is new, with {customers} customers; no segment of before makes up half of it.",
    ),
    "absorbed": Text(
        "{then}并入{now}：上期客户中还在客户文件里的，{common} 位（{share}）现在后者。",
        "{then} has become part of {now}: of its customers who are still in the customer file, "
        "{common} ({share}) are there now.",
    ),
    "retired": Text(
        "{then}不再存在：它的 {before} 位客户分散开了；还在客户文件里的，"
        "没有一个客群接收了其中一半。",
        "{then} is no more: its {before} customers went several ways; no segment has half of those "
        "who are still in the customer file.",
    ),
}


def lineage(marts: Marts) -> list[Said]:
    """Say what became of the segments at the last snapshot."""
    rows = [
        row
        for row in marts.history.lineage
        if row["as_of_date"] == marts.history.dates[-1] and row["previous_as_of_date"] is not None
    ]
    if not rows:
        return [
            as_said(
                Text(
                    "本期没有重新拟合模型，客群与上期相同。",
                    "The model was not fitted anew, so the segments are those of before.",
                )
            )
        ]
    rows.sort(key=lambda row: _EVENT_ORDER.index(row["event"]))
    found = [_event(row) for row in rows]
    for column, zh, en in (
        ("inputs_added", "新模型多用了这些指标：{names}。", "The new model uses more: {names}."),
        ("inputs_removed", "新模型不再用这些指标：{names}。", "It no longer uses: {names}."),
    ):
        if rows[0][column]:
            names = [
                within_sentence(attribute_label(marts, name))
                for name in rows[0][column].split(", ")
            ]
            found.append(say(zh, en, names=join(names)))
    return found


def _event(row: Row) -> Said:
    text = _EVENTS[row["event"]]
    parts: dict[str, Said | Text | str] = {
        name: count(row[column] or 0)
        for name, column in (
            ("customers", "customers"),
            ("before", "from_customers"),
            ("common", "common_customers"),
        )
    }
    parts |= {
        name: percent(row[column] or 0)
        for name, column in (("share", "share_of_previous"), ("of_now", "share_of_segment"))
    }
    if row["segment_id"]:
        parts["now"] = _named(row)
    if row["from_segment_id"]:
        parts["then"] = _named(row, "from_")
    said = say(text.zh, text.en, **parts)
    if row["event"] != "survived" or row["name_zh"] == row["from_name_zh"]:
        return said
    renamed = say("它上期叫{then}。", "It was called {then}.", then=_named(row, "from_"))
    return join([said, renamed], "", " ")


def changes(marts: Marts, last: Sequence[Row]) -> list[Said]:
    """Say what has changed for the customers who made the most frequent moves."""
    rows = by(
        [
            {**row, "flow": (row["from_segment_id"], row["to_segment_id"])}
            for row in marts.history.changes
        ],
        "flow",
    )
    moved = [row for row in last if row["movement"] == "moved" and row["moved_by_customer"]]
    moved.sort(
        key=lambda row: (-row["moved_by_customer"], row["from_segment_id"], row["to_segment_id"])
    )
    found = []
    for row in moved[:MOST_FLOWS]:
        own = [
            change
            for change in rows.get((row["from_segment_id"], row["to_segment_id"]), [])
            if change["change"] is not None
            and abs(change["change"] - change["change_of_stayers"]) >= NOTEWORTHY_CHANGE
        ]
        if own:
            found.append(
                say(
                    "{source} → {target}（{n} 位）：{parts}。",
                    "{source} → {target} ({n} customer{s}): {parts}.",
                    source=row["from_segment_id"],
                    target=row["to_segment_id"],
                    n=flow(row, row["customers"]),
                    s=_plural(row["customers"]),
                    parts=join((_change(marts, one) for one in own[:MOST_CHANGES]), "；", "; "),
                )
            )
    return found


def _change(marts: Marts, row: Row) -> Said:
    """Say how an attribute has changed for those who moved."""
    name = Text(isolate(row["attribute_zh"]), isolate(lower_first(row["attribute_en"])))
    if row["level_after"] is not None:
        return say(
            "{name}：{share} 的客户变了，最常见的从「{before}」到「{after}」"
            if row["level_before"] != row["level_after"]
            else "{name}：{share} 的客户变了，最常见的仍是「{after}」",
            "{name} is another for {share}, the most frequent from “{before}” to “{after}”"
            if row["level_before"] != row["level_after"]
            else "{name} is another for {share}, the most frequent still “{after}”",
            name=name,
            share=percent(row["change"], 0),
            before=_level(marts, row["attribute"], row["level_before"]),
            after=_level(marts, row["attribute"], row["level_after"]),
        )
    about = marts.attributes.get(row["attribute"], {})
    share = is_share(marts.attributes, row["attribute"])
    before, after = (
        quantity(row[column], about.get("unit"), is_share=share)
        for column in ("median_before", "median_after")
    )
    if before == after:
        return say(
            "{name}平均{way} {sd} 个标准差",
            "{name} {way} by {sd} standard deviations on average",
            name=name,
            way=Text("上升", "up") if row["change"] > 0 else Text("下降", "down"),
            sd=decimal(abs(row["change"]), 1),
        )
    return say(
        "{name}中位数从 {before} 到 {after}",
        "median {name} from {before} to {after}",
        name=name,
        before=before,
        after=after,
    )


def _level(marts: Marts, attribute: str, level: str) -> Text:
    for row in marts.final.mix:
        if row["attribute"] == attribute and row["level"] == level:
            return Text(isolate(row["level_zh"]), isolate(row["level_en"]))
    return Text("未知", "unknown") if level == "unknown" else same(isolate(level))


def left_top(marts: Marts, last: Sequence[Row]) -> Said:
    """Say how many have left the segment that brought most, and what they bring less."""
    history = marts.history
    if history.top is None:
        return as_said(Text("上期没有客群。", "There was no segment before."))
    name = history.top["segment_id"]
    gone = _customers([row for row in last if row["from_segment_id"] == name], "moved", LEFT)
    value = within_sentence(value_name(marts))
    about = say(
        "{name}是 {date} {value}最多的客群。",
        "{name} was the segment with the most {value} on {date}.",
        name=quoted(history.top),
        value=value,
        date=str(history.dates[-2]),
    )
    if not gone:
        return join([about, Text("此后没有客户离开它。", "Nobody has left it since.")], "", " ")
    left = say(
        "此后 {n} 位客户离开了它，{fewer}。",
        "{n} customer{s} left it since, {fewer}.",
        n=Said(count(gone), (Fact("gone", gone, name),)),
        s=Text("", " has" if gone == 1 else "s have"),
        fewer=say(
            "其中 {n} 位的{value}比当时少，合计少 {lost}",
            "{n} of them with less {value} than before, together {lost} less",
            n=Said(count(history.all_calls), (Fact("calls", history.all_calls, name),)),
            value=value,
            lost=amount(marts, history.value_lost),
        )
        if history.all_calls
        else say(
            "但没有一位的{value}变少", "but none of them with less {value} than before", value=value
        ),
    )
    return join([about, left], "", " ")


def calls_finding(marts: Marts, last: Sequence[Row]) -> Said:
    """Say who is in the list of whom to call."""
    if not marts.history.all_calls:
        return left_top(marts, last)
    shown = say(
        "下表按减少的多少排列{first}；离开各群的全部客户在工作簿的“联系名单 Call list”表中。",
        "The list has those who lost most first{first}; all who left any segment are in the "
        "workbook, on the sheet “联系名单 Call list”.",
        first=Text(f"，列出前 {MOST_CALLS} 位", f", the first {MOST_CALLS} of them")
        if marts.history.all_calls > MOST_CALLS
        else Text("", ""),
    )
    return join([left_top(marts, last), shown], "", " ")


def where_now(row: Row) -> Text:
    """Say where a customer of rpt_segment_departures is now."""
    if row["to_segment_id"] is None:
        return Text("—", "—")
    return quoted(
        {
            "segment_id": row["to_segment_id"],
            "name_zh": row["to_name_zh"],
            "name_en": row["to_name_en"],
        }
    )


def _calls_table(marts: Marts) -> Table | None:
    history = marts.history
    if not history.calls:
        return None
    value = value_name(marts)
    before, after = history.dates[-2:]
    return Table(
        columns=(
            Text("客户", "Customer"),
            Text("减少", "Less by"),
            Text(f"{value.zh}（{before}）", f"{value.en} ({before})"),
            Text(f"{value.zh}（{after}）", f"{value.en} ({after})"),
            Text("现在的客群", "Segment now"),
            Text("原因", "Why"),
        ),
        rows=tuple(
            (
                as_said(isolate(row["customer_id"])),
                as_said(amount(marts, row["value_lost"])),
                as_said(amount(marts, row["value_before"])),
                as_said(amount(marts, row["value_after"] if row["reason"] != LEFT else None)),
                as_said(where_now(row)),
                as_said(words.name_of(words.MOVED_BY, row["reason"])),
            )
            for row in history.calls
        ),
        numeric=(False, True, True, True, False, False),
    )


def drift_finding(marts: Marts) -> Said:
    """Say how many attributes are not distributed as they were when the model was fitted."""
    known = [row for row in marts.history.drift if row["verdict"] != "absent"]
    moved = [row for row in known if row["verdict"] not in SETTLED]
    inputs = sum(row["is_model_input"] for row in moved)
    if not moved:
        return say(
            "全部 {n} 个指标的分布都与上期所用模型拟合时相近（PSI 低于 0.1）。",
            "All {n} attributes are distributed as they were when the model in use before was "
            "fitted (PSI below 0.1).",
            n=str(len(known)),
        )
    return say(
        "{all} 个指标中，{n} 个的分布与上期所用模型拟合时不同，其中 {inputs} 个参与分群。",
        "{n} of {all} attributes are not distributed as they were when the model in use before "
        "was fitted; {inputs} of these {is} clustered on.",
        n=str(len(moved)),
        all=str(len(known)),
        inputs=str(inputs),
        **{"is": Text("", "is" if inputs == 1 else "are")},
    )


def _drift_table(marts: Marts) -> Table | None:
    rows = [
        row
        for row in marts.history.drift
        if row["verdict"] not in SETTLED or row["unseen_customers"]
    ]
    if not rows:
        return None
    yes, no = Text("是", "yes"), Text("否", "no")

    def share(value: float | None) -> Said:
        return as_said("—" if value is None else percent(value))

    return Table(
        columns=(
            Text("指标", "Attribute"),
            Text("结论", "Verdict"),
            Text("PSI", "PSI"),
            Text("参与分群", "Clustered on"),
            Text("拟合时未知", "Unknown at the fit"),
            Text("现在未知", "Unknown now"),
            Text("取值从未见过的客户", "Customers with a level never seen"),
            Text("怎么办", "What to do"),
        ),
        rows=tuple(
            (
                as_said(Text(row["attribute_zh"], row["attribute_en"])),
                as_said(Text(row["verdict_zh"], row["verdict_en"])),
                as_said("—" if row["psi"] is None else decimal(row["psi"])),
                as_said(yes if row["is_model_input"] else no),
                share(row["training_unknown_share"]),
                share(row["unknown_share"]),
                as_said(count(row["unseen_customers"])),
                as_said(Text(row["action_zh"], row["action_en"])),
            )
            for row in rows
        ),
        numeric=(False, False, True, False, True, True, True, False),
    )


def advice(marts: Marts) -> Said | None:
    """Say whether to keep the model, and why."""
    row = marts.history.advice
    if row is None:
        return None
    return say(
        "建议：{advice}。{reason}",
        "Advice: {advice}. {reason}",
        advice=Text(row["advice_zh"], row["advice_en"]),
        reason=Text(row["reason_zh"], row["reason_en"]),
    )
