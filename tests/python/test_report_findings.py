"""Sentences of the report say what the numbers say, and nothing that is so by definition."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from segmentation.report import charts, findings, marts
from segmentation.report.formats import Text, isolate
from segmentation.report.marts import Segmentation


def level(name: str, share: float, overall: float, p: float = 0.001, **more: Any) -> dict[str, Any]:
    return {
        "segment_id": "S05",
        "attribute": "category",
        "attribute_zh": "品类",
        "attribute_en": "Category",
        "level": name,
        "level_zh": name,
        "level_en": name,
        "is_unknown": name == "unknown",
        "share_of_segment": share,
        "share_overall": overall,
        "lift": share / overall,
        "p_adjusted": p,
        **more,
    }


def kpi(attribute: str, effect: float | None, segment: str = "S05", **more: Any) -> dict[str, Any]:
    return {
        "segment_id": segment,
        "attribute": attribute,
        "attribute_zh": attribute,
        "attribute_en": attribute,
        "unit": "days",
        "median": 1.0,
        "effect_size_transformed": effect,
        "is_usable": True,
        **more,
    }


def axis(name: str, score: float | None, segment: str = "S01") -> dict[str, Any]:
    return {
        "segment_id": segment,
        "axis": name,
        "axis_zh": f"{name}维",
        "axis_en": name.capitalize(),
        "score": score,
    }


def bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


class TestTypicalLevels:
    def test_mostly_unknown_is_not_alike(self) -> None:
        rows = [level("clothing", 0.066, 0.154), level("unknown", 0.635, 0.337)]
        said = findings.typical_of_one(rows, rows)
        assert said.zh == f"{isolate('品类')}：未知，63.5%（全体 33.7%）"
        assert bare(said.en) == "Category: unknown for 63.5%, against 33.7% of everyone"

    def test_less_often_where_nothing_is_more_frequent(self) -> None:
        rows = [level("clothing", 0.066, 0.154), level("toys", 0.12, 0.12, p=0.9)]
        said = findings.typical_of_one(rows, rows)
        assert bare(said.zh) == "品类：「clothing」较少，占 6.6%，全体为 15.4%"
        assert bare(said.en) == "Category: only 6.6% are “clothing”, against 15.4% of everyone"

    def test_a_known_level_comes_before_unknown(self) -> None:
        rows = [level("toys", 0.3, 0.2), level("unknown", 0.6, 0.3)]
        assert "30.0% are “toys”" in bare(findings.typical_of_one(rows, rows).en)

    def test_alike_only_where_no_level_differs(self) -> None:
        alike = [level("toys", 0.3, 0.31, p=0.4)]
        rare = level("pets", 0.02, 0.01)
        assert "much like everyone" in findings.typical_of_one(alike, alike).en
        assert "rare levels only" in findings.typical_of_one(alike, [*alike, rare]).en
        assert "much the same everywhere" in findings.typical_of_all(alike).en

    def test_of_all_names_the_segment(self) -> None:
        said = findings.typical_of_all([level("clothing", 0.543, 0.154)])
        assert bare(said.zh) == "品类：S05 的「clothing」占 54.3%，全体为 15.4%"
        assert bare(said.en) == "Category: 54.3% of S05 are “clothing”, against 15.4% of everyone"


class TestEffects:
    rows = (kpi("concentration", 1.9, is_usable=False), kpi("idle", 1.2), kpi("ads", -0.7))

    def test_what_is_so_by_definition_is_not_said(self) -> None:
        for said in (
            findings.in_short(self.rows),
            findings.most_striking(self.rows),
            findings.widest_difference(self.rows),
        ):
            assert "concentration" not in said.en
            assert "idle" in said.en

    def test_nor_drawn(self) -> None:
        segments = [{"segment_id": "S05", "name_zh": "群", "name_en": "Group"}]
        chart = charts.heat_map("heat", segments, self.rows, findings.widest_difference(self.rows))
        assert chart.data[0]["z"] == [[None], [1.2], [-0.7]]


class TestPentagon:
    def test_weak_is_below_average(self) -> None:
        above = findings.strongest_axes([axis("scale", 87), axis("loyalty", 54)])
        below = findings.strongest_axes([axis("scale", 30), axis("activity", 18)])
        both = findings.strongest_axes([axis("scale", 70), axis("activity", 30)])
        assert "Nowhere below average" in above.en
        assert "weak in" not in above.en
        assert "Nowhere above average" in below.en
        assert "Strong in" not in below.en
        assert bare(both.en) == "Strong in scale (70), weak in activity (30)"

    def test_nobody_leads_alone(self) -> None:
        themes = [
            axis("scale", 60),
            axis("scale", 40, "S02"),
            axis("loyalty", 35),
            axis("loyalty", None, "S02"),
        ]
        segments = [{"segment_id": "S01"}, {"segment_id": "S02"}]
        said = findings.leaders(segments, themes)
        assert bare(said.en) == "S01 leads on 1 of the 1 axes that can be compared: scale"

    def test_an_axis_that_is_missing_leaves_no_area(self) -> None:
        segments = [{"segment_id": "S01", "name_zh": "群", "name_en": "Group"}]
        title = findings.strongest_axes([axis("scale", 60)])
        for score, fill in ((None, "none"), (40, "toself")):
            themes = [axis("scale", 60), axis("loyalty", score)]
            chart = charts.radar("radar", segments, segments, themes, title)
            assert chart.data[1]["fill"] == fill


class TestBoxes:
    attributes = {"idle": {"unit": "days", "valid_max": None}}  # noqa: RUF012

    def test_the_first_is_so_many_times_the_second(self) -> None:
        rows = [kpi("idle", 0, name, median=days) for name, days in (("S01", 2), ("S05", 296))]
        said = findings.highest_and_lowest(rows, self.attributes)
        assert "最高的是 S05，296 天；最低的是 S01，2 天，前者是后者的 148 倍" in said.zh

    def test_a_tie_names_all(self) -> None:
        medians = (("S01", 2), ("S04", 2), ("S05", 296))
        rows = [kpi("idle", 0, name, median=days) for name, days in medians]
        said = findings.highest_and_lowest(rows, self.attributes)
        assert "最低的是 S01、S04" in said.zh
        assert "(S01, S04)" in said.en


class TestMap:
    @pytest.mark.parametrize("n", [2, 10])
    def test_labels_do_not_cover_each_other(self, n: int) -> None:
        segments = [{"segment_id": f"S{place:02}"} for place in range(n)]
        cells = [{"x": x, "y": y} for x in (-5.0, 5.0) for y in (-3.0, 5.0)]
        centres = {row["segment_id"]: (0.1 * i, 0.05 * i) for i, row in enumerate(segments)}
        labels = charts._map_labels(segments, centres, cells)
        heights = sorted(label["ay"] for label in labels)
        assert len(labels) == n
        assert min(b - a for a, b in itertools.pairwise(heights)) > 0.45


def test_segments_of_the_first_iteration_have_ids_of_their_own() -> None:
    row = {"segment_id": "S02", "label_zh": "弱于S01「S010」", "label_en": "Worse than S01"}
    parts: dict[str, Any] = {name: [] for name in Segmentation.__annotations__}
    shown = Segmentation(
        **{
            **parts,
            "about": {"segmentation_id": "S01"},
            "segments": [{"segment_id": "S01"}, {"segment_id": "S02"}],
            "labels": [row],
            "examples": [{"segment_id": "S02", "customer_id": "S01"}],
        }
    )
    found = marts.with_ids_of_its_own(shown)
    assert found.about == {"segmentation_id": "S01"}
    assert found.labels == [
        {"segment_id": "G02", "label_zh": "弱于G01「S010」", "label_en": "Worse than G01"}
    ]
    assert found.examples == [{"segment_id": "G02", "customer_id": "S01"}]
    assert charts.colour_name(found.segments, "G02") == "g1"
    assert charts.colour_name(shown.segments, "S02") == "s1"


def test_no_formula_between_two_dollars() -> None:
    assert "$" not in charts.both(Text("$1，$2", "$1, all $2"))["en"]


def test_isolates_take_no_room() -> None:
    assert "<br>" not in charts.label(isolate("月均消耗金额"), width=12)["zh"]
