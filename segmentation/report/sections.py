"""The parts of the page, ready for the template: texts, tables and charts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from segmentation.report import charts, findings, words
from segmentation.report.charts import Chart, Curve
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
    percent,
    same,
    say,
)
from segmentation.report.marts import Marts, Row, Segmentation, by

JOINT_TREE = "all_segments"
EVERYONE = "everyone"
PAIR = 2
"""Of so many segments each is compared with the other too."""

SHOWN_BELOW = ("代表客户", "建议")
"""Rows of the persona card that the page has at length under the card."""

HALF = 0.5
NOTEWORTHY_GAP = 0.1
"""From such a difference of two shares of a segment on it is explained."""

MOST_BOXES = 8
MOST_LEVELS = 5
MOST_EXAMPLES = {"typical": 5, "borderline": 3}
MIXED_ROLES = ("high_cardinality", "nominal", "ordinal")
RISK, CORE = "risk", "category"


@dataclass(frozen=True)
class Rule:
    """A rule by which a segment is known."""

    text: Text
    precision: Text
    recall: Text
    note: Text | None
    is_corroborated: bool


@dataclass(frozen=True)
class Playbook:
    """Something to do with a segment, and the number that shows whether it worked."""

    label: Text
    goal: Text
    action: Text
    watch: Said


@dataclass(frozen=True)
class Definition:
    """What the data dictionary says of an attribute."""

    label: Text
    text: Text


@dataclass(frozen=True)
class SegmentPart:
    """A segment's page."""

    row: Row
    anchor: str
    colour: str
    name: Text
    is_provisional: bool
    figures: list[tuple[Text, Said]]
    in_short: Said
    value_median: Said
    stability: Text
    persona: Text
    cards: list[tuple[Text, Text]]
    labels: list[Text]
    rules: list[Rule]
    charts: list[Chart]
    playbooks: list[Playbook]
    examples: Table | None
    trust: list[Said]


@dataclass(frozen=True)
class Node:
    """A node of the decision tree.

    Attributes
    ----------
    condition : Text or None
        What leads here; None for the root.
    customers : int
    children : list of Node
    leaf : dict or None
        The rule of a leaf.
    colour : str
        Of the segment that a leaf stands for.
    precision : Text or None
        Of a leaf: the share of its customers that belong to that segment.
    is_minority : bool
        Whether that is less than half of them.
    """

    condition: Text | None
    customers: Text
    children: list[Node]
    leaf: Row | None = None
    colour: str = ""
    precision: Text | None = None
    is_minority: bool = False


@dataclass(frozen=True)
class SegmentationPart:
    """All that is shown of one segmentation."""

    id: str
    prefix: str
    segments: list[SegmentPart]
    told_by: list[Definition]
    overview: list[Chart]
    boxes: list[Chart]
    mix: list[Chart]
    map: Chart | None
    tree: Node
    rules: Table
    has_many: bool = field(default=False)


def segmentation_part(marts: Marts, shown: Segmentation, prefix: str) -> SegmentationPart:
    """Put together what is shown of a segmentation.

    Parameters
    ----------
    prefix : str
        Makes the ids of this part's elements unique in the page.
    """
    kpis = _clustered_kpis(marts, shown)
    segments = shown.segments
    overview = [charts.heat_map(f"{prefix}heat", segments, kpis, findings.widest_difference(kpis))]
    if shown.themes:
        overview.append(
            charts.radar(
                f"{prefix}radar",
                segments,
                segments,
                shown.themes,
                findings.leaders(segments, shown.themes),
            )
        )
    return SegmentationPart(
        id=shown.about["segmentation_id"],
        prefix=prefix,
        segments=[_segment_part(marts, shown, row, kpis, prefix) for row in segments],
        told_by=definitions(
            marts,
            [
                row["attribute"]
                for rows in by(kpis, "segment_id").values()
                for _, row in findings.told_in_short(rows)
            ],
        ),
        overview=overview,
        boxes=_boxes(marts, shown, prefix),
        mix=_mix(marts, shown, prefix),
        map=_map(marts, shown, prefix),
        tree=_tree(shown),
        rules=_rules_table(shown),
        has_many=len(segments) > 6,
    )


def definitions(marts: Marts, attributes: Iterable[str]) -> list[Definition]:
    """Give the data dictionary's definitions of attributes, in its order, each once."""
    named = set(attributes)
    return [
        Definition(
            Text(isolate(row["label_zh"]), isolate(row["label_en"])),
            Text(row["definition_zh"] or "—", row["definition_en"] or "—"),
        )
        for name, row in marts.attributes.items()
        if name in named
    ]


def _clustered_kpis(marts: Marts, shown: Segmentation) -> list[Row]:
    """Give the profile of the clustered numbers, by theme; the value attribute is always there."""
    value = shown.about["value_attribute"]
    rows = [
        row
        for row in shown.kpis
        if row["attribute"] == value
        or marts.attributes.get(row["attribute"], {}).get("in_feature_set_a")
    ]
    return sorted(
        rows,
        key=lambda row: (
            row["attribute"] != value,
            words.theme_place(row["theme"]),
            row["attribute"],
            row["segment_id"],
        ),
    )


def _segment_part(
    marts: Marts, shown: Segmentation, segment: Row, kpis: Sequence[Row], prefix: str
) -> SegmentPart:
    name = segment["segment_id"]
    segments = shown.segments
    own = [row for row in kpis if row["segment_id"] == name]
    themes = [row for row in shown.themes if row["segment_id"] == name]
    drawn = []
    if themes:
        drawn.append(
            charts.radar(
                f"{prefix}{name}-radar",
                segments,
                [segment],
                themes,
                findings.strongest_axes(themes),
            )
        )
    category = _category_attribute(marts, shown)
    if category is not None:
        levels = [
            row
            for row in shown.mix
            if row["attribute"] == category and row["segment_id"] == name and row["customers"]
        ]
        levels.sort(key=lambda row: (row["is_unknown"], -row["customers"], row["level"]))
        known = [row for row in levels if not row["is_unknown"]]
        top = [*known[:MOST_LEVELS], *levels[len(known) :]]
        if top:
            drawn.append(
                charts.top_levels(
                    f"{prefix}{name}-top",
                    segments,
                    segment,
                    top,
                    findings.typical_of_one(top, levels),
                )
            )
    drawn.append(
        charts.effects(
            f"{prefix}{name}-effects",
            segments,
            segment,
            own,
            marts.attributes,
            findings.most_striking(own),
        )
    )
    value = [row for row in own if row["attribute"] == shown.about["value_attribute"]]
    median = charts.row_quantity(marts.attributes, value[0])("median") if value else as_said("—")
    return SegmentPart(
        row=segment,
        anchor=f"{prefix}{name}",
        colour=charts.colour_name(segments, name),
        name=Text(segment["name_zh"], segment["name_en"]),
        is_provisional=segment["is_provisional"],
        figures=[
            (Text("客户", "Customers"), findings.customers_of(segment)),
            (Text("占全体客户", "Of all customers"), findings.share_of(segment)),
            (
                findings.of_value(marts, Text("占全部{}", "Share of all {}")),
                findings.spend_of(segment),
            ),
            (findings.of_value(marts, Text("{}中位数", "Median {}")), median),
        ],
        in_short=findings.in_short(own),
        value_median=median,
        stability=percent(segment["jaccard"], 0),
        persona=Text(segment["persona_zh"] or "", segment["persona_en"] or ""),
        cards=[
            (Text(row["dimension"], row["dimension_en"]), Text(row["text_zh"], row["text_en"]))
            for row in shown.cards
            if row["segment_id"] == name and row["dimension"] not in SHOWN_BELOW
        ],
        labels=[
            Text(row["label_zh"], row["label_en"])
            for row in shown.labels
            if row["segment_id"] == name
            and (row["compared_with"] == EVERYONE or len(segments) == PAIR)
        ],
        rules=_golden_rules(shown, name),
        charts=drawn,
        playbooks=[_playbook(row) for row in shown.playbooks if row["segment_id"] == name],
        examples=_examples(shown, name),
        trust=_trust(marts, shown, segment),
    )


def _playbook(row: Row) -> Playbook:
    of = (
        Text("{kpi}：占 {value}（全体 {all}）", "{kpi}: {value} have it (everyone {all})")
        if row["kpi_is_share"]
        else Text(
            "{kpi}：中位数 {value}（全体中位数 {all}）",
            "{kpi}: median {value} (median of everyone {all})",
        )
    )
    return Playbook(
        label=Text(row["label_zh"], row["label_en"]),
        goal=Text(row["goal_zh"], row["goal_en"]),
        action=Text(row["action_zh"], row["action_en"]),
        watch=say(
            of.zh,
            of.en,
            kpi=Text(row["kpi_zh"] or "—", row["kpi_en"] or "—"),
            value=Text(row["kpi_value_zh"] or "—", row["kpi_value_en"] or "—"),
            all=Text(row["kpi_overall_value_zh"] or "—", row["kpi_overall_value_en"] or "—"),
        ),
    )


def _golden_rules(shown: Segmentation, segment_id: str) -> list[Rule]:
    golden = [row for row in shown.rules if row["segment_id"] == segment_id and row["is_golden"]]
    golden.sort(key=lambda row: (row["golden_rank"] or 0, row["leaf"]))
    return [
        Rule(
            text=Text(row["rule_zh"], row["rule_en"]),
            precision=percent(row["precision"], 0),
            recall=percent(row["recall"], 0),
            note=(
                Text(row["contradiction_zh"], row["contradiction_en"])
                if row["contradiction_zh"] and row["contradiction_en"]
                else None
            ),
            is_corroborated=row["is_corroborated"],
        )
        for row in golden
    ]


def _examples(shown: Segmentation, segment_id: str) -> Table | None:
    rows = [
        row
        for row in shown.examples
        if row["segment_id"] == segment_id
        and row["example_rank"] <= MOST_EXAMPLES.get(row["kind"], 0)
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: (row["kind"] != "typical", row["example_rank"]))
    kinds = {"typical": Text("典型", "typical"), "borderline": Text("边界", "borderline")}
    return Table(
        columns=(
            Text("客户", "Customer"),
            Text("类型", "Kind"),
            Text("特征", "Figures"),
            Text("次近的群", "Next nearest"),
        ),
        rows=tuple(
            (
                as_said(isolate(row["customer_id"])),
                as_said(words.name_of(kinds, row["kind"])),
                as_said(Text(row["figures_zh"], row["figures_en"])),
                as_said(row["runner_up_segment_id"] or "—"),
            )
            for row in rows
        ),
        numeric=(False, False, False, False),
    )


def _trust(marts: Marts, shown: Segmentation, segment: Row) -> list[Said]:
    found = [
        say(
            "稳定性 {jaccard}，{stability}：重新抽样再聚类后平均能找回的比例。",
            "Stability {jaccard}, {stability}: how much of it is found again when customers are "
            "drawn and clustered anew.",
            jaccard=percent(segment["jaccard"], 0),
            stability=words.name_of(words.STABILITY, segment["stability"]),
        )
    ]
    if segment["mean_silhouette"] is not None:
        found.append(
            say(
                "轮廓系数 {value}：越接近 1，与邻群分得越开。",
                "Silhouette {value}: the nearer to 1, the farther from the next segment.",
                value=decimal(segment["mean_silhouette"]),
            )
        )
    if shown.about["is_final"] and segment["customers"]:
        share = marts.borderline.get(segment["segment_id"], 0) / segment["customers"]
        found.append(
            say(
                "{share} 的客户处在边界，与另一群几乎同样近。",
                "{share} of its customers are borderline, almost as near to another segment.",
                share=Said(
                    percent(share), (Fact("borderline_share", share, segment["segment_id"]),)
                ),
            )
        )
    for tree in shown.trees:
        if (
            tree["segment_id"] == segment["segment_id"]
            and tree["is_used"]
            and tree["precision"] is not None
        ):
            found.append(
                say(
                    "在没有参与拟合的客户上，决策树找出该群的 {recall}，其中 {precision} 正确。",
                    "On customers held out, the tree finds {recall} of the segment, and is right "
                    "about {precision} of those it takes for it.",
                    recall=percent(tree["recall"], 0),
                    precision=percent(tree["precision"], 0),
                )
            )
            found += _beside_golden_rules(shown, tree)
    if segment["is_provisional"]:
        found.append(as_said(Text("名称为暂定。", "The name is provisional.")))
    if segment["is_overridden"]:
        found.append(as_said(Text("名称由人工确定。", "The name was given by a person.")))
    return found


def _beside_golden_rules(shown: Segmentation, tree: Row) -> list[Said]:
    """Say why golden rules may find more of a segment than the tree does on other customers."""
    golden = sum(
        row["recall"]
        for row in shown.rules
        if row["segment_id"] == tree["segment_id"] and row["is_golden"]
    )
    if golden - tree["recall"] < NOTEWORTHY_GAP:
        return []
    return [
        say(
            "黄金规则找出的 {golden} 是在拟合它的全体客户上数的；上一条是五棵树的结果，每棵都没见过"
            "它要判断的五分之一客户，有的会用别的问题来分。差距大，说明规则好记，但不是唯一的界线。",
            "The {golden} that the golden rules find are counted on the customers from whom they "
            "were learned. The line above is of five trees, each tried on a fifth of the "
            "customers that it had not seen; some of them ask other questions. So the rule is "
            "handy, but it is not the only border.",
            golden=percent(golden, 0),
        )
    ]


def _mixed_attributes(marts: Marts, shown: Segmentation) -> list[str]:
    profiled = {row["attribute"] for row in shown.mix}
    found = [
        (words.theme_place(row["theme"]), name)
        for name, row in marts.attributes.items()
        if name in profiled and row["role"] in MIXED_ROLES and row["in_feature_set_b"]
    ]
    return [name for _, name in sorted(found)]


def _category_attribute(marts: Marts, shown: Segmentation) -> str | None:
    mixed = _mixed_attributes(marts, shown)
    category = [name for name in mixed if marts.attributes[name]["theme"] == "category"]
    return next(iter(category or mixed), None)


def _boxes(marts: Marts, shown: Segmentation, prefix: str) -> list[Chart]:
    """Draw the attributes on which the segments differ most, the value attribute first."""
    value = shown.about["value_attribute"]
    spread = {}
    grouped = by(
        [row for row in _clustered_kpis(marts, shown) if row["median"] is not None], "attribute"
    )
    for name, rows in grouped.items():
        effects = [charts.effect_of(row) or 0.0 for row in rows]
        spread[name] = max(effects) - min(effects)
    order = sorted(spread, key=lambda name: (name != value, -spread[name], name))[:MOST_BOXES]
    return [
        charts.boxes(
            f"{prefix}box-{place}",
            shown.segments,
            grouped[name],
            marts.attributes,
            findings.highest_and_lowest(grouped[name], marts.attributes),
        )
        for place, name in enumerate(order)
    ]


def _mix(marts: Marts, shown: Segmentation, prefix: str) -> list[Chart]:
    grouped = by(shown.mix, "attribute")
    drawn = []
    category = _category_attribute(marts, shown)
    if category is not None:
        drawn.append(_grouped_levels(shown, grouped[category], f"{prefix}levels"))
    for kind, theme, of in (
        ("core", CORE, Text("核心品类", "Core categories")),
        ("risk", RISK, Text("高风险标签", "High-risk flags")),
    ):
        flags = [
            name
            for name, row in marts.attributes.items()
            if row["role"] == "flag" and row["theme"] == theme and name in grouped
        ]
        groups = []
        for name in flags:
            rows = [row for row in grouped[name] if str(row["level"]).lower() in ("1", "true")]
            if rows:
                groups.append((charts.attribute_name(rows[0]), rows))
        if groups:
            drawn.append(
                charts.grouped(
                    f"{prefix}{kind}", shown.segments, groups, findings.highest_flag(groups, of)
                )
            )
    drawn += [
        charts.stacked(
            f"{prefix}mix-{place}",
            shown.segments,
            grouped[name],
            findings.typical_of_all(grouped[name]),
        )
        for place, name in enumerate(_mixed_attributes(marts, shown))
    ]
    return drawn


def _grouped_levels(shown: Segmentation, rows: Sequence[Row], chart_id: str) -> Chart:
    levels = by([row for row in rows if not row["is_unknown"]], "level")
    order = sorted(levels, key=lambda level: (-levels[level][0]["share_overall"], level))
    groups = [(charts.level_name(levels[level][0]), levels[level]) for level in order[:MOST_LEVELS]]
    return charts.grouped(
        chart_id,
        shown.segments,
        groups,
        findings.highest_flag(groups, charts.attribute_name(rows[0])),
    )


def _map(marts: Marts, shown: Segmentation, prefix: str) -> Chart | None:
    if not shown.cells:
        return None
    return charts.customer_map(
        f"{prefix}map",
        shown.segments,
        shown.cells,
        (findings.map_axis(marts, 1), findings.map_axis(marts, 2)),
        findings.farthest_on_map(marts, shown.segments, shown.cells),
    )


def _tree(shown: Segmentation) -> Node:
    """Put the leaves' conditions together to a tree: rules that begin alike share a branch."""
    rules = [row for row in shown.rules if row["tree"] == JOINT_TREE]
    conditions = by(shown.conditions, "leaf")

    def grow(leaves: Sequence[Row], depth: int, condition: Text | None) -> Node:
        customers = count(sum(row["customers"] for row in leaves))
        branches: dict[str, list[Row]] = {}
        texts: dict[str, Text] = {}
        for leaf in leaves:
            asked = [row for row in conditions.get(leaf["leaf"], []) if row["condition"] > 0]
            if depth < len(asked):
                step = asked[depth]
                branches.setdefault(step["condition_sql"], []).append(leaf)
                texts[step["condition_sql"]] = Text(step["condition_zh"], step["condition_en"])
        if not branches and len(leaves) == 1:
            leaf = leaves[0]
            return Node(
                condition,
                customers,
                [],
                leaf,
                charts.colour_name(shown.segments, leaf["segment_id"]),
                percent(leaf["precision"], 0),
                leaf["precision"] < HALF,
            )
        return Node(
            condition,
            customers,
            [grow(branch, depth + 1, texts[key]) for key, branch in branches.items()],
        )

    return grow(rules, 0, None)


def _rules_table(shown: Segmentation) -> Table:
    rows = [row for row in shown.rules if row["tree"] == JOINT_TREE]
    rows = sorted(rows, key=lambda row: (row["segment_id"], -row["recall"], row["leaf"]))
    yes, no = Text("是", "yes"), Text("否", "no")
    return Table(
        columns=(
            Text("客群", "Segment"),
            Text("规则", "Rule"),
            Text("客户数", "Customers"),
            Text("准确率", "Precision"),
            Text("覆盖率", "Recall"),
            Text("倍数", "Lift"),
            Text("黄金规则", "Golden"),
            Text("画像印证", "Confirmed by the profile"),
        ),
        rows=tuple(
            (
                as_said(row["segment_id"]),
                as_said(Text(row["rule_zh"], row["rule_en"])),
                as_said(count(row["customers"])),
                as_said(percent(row["precision"], 0)),
                as_said(percent(row["recall"], 0)),
                as_said(decimal(row["lift"], 1)),
                as_said(yes if row["is_golden"] else no),
                as_said(yes if row["is_corroborated"] else no),
            )
            for row in rows
        ),
        numeric=(False, False, True, True, True, True, False, False),
    )


def selection_charts(marts: Marts) -> list[Chart]:
    """Draw the evidence for the number of segments, of the method that was chosen."""
    method, chosen = marts.final.about["method"], marts.final.about["k"]
    rows = [row for row in marts.selection if row["method"] == method and row["value"] is not None]
    of = by(rows, "criterion")
    drawn = []

    def at(criterion: str, verdicts: Sequence[str]) -> list[int]:
        return [
            row["k"]
            for row in of.get(criterion, [])
            if any((row["verdict"] or "").startswith(verdict) for verdict in verdicts)
        ]

    def names(ks: Sequence[int]) -> str:
        return ", ".join(map(str, ks))

    if "cost" in of:
        knee = at("cost", ["knee"])
        drawn.append(
            charts.curve(
                "k-cost",
                [Curve(Text("成本", "Cost"), of["cost"], 0)],
                chosen,
                say(
                    "成本曲线的肘点在 K={k}",
                    "The knee of the cost curve is at K = {k}",
                    k=names(knee),
                )
                if knee
                else as_said(Text("成本曲线没有明显肘点", "The cost curve has no clear knee")),
                Text(
                    "混合距离的平方和；越低越紧凑，K 越大必然越低。",
                    "Sum of squared mixed distances: lower is tighter, and falls with every K.",
                ),
            )
        )
    if "mean_silhouette" in of:
        best = max(of["mean_silhouette"], key=lambda row: (row["value"], -row["k"]))
        shown = [Curve(Text("平均轮廓系数", "Mean silhouette"), of["mean_silhouette"])]
        if "silhouette_evenness" in of:
            shown.append(Curve(Text("均匀度", "Evenness"), of["silhouette_evenness"]))
        drawn.append(
            charts.curve(
                "k-silhouette",
                shown,
                chosen,
                say(
                    "平均轮廓系数在 K={k} 最高，为 {value}",
                    "The mean silhouette is highest at K = {k}, {value}",
                    k=str(best["k"]),
                    value=decimal(best["value"]),
                ),
                Text(
                    "上：越高各群越分明；下：各群宽度是否均匀，从 0.25 起算均匀。",
                    "Above: higher is clearer. Below: are the segments equally wide; from 0.25 on "
                    "they are.",
                ),
            )
        )
    if "gap" in of:
        gap = at("gap", ["chosen"])
        drawn.append(
            charts.curve(
                "k-gap",
                [Curve(Text("Gap 统计量", "Gap"), of["gap"])],
                chosen,
                say("Gap 统计量选择 K={k}", "The gap statistic chooses K = {k}", k=names(gap))
                if gap
                else as_said(Text("Gap 统计量没有选出 K", "The gap statistic chooses no K")),
                Text(
                    "比没有结构的参照数据好多少；误差线为一个标准误。",
                    "How much better than on data without structure; bars are one standard error.",
                ),
            )
        )
    if "min_jaccard" in of:
        stable = [row["k"] for row in of["min_jaccard"] if row["verdict"] in words.TRUSTED]
        drawn.append(
            charts.curve(
                "k-stability",
                [Curve(Text("最弱一群的 Jaccard", "Jaccard of the weakest"), of["min_jaccard"])],
                chosen,
                say("各群都稳定的 K：{k}", "Every segment is stable at K = {k}", k=names(stable))
                if stable
                else as_said(Text("没有各群都稳定的 K", "At no K is every segment stable")),
                Text(
                    "重新抽样后最不稳定的一群还能找回多少；误差线为一个标准误。",
                    "How much of the least stable segment is found again; bars are one standard "
                    "error.",
                ),
                [
                    (0.75, Text("0.75 稳定", "0.75 stable")),
                    (0.6, Text("0.6 存疑", "0.6 doubtful")),
                ],
            )
        )
    business = [row for row in rows if row["elbow"] == "business_value" and row["weight"]]
    if business:
        total = {
            k: sum(row["contribution"] or 0 for row in group)
            for k, group in by(business, "k").items()
        }
        low, high = min(total), max(total)
        if marts.decision is not None:
            low, high = marts.decision["planned_k_min"], marts.decision["planned_k_max"]
        compared = [k for k in total if low <= k <= high or k == chosen]
        best_k = max(compared or list(total), key=lambda k: (total[k], -k))
        drawn.append(
            charts.business_scores(
                "k-business",
                business,
                chosen,
                say(
                    "计划的 K={low}–{high} 中，业务得分最高的是 K={best}（{top}）；"
                    "选定的 K={k} 为 {own}",
                    "Of the planned K = {low} to {high}, the business score is highest at "
                    "K = {best} ({top}); the chosen K = {k} has {own}",
                    low=str(low),
                    high=str(high),
                    best=str(best_k),
                    top=decimal(total[best_k]),
                    k=str(chosen),
                    own=decimal(total[chosen]) if chosen in total else same("—"),
                )
                if best_k != chosen
                else say(
                    "计划的 K={low}–{high} 中，选定的 K={k} 业务得分最高（{top}）",
                    "Of the planned K = {low} to {high}, the chosen K = {k} has the highest "
                    "business score ({top})",
                    low=str(low),
                    high=str(high),
                    k=str(chosen),
                    top=decimal(total[chosen]),
                ),
            )
        )
    return drawn


def agreement_table(marts: Marts) -> Table:
    """Say how far other methods find the same segments."""
    candidates = {row["segmentation_id"]: row for row in marts.candidates}
    rows = []
    for row in marts.agreement:
        other = candidates.get(row["other_segmentation_id"])
        method = other["method"] if other else row["other_segmentation_id"]
        rows.append(
            (
                as_said(words.name_of(words.METHODS, method)),
                as_said(str(row["k"])),
                as_said(decimal(row["adjusted_rand"])),
                as_said(decimal(other["min_jaccard"]) if other else "—"),
                as_said(
                    Text("是", "yes")
                    if other is None or other["is_supported"]
                    else Text(f"否：{other['unsupported_zh']}", f"no: {other['unsupported_en']}")
                ),
            )
        )
    return Table(
        columns=(
            Text("方法", "Method"),
            same("K"),
            Text("与最终分群的一致性（调整兰德指数）", "Agreement (adjusted Rand)"),
            Text("最低稳定性", "Least stability"),
            Text("是否可信", "Supported"),
        ),
        rows=tuple(rows),
        numeric=(False, True, True, True, False),
    )


@dataclass(frozen=True)
class QualityPart:
    """What is known of the customer file."""

    finding: Said
    rows: Table
    flags: Said | None
    charts: list[Chart]
    issues: Table | None
    alignment: Table | None


def quality_part(marts: Marts) -> QualityPart:
    """Put together what the file held, what is missing, and how skewed it is."""
    total = sum(row["file_rows"] for row in marts.file_rows)
    kept = sum(row["file_rows"] for row in marts.file_rows if row["is_kept"])
    finding = say(
        "文件共 {total} 行，保留 {kept} 行，拒绝 {refused} 行",
        "The file has {total} rows: {kept} are kept, {refused} refused",
        total=count(total),
        kept=Said(count(kept), (Fact("customers", kept),)),
        refused=count(total - kept),
    )
    missing = [row for row in marts.diagnostics if row["is_in_file"] and row["missing_share"]]
    drawn = []
    if missing:
        drawn.append(
            charts.missing_values(
                "missing",
                missing,
                say(
                    "{n} 个字段有未知值，最多的是{name}（{share}）",
                    "{n} fields have unknown values, most of all {name} ({share})",
                    n=str(len(missing)),
                    name=Text(isolate(missing[0]["label_zh"]), isolate(missing[0]["label_en"])),
                    share=Said(
                        percent(missing[0]["missing_share"]),
                        (
                            Fact(
                                "missing_share",
                                missing[0]["missing_share"],
                                None,
                                missing[0]["attribute"],
                            ),
                        ),
                    ),
                ),
            )
        )
    skewed = [
        row
        for row in marts.diagnostics
        if row["is_right_skewed"]
        and row["skewness_log1p"] is not None
        and marts.attributes.get(row["attribute"], {}).get("transform") == "log1p"
    ]
    skewed.sort(key=lambda row: (-row["skewness"], row["attribute"]))
    if skewed:
        tamed = sum(abs(row["skewness_log1p"]) < abs(row["skewness"]) for row in skewed)
        drawn.append(
            charts.skewness(
                "skewness",
                skewed,
                say(
                    "{n} 个右偏指标取对数后，{m} 个更对称",
                    "Of {n} attributes skewed to the right, {m} are more even on a log scale",
                    n=str(len(skewed)),
                    m=str(tamed),
                ),
            )
        )
    return QualityPart(
        finding=finding,
        rows=Table(
            columns=(Text("结果", "Outcome"), Text("行数", "Rows"), Text("占比", "Share")),
            rows=tuple(
                (
                    as_said(words.name_of(words.OUTCOMES, row["outcome"])),
                    as_said(count(row["file_rows"])),
                    as_said(percent(row["share_of_rows"])),
                )
                for row in marts.file_rows
            ),
            numeric=(False, True, True),
        ),
        flags=_flags(marts),
        charts=drawn,
        issues=_value_issues(marts),
        alignment=_alignment(marts),
    )


def _flags(marts: Marts) -> Said | None:
    """Say how often flags of the file differ from what the categories of the customer say."""
    differ = sum(row["flag_disagreements"] or 0 for row in marts.diagnostics)
    deny = sum(row["flag_contradictions"] or 0 for row in marts.diagnostics)
    if not differ:
        return None
    return say(
        "文件中的标记有 {differ} 个与主要品类推出的不同（其中 {deny} 个否认了客户的主要品类）；"
        "保留文件的取值。",
        "{differ} flags of the file differ from what the main categories say ({deny} deny a main "
        "category); those of the file are kept.",
        differ=count(differ),
        deny=count(deny),
    )


def _value_issues(marts: Marts) -> Table | None:
    rows = [
        row for row in marts.diagnostics if row["unreadable_values"] or row["out_of_range_values"]
    ]
    if not rows:
        return None
    return Table(
        columns=(
            Text("字段", "Field"),
            Text("无法读取", "Unreadable"),
            Text("超出范围", "Out of range"),
            Text("例子", "Examples"),
        ),
        rows=tuple(
            (
                as_said(Text(isolate(row["label_zh"]), isolate(row["label_en"]))),
                as_said(count(row["unreadable_values"])),
                as_said(count(row["out_of_range_values"])),
                join(
                    isolate(text)
                    for text in (row["unreadable_examples"], row["out_of_range_examples"])
                    if text
                ),
            )
            for row in rows
        ),
        numeric=(False, True, True, False),
    )


def _alignment(marts: Marts) -> Table | None:
    rows = [row for row in marts.alignment if row["verdict"] in words.VERDICTS]
    if not rows:
        return None
    return Table(
        columns=(Text("字段", "Field"), Text("与数据词典", "Against the dictionary")),
        rows=tuple(
            (
                as_said(
                    Text(
                        isolate(row["label_zh"] or row["field"]),
                        isolate(row["label_en"] or row["field"]),
                    )
                ),
                as_said(words.name_of(words.VERDICTS, row["verdict"])),
            )
            for row in rows
        ),
        numeric=(False, False),
    )


def parameters_table(marts: Marts, kind: str) -> Table:
    """List settings or versions."""
    rows = [row for row in marts.parameters if row["kind"] == kind]
    return Table(
        columns=(
            (Text("设置", "Setting"), Text("变量", "Var"), Text("值", "Value"))
            if kind == "setting"
            else (Text("软件", "Software"), Text("包", "Package"), Text("版本", "Version"))
        ),
        rows=tuple(
            (
                as_said(Text(row["label_zh"], row["label_en"])),
                as_said(row["parameter"]),
                as_said(isolate(row["value"]) if row["value"] is not None else "—"),
            )
            for row in rows
        ),
        numeric=(False, False, False),
    )
