"""Sentences that say what the numbers mean, built from the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from segmentation.report import words
from segmentation.report.charts import (
    attribute_name,
    level_name,
    row_quantity,
)
from segmentation.report.formats import (
    Fact,
    Said,
    Text,
    as_said,
    count,
    decimal,
    digits,
    isolate,
    join,
    lower_first,
    percent,
    same,
    say,
)
from segmentation.report.marts import Marts, Row, by

NOTEWORTHY_SHARE = 0.05
"""A level that fewer of a segment have is not worth a title."""

NOTEWORTHY_EFFECT = 0.2
"""A smaller effect is not worth a word."""

GATE = 0.05
"""Adjusted p-value up to which a level counts as typical."""


def customers_of(segment: Row) -> Said:
    """Give the number of customers of a segment."""
    value = segment["customers"]
    return Said(count(value), (Fact("customers", value, segment["segment_id"]),))


def share_of(segment: Row) -> Said:
    """Give the share of all customers."""
    value = segment["customer_share"]
    return Said(percent(value), (Fact("customer_share", value, segment["segment_id"]),))


def spend_of(segment: Row) -> Said:
    """Give the share of the value of all."""
    value = segment["spend_share"]
    return Said(percent(value), (Fact("spend_share", value, segment["segment_id"]),))


def quoted(segment: Row) -> Text:
    """Give id and name of a segment for a sentence."""
    return Text(
        f"{segment['segment_id']}「{isolate(segment['name_zh'])}」",
        f"{segment['segment_id']} “{isolate(segment['name_en'])}”",
    )


def value_name(marts: Marts) -> Text:
    """Give the label of the attribute whose sum is the business."""
    name = marts.final.about["value_attribute"]
    about = marts.attributes.get(name)
    return (
        same(isolate(name))
        if about is None
        else Text(isolate(about["label_zh"]), isolate(about["label_en"]))
    )


def answer(marts: Marts) -> Said:
    """Say how many segments there are and which one carries the business."""
    segments = marts.final.segments
    top = max(segments, key=lambda row: (row["spend_share"], row["segment_id"]))
    total = marts.final.about["customers"]
    return say(
        "{n} 位客户分为 {k} 群：{name}以 {share} 的客户贡献了 {spend} 的{value}",
        "{n} customers fall into {k} segments; {name}, {share} of them, bring {spend} of “{value}”",
        n=Said(count(total), (Fact("customers", total),)),
        k=str(len(segments)),
        name=quoted(top),
        share=share_of(top),
        spend=spend_of(top),
        value=_within_sentence(value_name(marts)),
    )


def _within_sentence(name: Text) -> Text:
    return Text(name.zh, isolate(lower_first(name.en.strip("\u2068\u2069"))))


def trust(marts: Marts) -> Said:
    """Say how surely the segments come back, and how many customers are in between."""
    segments = marts.final.segments
    weakest = min(segments, key=lambda row: (row["jaccard"], row["segment_id"]))
    between = sum(marts.borderline.values())
    total = marts.final.about["customers"]
    return say(
        "重新抽样再聚类，最不稳定的 {id} 也能找回 {jaccard}（{stability}）；"
        "{share} 的客户处在两群之间。",
        "Drawn and clustered again, even the least stable segment, {id}, is found again to "
        "{jaccard} ({stability}); {share} of the customers stand between two segments.",
        id=weakest["segment_id"],
        jaccard=percent(weakest["jaccard"], 0),
        stability=words.name_of(words.STABILITY, weakest["stability"]),
        share=Said(
            percent(between / max(total, 1)), (Fact("borderline_share", between / max(total, 1)),)
        ),
    )


def warnings(marts: Marts) -> list[Said]:
    """Say what the reader must know before relying on the segments."""
    found: list[Said] = []
    decision, about = marts.decision, marts.final.about
    if decision is None:
        found.append(
            say(
                "没有关于群数的决定 (rpt_k_decision 为空)；以下展示的是 {id}。",
                "There is no decision on the number of segments (rpt_k_decision is empty); shown "
                "is {id}.",
                id=about["segmentation_id"],
            )
        )
    else:
        if decision["is_override"]:
            found.append(
                say(
                    "K={k} 由人工指定（双肘法的结果是 K={computed}）。理由：{reason}",
                    "K = {k} was decided by a person (the double elbow says K = {computed}). "
                    "Reason: {reason}",
                    k=str(decision["k"]),
                    computed=str(decision["computed_k"]),
                    reason=isolate(decision["override_reason"] or "—"),
                )
            )
        if decision["support"] != "supported":
            found.append(
                as_said(
                    Text(
                        "数据是否支持分群存疑，请先看“为什么是这个 K”。",
                        "It is doubtful whether the data support segments at all; read “Why this "
                        "K” first.",
                    )
                )
            )
    if not about["is_supported"]:
        found.append(
            say(
                "这一分群的证据不足：{zh_en}",
                "This segmentation is not well supported: {zh_en}",
                zh_en=Text(about["unsupported_zh"] or "—", about["unsupported_en"] or "—"),
            )
        )
    doubtful = [row for row in marts.final.segments if row["stability"] not in words.TRUSTED]
    if doubtful:
        found.append(
            say(
                "稳定性不足的客群：{names}",
                "Segments that are not stable: {names}",
                names=join(
                    say(
                        "{name}（{stability}，{jaccard}）",
                        "{name} ({stability}, {jaccard})",
                        name=row["segment_id"],
                        stability=words.name_of(words.STABILITY, row["stability"]),
                        jaccard=percent(row["jaccard"], 0),
                    )
                    for row in doubtful
                ),
            )
        )
    provisional = [row["segment_id"] for row in marts.final.segments if row["is_provisional"]]
    if provisional:
        found.append(
            say(
                "名称为暂定，待业务团队确认：{ids}",
                "Names are provisional until the business team confirms them: {ids}",
                ids=join(provisional),
            )
        )
    return found


def most_striking(rows: Sequence[Row]) -> Said:
    """Say on which attributes a segment is farthest from everyone."""
    known = [row for row in rows if row["effect_size_transformed"] is not None]
    top = sorted(known, key=lambda row: (-abs(row["effect_size_transformed"]), row["attribute"]))
    if not top:
        return as_said(Text("与全体的差异", "How it differs from everyone"))

    def one(row: Row) -> Said:
        effect = row["effect_size_transformed"]
        return say(
            "{attribute}{side}全体 {effect} 个标准差",
            "{attribute} ({effect} sd {side} everyone)",
            attribute=attribute_name(row),
            side=Text("高于", "above") if effect > 0 else Text("低于", "below"),
            effect=decimal(abs(effect)),
        )

    return say(
        "最突出：{parts}", "Stands out by {parts}", parts=join(map(one, top[:2]), "；", " and ")
    )


def in_short(rows: Sequence[Row]) -> Said:
    """Say in a few words on which attributes a segment is high or low."""
    known = [row for row in rows if abs(row["effect_size_transformed"] or 0) >= NOTEWORTHY_EFFECT]
    top = sorted(known, key=lambda row: (-abs(row["effect_size_transformed"]), row["attribute"]))
    if not top:
        return as_said(Text("与全体相近", "much like everyone"))
    return join(
        Text(
            f"{attribute_name(row).zh}{'高' if row['effect_size_transformed'] > 0 else '低'}",
            f"{attribute_name(row).en} {'high' if row['effect_size_transformed'] > 0 else 'low'}",
        )
        for row in top[:2]
    )


def strongest_axes(themes: Sequence[Row]) -> Said:
    """Say on which theme a segment is best and on which worst."""
    if not themes:
        return as_said(Text("能力五边形", "Pentagon of abilities"))
    order = sorted(themes, key=lambda row: (-row["score"], row["axis"]))
    best, worst = order[0], order[-1]
    return say(
        "强在{best}（{b} 分），弱在{worst}（{w} 分）",
        "Strongest in {best} ({b}), weakest in {worst} ({w})",
        best=_axis(best),
        worst=_axis(worst),
        b=decimal(best["score"], 0),
        w=decimal(worst["score"], 0),
    )


def _axis(row: Row) -> Text:
    name = words.name_of(words.THEMES, row["axis"])
    return Text(name.zh, name.en.lower())


def leaders(segments: Sequence[Row], themes: Sequence[Row]) -> Said:
    """Say which segment leads on the most axes."""
    best = {
        axis: max(rows, key=lambda row: (row["score"], row["segment_id"]))["segment_id"]
        for axis, rows in by(list(themes), "axis").items()
    }
    if not best:
        return as_said(Text("能力五边形", "Pentagon of abilities"))
    leads = {
        row["segment_id"]: [axis for axis, name in best.items() if name == row["segment_id"]]
        for row in segments
    }
    name = max(leads, key=lambda key: (len(leads[key]), key))
    return say(
        "{id} 在 {n} 个维度中的 {m} 个领先：{axes}",
        "{id} leads on {m} of {n} axes: {axes}",
        id=name,
        n=str(len(best)),
        m=str(len(leads[name])),
        axes=join(
            Text(words.name_of(words.THEMES, axis).zh, words.name_of(words.THEMES, axis).en.lower())
            for axis in words.THEMES
            if axis in leads[name]
        ),
    )


def widest_difference(kpis: Sequence[Row]) -> Said:
    """Say where in the heat map the strongest colour stands."""
    known = [row for row in kpis if row["effect_size_transformed"] is not None]
    if not known:
        return as_said(Text("各群与全体的差异", "How the segments differ from everyone"))
    row = max(known, key=lambda row: (abs(row["effect_size_transformed"]), row["attribute"]))
    effect = row["effect_size_transformed"]
    return say(
        "差别最大的是 {id} 的{attribute}：{side}全体 {effect} 个标准差",
        "The widest difference is {id} in {attribute}: {effect} standard deviations {side} "
        "everyone",
        id=row["segment_id"],
        attribute=attribute_name(row),
        side=Text("高于", "above") if effect > 0 else Text("低于", "below"),
        effect=decimal(abs(effect)),
    )


def highest_and_lowest(rows: Sequence[Row], attributes: dict[str, Row]) -> Said:
    """Say which segments have the highest and the lowest median of an attribute."""
    known = [row for row in rows if row["median"] is not None]
    name = attribute_name(rows[0])
    if not known:
        return as_said(name)
    order = sorted(known, key=lambda row: (row["median"], row["segment_id"]))
    low, high = order[0], order[-1]
    if low["median"] == high["median"]:
        return say(
            "{name}：各群中位数相同，{median}",
            "{name}: the same median everywhere, {median}",
            name=name,
            median=row_quantity(attributes, high)("median"),
        )
    ratio = high["median"] / low["median"] if low["median"] > 0 else 0
    times: Said | Text = (
        say("，是其 {x} 倍", ", {x} times as much", x=digits(ratio)) if ratio >= 2 else Text("", "")
    )
    return say(
        "{name}：中位数 {high} 最高，{h}；{low} 最低，{l}{times}",
        "{name}: medians from {l} ({low}) to {h} ({high}){times}",
        name=name,
        high=high["segment_id"],
        low=low["segment_id"],
        h=row_quantity(attributes, high)("median"),
        l=row_quantity(attributes, low)("median"),
        times=times,
    )


def typical_level(rows: Sequence[Row]) -> Row | None:
    """Find the level that is most typical of a segment against everyone; None where none is."""
    typical = [
        row
        for row in rows
        if not row["is_unknown"]
        and row["share_of_segment"] >= NOTEWORTHY_SHARE
        and row["lift"] is not None
        and row["lift"] > 1
        and row["p_adjusted"] is not None
        and row["p_adjusted"] <= GATE
    ]
    return max(
        typical,
        key=lambda row: (row["share_of_segment"] - row["share_overall"], row["level"]),
        default=None,
    )


def level_share(row: Row) -> Said:
    """Give the share of a level in a segment."""
    value = row["share_of_segment"]
    return Said(
        percent(value), (Fact("share", value, row["segment_id"], row["attribute"], row["level"]),)
    )


def typical_of_one(rows: Sequence[Row]) -> Said:
    """Say what is typical of a segment among the levels of an attribute."""
    row = typical_level(rows)
    name = attribute_name(rows[0])
    if row is None:
        return say("{name}：与全体相近", "{name}: much like everyone", name=name)
    return say(
        "{name}：「{level}」占 {share}，全体为 {all}",
        "{name}: “{level}” are {share}, of everyone {all}",
        name=name,
        level=level_name(row),
        share=level_share(row),
        all=percent(row["share_overall"]),
    )


def typical_of_all(rows: Sequence[Row]) -> Said:
    """Say which level of an attribute tells one segment most clearly from the others."""
    row = typical_level(rows)
    name = attribute_name(rows[0])
    if row is None:
        return say("{name}：各群相近", "{name}: much the same everywhere", name=name)
    return say(
        "{name}：{id} 的「{level}」占 {share}，全体为 {all}",
        "{name}: “{level}” are {share} of {id}, of everyone {all}",
        name=name,
        id=row["segment_id"],
        level=level_name(row),
        share=level_share(row),
        all=percent(row["share_overall"]),
    )


def highest_flag(groups: Sequence[tuple[Text, Sequence[Row]]], of: Text) -> Said:
    """Say which segment has the largest share of which flag."""
    rows = [(name, row) for name, rows in groups for row in rows]
    if not rows:
        return as_said(of)
    name, row = max(rows, key=lambda pair: (pair[1]["share_of_segment"], pair[1]["segment_id"]))
    if not row["share_of_segment"]:
        return say("{of}：无", "{of}: none", of=of)
    return say(
        "{of}：最高的是 {id} 的「{name}」，{share}（全体 {all}）",
        "{of}: the highest is “{name}” in {id}, {share} (everyone {all})",
        of=of,
        id=row["segment_id"],
        name=name,
        share=level_share(row),
        all=percent(row["share_overall"]),
    )


def farthest_on_map(marts: Marts, segments: Sequence[Row], cells: Sequence[Row]) -> Said:
    """Say how much the map holds and which segments lie farthest apart on it."""
    centres = {}
    for name, rows in by(list(cells), "segment_id").items():
        total = sum(row["customers"] for row in rows)
        centres[name] = tuple(
            sum(row[axis] * row["customers"] for row in rows) / total for axis in ("x", "y")
        )
    held = sum(row["inertia_share"] for row in marts.axes if row["axis"] <= 2)
    pairs = [
        ((centres[a][0] - centres[b][0]) ** 2 + (centres[a][1] - centres[b][1]) ** 2, a, b)
        for a in centres
        for b in centres
        if a < b
    ]
    if not pairs:
        return as_said(Text("客户地图", "Map of the customers"))
    _, first, second = max(pairs)
    return say(
        "{a} 与 {b} 相距最远；这张图保留了数据中 {held} 的差异",
        "{a} and {b} lie farthest apart; the map keeps {held} of the differences in the data",
        a=first,
        b=second,
        held=percent(held),
    )


def axis_name(marts: Marts, axis: int) -> Text:
    """Say what an axis of the factor analysis is made of."""
    held = [row["inertia_share"] for row in marts.axes if row["axis"] == axis]
    rows = [row for row in marts.contributions if row["axis"] == axis][:3]

    def part(row: Row) -> Text:
        zh, en = row["attribute_zh"], row["attribute_en"]
        if row["level"] is not None:
            zh, en = f"{zh}={row['level_zh']}", f"{en} = {row['level_en']}"
        arrow = "+" if row["coordinate"] > 0 else "−"
        return Text(f"{arrow}{isolate(zh)}", f"{arrow}{isolate(en)}")

    return say(
        "轴 {axis}（{held}）：{parts}",
        "Axis {axis} ({held}): {parts}",
        axis=str(axis),
        held=percent(held[0]) if held else same("—"),
        parts=join(map(part, rows)),
    ).text
