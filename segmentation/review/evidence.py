"""What the review sheet shows: the candidate segmentations, read from the marts of the last build.

Every segmentation is shown by the same numbers and categories, so that its sheet can be laid beside
another. Which ones is decided over all of them together.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from segmentation.database_faults import open_to_read
from segmentation.dictionary.words import SELECTION_CRITERIA, THEMES
from segmentation.errors import InputError

"""The numbers of segments that the plan expects and discusses with the business."""

TECHNICAL_CRITERIA = ("mean_silhouette", "min_jaccard", "gap", "cost")
"""What the first sheet shows of the data science elbow."""

_FIGURES_OF_A_THEME = 3
_CATEGORIES_OF_A_THEME = 4
_PLAYBOOKS_OF_A_SEGMENT = 3
LEVELS_OF_A_CATEGORY = 2

_LEAST_KNOWN = 0.5
"""A number that fewer customers of some segment have is not shown."""
_LEAST_KNOWN_CATEGORY = 0.1
_LEAST_STRENGTH = 0.05
"""Variance between segments over the variance of everyone, below which a number tells nothing."""
_SAME_STORY, _SAME_NUMBER = 0.95, 0.97
"""Correlation of two numbers over all segments, of one theme or of two, from which the second tells
nothing new."""
_FEWEST_EFFECTS = 6
"""Segments from which such a correlation is no chance: two segments always make one of 1."""
_FEWEST_MEDIANS = 4
"""Different medians below which the mean is shown (most customers use one medium)."""
_SURE = 0.05
_EFFECT_STEPS = (0.4, 0.8)
_LIFT_STEPS = (1.5, 2.0)

Row = dict[str, Any]
Query = Callable[..., list[Row]]
"""Runs a query with its values."""
Text = tuple[str, str]
"""A text in Chinese and in English."""


@dataclass(frozen=True)
class Value:
    """One number of one segment.

    Attributes
    ----------
    value : float or None
        The number; None where it is not known.
    ratio : float or None
        The number over that of everyone; None where it has no meaning.
    shade : int
        How far it lies from everyone: -2 far below, -1 below, 0 near, 1 above, 2 far above.
    """

    value: float | None
    ratio: float | None
    shade: int


@dataclass(frozen=True)
class Figure:
    """A row of numbers: an attribute, and its median, mean or share in every segment."""

    attribute: str
    label: Text
    theme: str
    unit: str
    is_share: bool
    statistic: str
    overall: float | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Level:
    """A level of a category in a segment: its share, the share over that of everyone, its shade."""

    label: Text
    share: float
    lift: float | None
    shade: int


@dataclass(frozen=True)
class Category:
    """A category: for everyone and for each segment the commonest known levels and the unknown."""

    attribute: str
    label: Text
    theme: str
    overall: tuple[Level, ...]
    levels: tuple[tuple[Level, ...], ...]
    overall_unknown: float
    unknown: tuple[float, ...]


@dataclass(frozen=True)
class Segment:
    """A segment of a segmentation, with the names of the playbooks that fire most strongly."""

    segment_id: str
    name: Text
    customers: int
    customer_share: float
    spend_share: float | None
    jaccard: float
    stability: Text
    playbooks: tuple[Text, ...]


@dataclass(frozen=True)
class Finding:
    """What a criterion says of a segmentation."""

    value: float | None
    score: float | None
    weight: float
    verdict: Text


@dataclass(frozen=True)
class Candidate:
    """A segmentation to be discussed, with everything its sheet shows."""

    segmentation_id: str
    method: str
    k: int
    customers: int
    is_main_method: bool
    is_final: bool
    is_computed_choice: bool
    is_supported: bool
    unsupported: Text
    segments: tuple[Segment, ...]
    findings: dict[str, Finding]
    figures: tuple[Figure, ...]
    categories: tuple[Category, ...]
    risks: tuple[Figure, ...]

    @property
    def title(self) -> str:
        """The name of its sheet."""
        return f"K{self.k}" if self.is_main_method else f"K{self.k} {self.method}"

    @property
    def computed_score(self) -> float | None:
        """The weighted score of the business criteria, as if nobody had reviewed them."""
        weighted = [item for item in self.findings.values() if item.weight > 0]
        scores = [item.weight * item.score for item in weighted if item.score is not None]
        return math.fsum(scores) if scores and len(scores) == len(weighted) else None


@dataclass(frozen=True)
class Question:
    """A criterion that is put to the business."""

    criterion: str
    label: Text
    text: Text


@dataclass(frozen=True)
class Evidence:
    """All that a review sheet shows.

    `themes` are the names of the KPI themes, in the order of the sheet; `fingerprints` are of the
    candidates, by their id.
    """

    candidates: tuple[Candidate, ...]
    questions: tuple[Question, ...]
    value_label: Text
    themes: dict[str, Text]
    reason: Text
    fingerprints: dict[str, str]


def read_evidence(database: Path, k_values: Sequence[int] | None = None) -> Evidence:
    """Read what the review sheet shows from a database that dbt built.

    Parameters
    ----------
    database : Path
        The DuckDB database.
    k_values : sequence of int, optional
        Numbers of segments to discuss, by default those that the plan expects; those of the
        technical range and the delivered one come on top, and those that are no candidate are left
        out.

    Returns
    -------
    Evidence
        The candidates by K, the delivered one of another method last.

    Raises
    ------
    InputError
        The database is not there, holds no finished build, or no question has a weight.
    """
    with _querying(database) as rows:
        return _read_evidence(rows, k_values)


def read_fingerprints(database: Path) -> dict[str, str]:
    """Read the fingerprint of every candidate segmentation, by its id.

    Raises
    ------
    InputError
        The database is not there or holds no finished build.
    """
    with _querying(database) as rows:
        return _fingerprints(rows)


@contextmanager
def _querying(database: Path) -> Iterator[Query]:
    """Open a database for reading, and say in plain words why it cannot be read."""
    with open_to_read(database) as connection:
        try:
            yield partial(_rows, connection)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise InputError(
                f"{database} holds no finished build ({str(error).splitlines()[0]}); run dbt build."
            ) from error


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Row]:
    """Give the rows of a query as dictionaries."""
    result = connection.execute(query, list(values))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _fingerprints(rows: Query) -> dict[str, str]:
    """Take the fingerprints: segments and their sizes, so that another build shows."""
    sizes: dict[str, list[str]] = {}
    for row in rows("select segmentation_id, segment_id, customers from dim_segments order by all"):
        sizes.setdefault(row["segmentation_id"], []).append(
            f"{row['segment_id']} {row['customers']}"
        )
    return {
        name: hashlib.sha256("\n".join((name, *lines)).encode()).hexdigest()[:16]
        for name, lines in sizes.items()
    }


def _read_evidence(rows: Query, k_values: Sequence[int] | None) -> Evidence:
    """Read everything, given what runs a query."""
    decisions = rows(
        "select computed_segmentation_id, planned_k_min, planned_k_max, reason_zh, reason_en "
        "from rpt_k_decision"
    )
    if k_values is None:
        k_values = [
            k for row in decisions for k in range(row["planned_k_min"], row["planned_k_max"] + 1)
        ]
    found = rows(
        "select * from dim_segmentations where is_final or is_main_method and (is_in_range or "
        "list_contains(?, k)) order by is_main_method desc, k, segmentation_id",
        list(k_values),
    )
    if not decisions or not any(row["is_final"] for row in found):
        raise InputError("The last build left no segments; run dbt build and look at its errors.")
    ids = [row["segmentation_id"] for row in found]
    questions = _questions(rows)
    segments = _segments(rows, ids)
    findings = _findings(rows, ids)
    value_attribute = found[0]["value_attribute"]
    sizes = {name: [item.customer_share for item in segments[name]] for name in ids}
    figures = _figures(rows, ids, sizes, value_attribute)
    categories, risks = _categories(rows, ids), _risks(rows, ids)
    labels = rows(
        "select label_zh, label_en from dim_attributes where attribute = ?", value_attribute
    )
    themes = {
        row["theme"]: (row["theme_zh"], row["theme_en"])
        for row in rows("select distinct theme, theme_zh, theme_en from dim_attributes")
    }
    return Evidence(
        candidates=tuple(
            Candidate(
                segmentation_id=row["segmentation_id"],
                method=row["method"],
                k=row["k"],
                customers=row["customers"],
                is_main_method=row["is_main_method"],
                is_final=row["is_final"],
                is_computed_choice=(
                    row["segmentation_id"] == decisions[0]["computed_segmentation_id"]
                ),
                is_supported=row["is_supported"],
                unsupported=(row["unsupported_zh"] or "", row["unsupported_en"] or ""),
                segments=segments[row["segmentation_id"]],
                findings=findings.get(row["segmentation_id"], {}),
                figures=figures[row["segmentation_id"]],
                categories=categories[row["segmentation_id"]],
                risks=risks[row["segmentation_id"]],
            )
            for row in found
        ),
        questions=questions,
        value_label=_label(labels[0]) if labels else (value_attribute, value_attribute),
        themes={
            **{theme: themes[theme] for theme in THEMES if theme in themes},
            "": ("其他", "Other"),
        },
        reason=(decisions[0]["reason_zh"], decisions[0]["reason_en"]),
        fingerprints={name: mark for name, mark in _fingerprints(rows).items() if name in ids},
    )


def _label(row: Row, prefix: str = "label") -> Text:
    """Give a label in both languages."""
    return str(row[f"{prefix}_zh"]), str(row[f"{prefix}_en"])


def _questions(rows: Query) -> tuple[Question, ...]:
    """Read the criteria that have a weight and hence a question."""
    found = rows("select * from selection_criteria where cast(weight as double) > 0")
    questions = [
        Question(row["criterion"], _label(row), _label(row, "question"))
        for row in sorted(found, key=lambda row: SELECTION_CRITERIA.index(row["criterion"]))
    ]
    if not questions:
        raise InputError(
            "No criterion has a weight, so there is nothing to ask. Give weights in "
            "selection_criteria.csv and run dbt build."
        )
    return tuple(questions)


def _segments(rows: Query, ids: list[str]) -> dict[str, tuple[Segment, ...]]:
    """Read the segments of the segmentations, in their order."""
    playbooks: dict[tuple[str, int], list[Text]] = {}
    for row in rows(
        "select segmentation_id, cluster, label_zh, label_en from int_segment_playbooks "
        "inner join playbooks using (playbook) "
        "where list_contains(?, segmentation_id) and playbook_rank <= ? order by playbook_rank",
        ids,
        _PLAYBOOKS_OF_A_SEGMENT,
    ):
        playbooks.setdefault((row["segmentation_id"], row["cluster"]), []).append(_label(row))
    segments: dict[str, list[Segment]] = {name: [] for name in ids}
    for row in rows(
        "select * from dim_segments where list_contains(?, segmentation_id) order by segment_id",
        ids,
    ):
        segments[row["segmentation_id"]].append(
            Segment(
                segment_id=row["segment_id"],
                name=_label(row, "name"),
                customers=row["customers"],
                customer_share=row["customer_share"],
                spend_share=_number(row["spend_share"]),
                jaccard=row["jaccard"],
                stability=(row["stability_zh"], row["stability"]),
                playbooks=tuple(playbooks.get((row["segmentation_id"], row["cluster"]), ())),
            )
        )
    return {name: tuple(items) for name, items in segments.items()}


def _findings(rows: Query, ids: list[str]) -> dict[str, dict[str, Finding]]:
    """Read what the criteria say."""
    findings: dict[str, dict[str, Finding]] = {}
    for row in rows(
        "select segmentation_id, criterion, value, computed_score, weight, verdict_zh, verdict "
        "from rpt_k_selection where list_contains(?, segmentation_id)",
        ids,
    ):
        findings.setdefault(row["segmentation_id"], {})[row["criterion"]] = Finding(
            value=_number(row["value"]),
            score=_number(row["computed_score"]),
            weight=_number(row["weight"]) or 0,
            verdict=(row["verdict_zh"] or "", row["verdict"] or ""),
        )
    return findings


def _number(value: float | None) -> float | None:
    """Take a number that is none for unknown."""
    return None if value is None or not math.isfinite(value) else float(value)


def _figures(
    rows: Query,
    ids: list[str],
    shares: dict[str, list[float]],
    value_attribute: str,
) -> dict[str, tuple[Figure, ...]]:
    """Choose the most telling numbers of every theme and give their values.

    What the segmentations were made from comes first, as the dictionary picks one of every group
    of numbers that go together; then what separates the segments most.
    """
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows(
        "select kpis.*, transform, valid_min, valid_max, in_feature_set_a "
        "from rpt_segment_kpis as kpis inner join dim_attributes using (attribute) "
        "where list_contains(?, segmentation_id) order by attribute, segment_id",
        ids,
    ):
        by_id = found.setdefault(row["attribute"], {name: [] for name in ids})
        by_id[row["segmentation_id"]].append(row)
    chosen = _telling(found, shares, value_attribute)
    return {name: tuple(_figure(found[item], name) for item in chosen) for name in ids}


def _telling(
    found: dict[str, dict[str, list[Row]]], shares: dict[str, list[float]], value_attribute: str
) -> list[str]:
    """Choose attributes, theme by theme."""
    strengths = {
        attribute: sum(
            share * (_number(row["effect_size_transformed"]) or 0) ** 2
            for name, rows in by_id.items()
            for share, row in zip(shares[name], rows, strict=True)
        )
        / len(by_id)
        for attribute, by_id in found.items()
    }
    effects = {
        attribute: [
            _number(row["effect_size_transformed"]) or 0 for rows in by_id.values() for row in rows
        ]
        for attribute, by_id in found.items()
    }

    def rank(attribute: str) -> tuple[bool, bool, float, str]:
        is_clustered = next(iter(found[attribute].values()))[0]["in_feature_set_a"]
        return attribute != value_attribute, not is_clustered, -strengths[attribute], attribute

    chosen: dict[str, list[str]] = {theme: [] for theme in (*THEMES, "")}
    for attribute in sorted(found, key=rank):
        rows = [row for items in found[attribute].values() for row in items]
        theme = chosen.setdefault(rows[0]["theme"] or "", [])
        if attribute == value_attribute:
            theme.append(attribute)
            continue
        is_known = all(row["known_customers"] >= _LEAST_KNOWN * row["customers"] for row in rows)
        tells = is_known and strengths[attribute] >= _LEAST_STRENGTH
        is_new = len(rows) < _FEWEST_EFFECTS or not any(
            abs(_correlation(effects[attribute], effects[other]))
            >= (_SAME_STORY if names is theme else _SAME_NUMBER)
            for names in chosen.values()
            for other in names
        )
        if tells and is_new and len(theme) < _FIGURES_OF_A_THEME:
            theme.append(attribute)
    return [attribute for names in chosen.values() for attribute in names]


def _correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's correlation, 0 where one does not vary."""
    means = math.fsum(first) / len(first), math.fsum(second) / len(second)
    pairs = [(x - means[0], y - means[1]) for x, y in zip(first, second, strict=True)]
    spread = math.sqrt(math.fsum(x * x for x, _ in pairs) * math.fsum(y * y for _, y in pairs))
    return math.fsum(x * y for x, y in pairs) / spread if spread > 0 else 0.0


def _figure(by_id: dict[str, list[Row]], name: str) -> Figure:
    """Give the values of one attribute in one segmentation: medians where a few whales rule."""
    everywhere = [row for rows in by_id.values() for row in rows]
    first = everywhere[0]
    medians = {row["median"] for row in everywhere}
    is_skewed = first["transform"] != "none" and len(medians) >= _FEWEST_MEDIANS
    statistic = "median" if is_skewed else "mean"
    overall = _number(first[f"overall_{statistic}"])
    is_signed = (first["valid_min"] or 0) < 0
    return Figure(
        attribute=first["attribute"],
        label=_label(first, "attribute"),
        theme=first["theme"] or "",
        unit=first["unit"] or "",
        is_share=first["valid_min"] == 0 and first["valid_max"] == 1,
        statistic=statistic,
        overall=overall,
        values=tuple(
            Value(
                value=_number(row[statistic]),
                ratio=None if is_signed else _ratio(_number(row[statistic]), overall),
                shade=_shade(_number(row["effect_size_transformed"]) or 0, _EFFECT_STEPS),
            )
            for row in by_id[name]
        ),
    )


def _ratio(value: float | None, overall: float | None) -> float | None:
    """Give a value over that of everyone, where both are amounts."""
    if value is None or overall is None or value < 0 or overall <= 0:
        return None
    return value / overall


def _shade(effect: float, steps: tuple[float, float]) -> int:
    """Count the steps that an effect reaches, with its sign."""
    return int(math.copysign(sum(abs(effect) >= step for step in steps), effect))


def _lift_shade(row: Row) -> int:
    """Shade a share by its lift, where it is surely no chance."""
    lift, p_value = _number(row["lift"]), _number(row["p_adjusted"])
    if lift is None or p_value is None or p_value >= _SURE:
        return 0
    steps = (math.log(_LIFT_STEPS[0]), math.log(_LIFT_STEPS[1]))
    return _shade(math.log(max(lift, 1e-9)), steps)


def _mix(rows: Query, ids: list[str], where: str) -> dict[str, list[Row]]:
    """Read the shares of the levels of the attributes that a condition names, by attribute."""
    found: dict[str, list[Row]] = {}
    for row in rows(
        "select mix.* from rpt_segment_mix as mix inner join dim_attributes as attributes "
        f"using (attribute) where list_contains(?, segmentation_id) and {where} "
        "order by attribute, segmentation_id, segment_id, level",
        ids,
    ):
        found.setdefault(row["attribute"], []).append(row)
    return found


def _categories(rows: Query, ids: list[str]) -> dict[str, tuple[Category, ...]]:
    """Choose the categories of every theme that separate the segments most."""
    found = _mix(rows, ids, "role in ('ordinal', 'nominal', 'high_cardinality')")
    chosen: dict[str, list[str]] = {theme: [] for theme in (*THEMES, "")}
    for attribute in sorted(found, key=lambda name: (-_association(found[name]), name)):
        theme = chosen.setdefault(found[attribute][0]["theme"] or "", [])
        unknown = max(
            (row["share_overall"] for row in found[attribute] if row["is_unknown"]), default=0
        )
        if len(theme) < _CATEGORIES_OF_A_THEME and unknown <= 1 - _LEAST_KNOWN_CATEGORY:
            theme.append(attribute)
    names = [attribute for items in chosen.values() for attribute in items]
    return {
        segmentation: tuple(
            _category([row for row in found[name] if row["segmentation_id"] == segmentation])
            for name in names
        )
        for segmentation in ids
    }


def _association(rows: Iterable[Row]) -> float:
    """Chi-squared over the customers, summed over segmentations."""
    return math.fsum(
        row["customers"]
        / row["share_of_segment"]
        * (row["share_of_segment"] - row["share_overall"]) ** 2
        / row["share_overall"]
        for row in rows
        if row["share_of_segment"] > 0 and row["share_overall"] > 0
    )


def _category(rows: list[Row]) -> Category:
    """Give one category of one segmentation."""
    by_segment: dict[str, list[Row]] = {}
    for row in rows:
        by_segment.setdefault(row["segment_id"], []).append(row)
    first = next(iter(by_segment.values()))
    return Category(
        attribute=rows[0]["attribute"],
        label=_label(rows[0], "attribute"),
        theme=rows[0]["theme"] or "",
        overall=tuple(
            Level(_label(row, "level"), row["share_overall"], None, 0)
            for row in _commonest(first, "share_overall")
        ),
        levels=tuple(
            tuple(
                Level(
                    _label(row, "level"),
                    row["share_of_segment"],
                    _number(row["lift"]),
                    _lift_shade(row),
                )
                for row in _commonest(items, "share_of_segment")
            )
            for items in by_segment.values()
        ),
        overall_unknown=math.fsum(row["share_overall"] for row in first if row["is_unknown"]),
        unknown=tuple(
            math.fsum(row["share_of_segment"] for row in items if row["is_unknown"])
            for items in by_segment.values()
        ),
    )


def _commonest(rows: list[Row], share: str) -> list[Row]:
    """Give the known levels with the largest shares."""
    known = [row for row in rows if not row["is_unknown"] and row[share] > 0]
    return sorted(known, key=lambda row: (-row[share], row["level"]))[:LEVELS_OF_A_CATEGORY]


def _risks(rows: Query, ids: list[str]) -> dict[str, tuple[Figure, ...]]:
    """Give the shares of customers that raise each risk flag."""
    found = _mix(rows, ids, "attributes.theme = 'risk' and data_type = 'flag' and level = '1'")
    risks: dict[str, list[Figure]] = {name: [] for name in ids}
    for items in found.values():
        for name in ids:
            own = [row for row in items if row["segmentation_id"] == name]
            risks[name].append(
                Figure(
                    attribute=own[0]["attribute"],
                    label=_label(own[0], "attribute"),
                    theme="risk",
                    unit="flag",
                    is_share=True,
                    statistic="share",
                    overall=own[0]["share_overall"],
                    values=tuple(
                        Value(row["share_of_segment"], _number(row["lift"]), _lift_shade(row))
                        for row in own
                    ),
                )
            )
    return {name: tuple(items) for name, items in risks.items()}
