"""Sentences that say what the numbers mean, built from the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from segmentation.report import words
from segmentation.report.charts import (
    attribute_name,
    axis_name,
    effect_of,
    level_name,
    level_share,
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

AVERAGE_SCORE = 50
"""What the average customer has on every axis of the pentagon."""

GATE = 0.05
"""Adjusted p-value up to which a level counts as typical."""

MOST_REFUSED = 0.05
"""Share of refused rows of the file above which the reader is warned."""

KEEP = "keep"
"""rpt_refit_advice has nothing against the model."""


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
    return attribute_label(marts, marts.final.about["value_attribute"])


def value_about(marts: Marts) -> Row:
    """Give the row of dim_attributes of that attribute; empty where there is none."""
    return marts.attributes.get(marts.final.about["value_attribute"], {})


def attribute_label(marts: Marts, name: str) -> Text:
    """Give the label of an attribute; its name where the dictionary has it no more."""
    about = marts.attributes.get(name)
    return (
        same(isolate(name))
        if about is None
        else Text(isolate(about["label_zh"]), isolate(about["label_en"]))
    )


def of_value(marts: Marts, pattern: Text) -> Text:
    """Say what a number of the value attribute is, such as its median."""
    name = within_sentence(value_name(marts))
    return Text(pattern.zh.format(name.zh), pattern.en.format(name.en))


def answer(marts: Marts) -> Said:
    """Say how many segments there are and which one carries the business."""
    segments = marts.final.segments
    top = max(segments, key=lambda row: (row["spend_share"], row["segment_id"]))
    total = marts.final.about["customers"]
    return say(
        "{n} 位客户分为 {k} 群：{name}以 {share} 的客户贡献了 {spend} 的{value}",
        "{n} customers fall into {k} segments; {name}, {share} of them, bring {spend} of all "
        "{value}",
        n=Said(count(total), (Fact("customers", total),)),
        k=str(len(segments)),
        name=quoted(top),
        share=share_of(top),
        spend=spend_of(top),
        value=within_sentence(value_name(marts)),
    )


def within_sentence(name: Text) -> Text:
    """Write a label as it stands within a sentence."""
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
    refused = sum(row["share_of_rows"] for row in marts.file_rows if not row["is_kept"])
    if refused > MOST_REFUSED:
        found.append(
            say(
                "客户文件中有 {share} 的行被拒绝，请先看“数据质量”。",
                "{share} of the rows of the customer file were refused; read “Quality of the "
                "data” first.",
                share=percent(refused),
            )
        )
    advice = marts.history.advice
    if advice is not None and advice["advice"] != KEEP:
        found.append(
            say(
                "{advice}：{reason}",
                "{advice}: {reason}",
                advice=Text(advice["advice_zh"], advice["advice_en"]),
                reason=Text(advice["reason_zh"], advice["reason_en"]),
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


def _by_effect(rows: Sequence[Row], least: float = 0.0) -> list[tuple[float, Row]]:
    """Give effects with their rows, the farthest from everyone first."""
    known = [(effect, row) for row in rows if (effect := effect_of(row)) is not None]
    return sorted(
        (one for one in known if abs(one[0]) >= least),
        key=lambda one: (-abs(one[0]), one[1]["attribute"], one[1]["segment_id"]),
    )


def most_striking(rows: Sequence[Row]) -> Said:
    """Say on which attributes a segment is farthest from everyone."""
    top = _by_effect(rows)
    if not top:
        return as_said(Text("与全体的差异", "How it differs from everyone"))

    def one(effect: float, row: Row) -> Said:
        return say(
            "{attribute}{side}全体 {effect} 个标准差",
            "{attribute} ({effect} sd {side} everyone)",
            attribute=attribute_name(row),
            side=Text("高于", "above") if effect > 0 else Text("低于", "below"),
            effect=decimal(abs(effect)),
        )

    return say(
        "最突出：{parts}",
        "Stands out by {parts}",
        parts=join((one(effect, row) for effect, row in top[:2]), "；", " and "),
    )


def told_in_short(rows: Sequence[Row]) -> list[tuple[float, Row]]:
    """Choose the attributes by which a segment is told in a few words."""
    return _by_effect(rows, NOTEWORTHY_EFFECT)[:2]


def in_short(rows: Sequence[Row]) -> Said:
    """Say in a few words on which attributes a segment is high or low."""
    top = told_in_short(rows)
    if not top:
        return as_said(Text("与全体相近", "much like everyone"))
    return join(
        Text(
            f"{attribute_name(row).zh}{'高' if effect > 0 else '低'}",
            f"{attribute_name(row).en} {'high' if effect > 0 else 'low'}",
        )
        for effect, row in top
    )


def strongest_axes(themes: Sequence[Row]) -> Said:
    """Say on which theme a segment is best and on which worst, against the average customer."""
    order = sorted(
        (row for row in themes if row["score"] is not None),
        key=lambda row: (-row["score"], row["axis"]),
    )
    if not order:
        return as_said(Text("能力五边形", "Pentagon of abilities"))
    best, worst = order[0], order[-1]
    zh, en = (
        "强在{best}（{b} 分），弱在{worst}（{w} 分）",
        "Strong in {best} ({b}), weak in {worst} ({w})",
    )
    if worst["score"] >= AVERAGE_SCORE:
        zh = "各维度都不低于平均（50 分）：最强是{best}（{b} 分），最接近平均的是{worst}（{w} 分）"
        en = "Nowhere below average (50): strongest in {best} ({b}), nearest to it in {worst} ({w})"
    elif best["score"] <= AVERAGE_SCORE:
        zh = "各维度都不高于平均（50 分）：最接近平均的是{best}（{b} 分），最弱是{worst}（{w} 分）"
        en = "Nowhere above average (50): nearest to it in {best} ({b}), weakest in {worst} ({w})"
    return say(
        zh,
        en,
        best=within_sentence(axis_name(best)),
        worst=within_sentence(axis_name(worst)),
        b=decimal(best["score"], 0),
        w=decimal(worst["score"], 0),
    )


def leaders(segments: Sequence[Row], themes: Sequence[Row]) -> Said:
    """Say which segment leads on the most axes, of those on which there is somebody to lead."""
    known = [row for row in themes if row["score"] is not None]
    scored = {axis: rows for axis, rows in by(known, "axis").items() if len(rows) > 1}
    best = {
        axis: max(rows, key=lambda row: (row["score"], row["segment_id"]))["segment_id"]
        for axis, rows in scored.items()
    }
    if not best:
        return as_said(Text("能力五边形", "Pentagon of abilities"))
    leads = {
        row["segment_id"]: [axis for axis, name in best.items() if name == row["segment_id"]]
        for row in segments
    }
    name = max(leads, key=lambda key: (len(leads[key]), key))
    return say(
        "{id} 在可以比较的 {n} 个维度中的 {m} 个领先：{axes}",
        "{id} leads on {m} of the {n} axes that can be compared: {axes}",
        id=name,
        n=str(len(best)),
        m=str(len(leads[name])),
        axes=join(
            within_sentence(axis_name(scored[axis][0]))
            for axis in sorted(leads[name], key=words.theme_place)
        ),
    )


def widest_difference(kpis: Sequence[Row]) -> Said:
    """Say where in the heat map the strongest colour stands."""
    found = _by_effect(kpis)
    if not found:
        return as_said(Text("各群与全体的差异", "How the segments differ from everyone"))
    effect, row = found[0]
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
        say("，前者是后者的 {x} 倍", ", {x} times as much", x=digits(ratio))
        if ratio >= 2
        else Text("", "")
    )

    def all_at(median: float) -> Said:
        return join(row["segment_id"] for row in order if row["median"] == median)

    return say(
        "{name}：中位数最高的是 {high}，{h}；最低的是 {low}，{l}{times}",
        "{name}: medians from {l} ({low}) to {h} ({high}){times}",
        name=name,
        high=all_at(high["median"]),
        low=all_at(low["median"]),
        h=row_quantity(attributes, high)("median"),
        l=row_quantity(attributes, low)("median"),
        times=times,
    )


def _differs(row: Row) -> bool:
    return row["p_adjusted"] is not None and row["p_adjusted"] <= GATE


def telling_level(rows: Sequence[Row]) -> Row | None:
    """Find the level that tells most of a segment: one that it has more often, else less often.

    Where no known level is more frequent than in everyone, an unknown one may be: then that is
    what is to be said. None where nothing that differs is frequent enough for a title.
    """
    frequent = [
        row
        for row in rows
        if _differs(row) and max(row["share_of_segment"], row["share_overall"]) >= NOTEWORTHY_SHARE
    ]
    more = [
        row
        for row in frequent
        if row["share_of_segment"] > max(row["share_overall"], NOTEWORTHY_SHARE)
    ]
    known = [row for row in more if not row["is_unknown"]]
    return max(
        known or more or frequent,
        key=lambda row: (abs(row["share_of_segment"] - row["share_overall"]), row["level"]),
        default=None,
    )


def typical_of_one(shown: Sequence[Row], rows: Sequence[Row]) -> Said:
    """Say what is typical of a segment among the levels of an attribute.

    Parameters
    ----------
    shown, rows : list of dict
        Rows of rpt_segment_mix of one segment and one attribute: those that are drawn, and all.
    """
    return _typical(
        telling_level(shown), rows, Text("与全体相近", "much like everyone"), names_segment=False
    )


def typical_of_all(rows: Sequence[Row]) -> Said:
    """Say which level of an attribute tells one segment most clearly from the others."""
    return _typical(
        telling_level(rows), rows, Text("各群相近", "much the same everywhere"), names_segment=True
    )


def _typical(row: Row | None, rows: Sequence[Row], alike: Text, *, names_segment: bool) -> Said:
    name = attribute_name(rows[0])
    if row is None and not any(map(_differs, rows)):
        return say("{name}：{alike}", "{name}: {alike}", name=name, alike=alike)
    if row is None:
        return say(
            "{name}：只在少见的取值上不同", "{name}: they differ in rare levels only", name=name
        )
    zh, en = "占 {share}，全体为 {all}", "{share}{of} are “{level}”, against {all} of everyone"
    if row["is_unknown"]:
        zh, en = "未知，{share}（全体 {all}）", "unknown for {share}{of}, against {all} of everyone"
    elif row["share_of_segment"] < row["share_overall"]:
        zh = "较少，占 {share}，全体为 {all}"
        en = "only {share}{of} are “{level}”, against {all} of everyone"
    subject = "" if row["is_unknown"] else "「{level}」"
    whose = "{id} 的" if names_segment and subject else "{id} " if names_segment else ""
    return say(
        "{name}：" + whose + subject + zh,
        "{name}: " + en,
        name=name,
        id=row["segment_id"],
        of=Text("", f" of {row['segment_id']}" if names_segment else ""),
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


def map_axis(marts: Marts, axis: int) -> Text:
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
