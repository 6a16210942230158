"""The technical range: the numbers of segments that the data-science criteria support, in words.

The rule:

1. The elbow, the silhouette and the gap each name a K: the knee of the cost; the highest mean
   silhouette among the K whose clusters are about equally wide and stable (mean Jaccard from 0.75;
   where no K has both, among the K of even width, else among all); the gap's choice. A criterion
   may name none: a curve without a knee, a gap that is still rising, and a gap that says K = 1,
   which is not a number of segments but a doubt about all of them.
2. The range goes from the lowest K named to the highest; their median is the middle.
3. Stability shortens it: from either end, K go of which some segment is not to be trusted (mean
   Jaccard below 0.6), unless that holds for every K in the range.
4. The range is cut to the plan's where they meet.

Segments are *unsupported* where the gap says K = 1 and at no K in the range all are stable (mean
Jaccard from 0.75; two halves of nothing reach 0.4 to 0.7). The range is then the plan's. They are
*doubtful* where the gap says K = 1 although they are stable, or where no K in the range can be
trusted although the gap sees clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Literal

import pandas as pd

from segmentation.errors import InputError
from segmentation.selection.elbow import EVEN, Knee, kneedle
from segmentation.selection.gap import choose_by_gap
from segmentation.selection.stability import DOUBTFUL, STABLE

Support = Literal["supported", "doubtful", "unsupported"]

# The range of K that the plan expects.
PLANNED_RANGE = (4, 7)


@dataclass(frozen=True)
class TechnicalRange:
    """The K that the criteria support.

    Attributes
    ----------
    k_min, k_max : the range
    k_values : the K in it that may be chosen: those that can be trusted, or all, where none can
    k_middle : median of the K that the criteria name, the lower of two
    support : what the data say of segments at all
    meets_plan : whether the criteria's range met the plan's
    reason_zh, reason_en : how the range came about, with the numbers
    """

    k_min: int
    k_max: int
    k_values: tuple[int, ...]
    k_middle: int
    support: Support
    meets_plan: bool
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class _Evidence:
    """What each criterion says."""

    judged: list[int]
    knee: Knee
    widest: int
    width: float
    pool: Literal["even and stable", "even", "all"]  # that the widest was chosen from
    gap: int | None  # the K it chose, if any
    gap_up_to: int | None  # the last K it was computed for; None: not computed
    jaccards: dict[int, float]  # by K; empty: stability was not computed

    @property
    def trusted(self) -> list[int]:
        return [k for k, jaccard in self.jaccards.items() if jaccard >= DOUBTFUL]


def technical_range(rows: pd.DataFrame, planned: tuple[int, int] = PLANNED_RANGE) -> TechnicalRange:
    """Derive the technical range from the criteria of one method, by the rule above.

    Parameters
    ----------
    rows : `criteria.COLUMNS`. Needed are `cost`, `mean_silhouette` and `silhouette_evenness`;
        `gap` and `min_jaccard` take part where they are there
    planned : lowest and highest K that the plan expects

    Raises
    ------
    InputError
        The rows are of several methods, or of fewer than two K above 1.
    """
    found = _evidence(rows)
    named = [k for k in (found.knee.k, found.widest, found.gap) if k is not None and k > 1]
    in_range = [k for k in found.judged if min(named) <= k <= max(named)]
    supported = [k for k in in_range if k in found.trusted] or in_range
    support = _support(found, in_range)
    candidates = found.judged if support == "unsupported" else supported
    in_plan = [k for k in candidates if planned[0] <= k <= planned[1]]
    chosen = in_plan or supported
    evidence_zh, evidence_en = _evidence_in_words(found)
    range_zh, range_en = _range_in_words(supported, chosen, planned, support)
    return TechnicalRange(
        k_min=chosen[0],
        k_max=chosen[-1],
        k_values=tuple(chosen),
        k_middle=median_low(named),
        support=support,
        meets_plan=bool(in_plan) and support != "unsupported",
        reason_zh=evidence_zh + range_zh,
        reason_en=f"{evidence_en} {range_en}",
    )


def of_every_method(rows: pd.DataFrame, planned: tuple[int, int] = PLANNED_RANGE) -> pd.DataFrame:
    """Derive the technical range of every method.

    Parameters
    ----------
    rows : `criteria.COLUMNS` of several methods
    planned : lowest and highest K that the plan expects

    Returns
    -------
    One row per method: method and what a :class:`TechnicalRange` has, `k_values` as text with
    commas
    """
    ranges = [
        {"method": method, **vars(technical_range(of_method, planned))}
        for method, of_method in rows.groupby("method", sort=True)
    ]
    found = pd.DataFrame(ranges)
    found["k_values"] = [",".join(map(str, k_values)) for k_values in found["k_values"]]
    return found.astype({"k_min": "int32", "k_max": "int32", "k_middle": "int32"})


def _support(found: _Evidence, in_range: list[int]) -> Support:
    """Whether the data support segments at all."""
    best = max((found.jaccards[k] for k in in_range if k in found.jaccards), default=None)
    if found.gap == 1:
        return "unsupported" if best is not None and best < STABLE else "doubtful"
    return "doubtful" if best is not None and best < DOUBTFUL else "supported"


def _evidence(rows: pd.DataFrame) -> _Evidence:
    """Read what each criterion says from its rows."""
    methods = rows["method"].unique().tolist()
    if len(methods) != 1:
        raise InputError(f"A technical range is that of one method; the rows have {methods}.")
    of_k = rows[rows["cluster"].isna()].sort_values("k")

    def values(criterion: str) -> dict[int, float]:
        of_criterion = of_k[of_k["criterion"] == criterion]
        return dict(zip(of_criterion["k"].tolist(), of_criterion["value"].tolist(), strict=True))

    widths, cost, jaccards = values("mean_silhouette"), values("cost"), values("min_jaccard")
    if len(widths) < 2:
        raise InputError(
            "A technical range needs at least two numbers of segments above 1; the rows have "
            f"{list(widths)}. Set k_values to more."
        )
    even = [k for k, evenness in values("silhouette_evenness").items() if evenness >= EVEN]
    sound = [k for k in even if jaccards.get(k, 0) >= STABLE]
    widest = max(sound or even or widths, key=lambda k: widths[k])
    gap = of_k[of_k["criterion"] == "gap"]
    return _Evidence(
        judged=list(widths),
        knee=kneedle(list(cost), list(cost.values())),
        widest=widest,
        width=widths[widest],
        pool="even and stable" if sound else "even" if even else "all",
        gap=choose_by_gap(gap["value"].to_numpy(), gap["std_error"].to_numpy()),
        gap_up_to=None if gap.empty else int(gap["k"].max()),
        jaccards=jaccards,
    )


def _evidence_in_words(found: _Evidence) -> tuple[str, str]:
    """Put what each criterion says into Chinese and English."""
    span = f"{found.knee.k_min}–{found.knee.k_max}"
    if found.knee.k is None:
        zh, en = f"成本曲线在 K={span} 上没有肘点；", f"The cost has no elbow on K = {span}; "
    else:
        zh = f"成本曲线在 K={span} 上的肘点为 {found.knee.k}；"
        en = f"The elbow of the cost on K = {span} is {found.knee.k}; "
    width = f"{found.width:.2f}"
    if found.pool != "all":
        is_stable = found.pool == "even and stable"
        zh += f"在各群{'稳定且' if is_stable else ''}宽度较均匀的 K 中，"
        zh += f"平均轮廓系数以 K={found.widest} 最高（{width}）；"
        en += (
            f"among K with {'stable ' if is_stable else ''}segments about equally wide, the mean "
            f"silhouette is highest at K = {found.widest} ({width}); "
        )
    else:
        zh += f"平均轮廓系数以 K={found.widest} 最高（{width}），但各 K 的群宽度都不均匀；"
        en += (
            f"the mean silhouette is highest at K = {found.widest} ({width}), but no K has "
            "segments about equally wide; "
        )
    if found.gap is not None:
        none = found.gap == 1
        zh += f"Gap 统计量选择 K={found.gap}{'（即不存在分群）' if none else ''}；"
        en += f"the gap chooses K = {found.gap}{' (no segments)' if none else ''}; "
    elif found.gap_up_to is not None:
        zh += f"Gap 统计量到 K={found.gap_up_to} 仍在上升，未给出 K；"
        en += f"the gap is still rising at K = {found.gap_up_to} and chooses none; "
    if not found.jaccards:
        zh, en = zh + "未计算稳定性。", en + "stability was not computed."
    elif found.trusted:
        zh += f"各群自助抽样 Jaccard 均不低于 {DOUBTFUL} 的 K：{_listed(found.trusted, '、')}。"
        en += (
            f"every segment has a bootstrap Jaccard of at least {DOUBTFUL} at K = "
            f"{_listed(found.trusted, ', ')}."
        )
    else:
        zh += f"没有一个 K 的各群自助抽样 Jaccard 均不低于 {DOUBTFUL}。"
        en += f"at no K has every segment a bootstrap Jaccard of at least {DOUBTFUL}."
    return zh, en


def _range_in_words(
    supported: list[int], chosen: list[int], planned: tuple[int, int], support: Support
) -> tuple[str, str]:
    """Put the range, and what data and plan say of it, into Chinese and English."""
    own, final, plan = _span(supported), _span(chosen), _span(planned)
    meets_plan = any(planned[0] <= k <= planned[1] for k in chosen)
    if support == "unsupported":
        zh, en = "方案的区间", "the plan's range"
        if not meets_plan:  # no K of the plan was computed
            zh, en = "各项指标所指", "where the criteria point"
        return (
            f"数据不支持任何分群；K={final} 只是{zh}，不是数据的结论。",
            f"No segments are supported by this data; K = {final} is {en}, not a finding.",
        )
    if not meets_plan:
        listed = [_span(chosen)] if len(chosen) > chosen[-1] - chosen[0] else list(map(str, chosen))
        zh = f"技术区间为 K={'、'.join(listed)}，与方案预期的 {plan} 没有交集。"
        en = f"The technical range is K = {', '.join(listed)}; it does not meet the plan's {plan}."
    elif own == final:
        zh, en = f"技术区间为 K={final}。", f"The technical range is K = {final}."
    else:
        zh = f"技术区间 K={own} 按方案的 {plan} 截取为 {final}。"
        en = f"The technical range K = {own} is cut to {final} by the plan's {plan}."
    if support == "doubtful":
        zh += "数据对分群的支持存疑。"
        en += " Whether the data support segments at all is doubtful."
    return zh, en


def _listed(numbers: list[int], separator: str) -> str:
    return separator.join(str(number) for number in numbers)


def _span(numbers: Sequence[int]) -> str:
    low, high = numbers[0], numbers[-1]
    return str(low) if low == high else f"{low}–{high}"
