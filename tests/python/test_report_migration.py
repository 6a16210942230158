"""What the report says of two snapshots, from a few rows."""

from __future__ import annotations

import datetime
import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from segmentation.report import flow_charts, migration
from segmentation.report.flow_charts import LEFT, NEW
from segmentation.report.formats import as_said, same
from segmentation.report.marts import History

FIRST, SECOND, THIRD = (
    datetime.date(2025, 7, 28),
    datetime.date(2025, 10, 28),
    datetime.date(2026, 1, 28),
)


def bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def move(
    source: str | None,
    target: str | None,
    customers: int,
    by_model: int = 0,
    dates: tuple[Any, Any] = (FIRST, SECOND),
    **more: Any,
) -> dict[str, Any]:
    if source is None:
        movement = "entered"
    elif target is None:
        movement = "left"
    else:
        movement = "stayed" if source == target else "moved"
    return {
        "from_date": dates[0],
        "to_date": dates[1],
        "movement": movement,
        "from_segment_id": source,
        "to_segment_id": target,
        "customers": customers,
        "moved_by_customer": customers - by_model if movement == "moved" else 0,
        "moved_by_model": by_model,
        "transition_probability": None if source is None else customers / 100,
        "is_refit": False,
        **more,
    }


MOVES = [
    move("S01", "S01", 70),
    move("S01", "S02", 20, by_model=5),
    move("S01", None, 10),
    move("S02", "S01", 4),
    move("S02", "S02", 96),
    move(None, "S02", 7),
]


def size(
    name: str, date: datetime.date, customers: int, value: float, **more: Any
) -> dict[str, Any]:
    return {
        "as_of_date": date,
        "segment_id": name,
        "name_zh": f"群{name}",
        "name_en": f"Group {name}",
        "customers": customers,
        "segment_value": value,
        "growth": None,
        "retention_rate": None,
        **dict.fromkeys(("stayed", "moved_in", "entered", "moved_out", "customers_left")),
        **more,
    }


def marts(**more: Any) -> Any:
    history: dict[str, Any] = {
        "dates": [FIRST, SECOND],
        "trends": [
            size("S01", FIRST, 100, 1000.0),
            size("S02", FIRST, 100, 200.0),
            size("S01", SECOND, 74, 800.0, growth=-0.26),
            size("S02", SECOND, 123, 210.0, growth=0.23),
        ],
        "migrations": MOVES,
        "lineage": [],
        "changes": [],
        "drift": [],
        "advice": None,
        "top": size("S01", FIRST, 100, 1000.0),
        "calls": [],
        "all_calls": 0,
        "value_lost": 0.0,
    }
    segments = [
        {"segment_id": name, "name_zh": f"群{name}", "name_en": f"Group {name}"}
        for name in ("S01", "S02")
    ]
    return SimpleNamespace(
        final=SimpleNamespace(about={"value_attribute": "spend"}, segments=segments, mix=[]),
        attributes={
            "spend": {
                "label_zh": "消耗",
                "label_en": "Spend",
                "unit": "usd",
                "valid_max": None,
            }
        },
        history=History(**{**history, **more}),
    )


class TestWhoMoved:
    def test_all_are_counted_once(self) -> None:
        said = migration.who_moved(marts(), MOVES)
        assert "Of the 200 customers of 2025-07-28" in said.en
        assert "166 (83.0%) are still in their segment, 24 (12.0%) are in another" in said.en
        assert "10 (5.0%) are no longer in the customer file; 7 customers are new." in said.en
        assert "same model" in said.en
        facts = {fact.figure: fact.value for fact in said.facts}
        assert facts == {"stayed": 166, "moved": 24, "left": 10, "entered": 7}

    def test_a_refit_says_whether_customer_or_model_moved(self) -> None:
        rows = [{**row, "is_refit": True} for row in MOVES]
        said = migration.who_moved(marts(), rows)
        assert "19 have changed, and 5 moved only because the new model" in said.en
        assert "19 位是自身变化，5 位只因新模型" in said.zh

    @pytest.mark.parametrize(
        ("sizes", "said"),
        [
            ([], "No customer went"),
            ([3], "The most frequent move is from S00 to S99: 3 customers"),
            (
                [1, 1],
                "The most frequent moves are from S00 to S99 and from S01 to S99: 1 customer each",
            ),
            ([2, 2, 2, 1], "Those who moved went 4 ways, at most 2 customers each"),
        ],
    )
    def test_the_most_frequent_move_is_one(self, sizes: list[int], said: str) -> None:
        rows = [move(f"S{place:02}", "S99", n) for place, n in enumerate(sizes)]
        assert migration.largest_flow(rows).en.startswith(said)

    def test_why_they_left_names_no_cause_of_nobody(self) -> None:
        assert migration.why_left(MOVES).en == (
            "34 customers left their segment: 19 changed, 5 moved with the model only, "
            "10 are no longer in the customer file"
        )
        assert "model" not in migration.why_left([move("S01", "S02", 3)]).en


class TestRetention:
    def test_most_and_fewest(self) -> None:
        assert migration.retention(MOVES).en == (
            "S02 has kept the largest share of its customers (96.0%), S01 the smallest (70.0%)"
        )

    def test_a_segment_that_is_no_more_has_not_lost_its_customers(self) -> None:
        rows = [move("S01", "S01", 90), move("S02", "S01", 100), move("S03", "S03", 80)]
        said = migration.retention(rows)
        assert said.en.endswith("S03 the smallest (80.0%); S02 is no more")
        assert said.zh.endswith("S02 不再存在")

    def test_nobody_stayed(self) -> None:
        assert "still there" in migration.retention([move("S01", "S02", 100)]).en

    def test_all_alike(self) -> None:
        rows = [move(name, name, 100) for name in ("S01", "S02")]
        assert migration.retention(rows).en == "Every segment has kept 100.0% of its customers"


class TestGrowth:
    @pytest.mark.parametrize(
        ("growth", "said"),
        [
            (
                {"S01": 0.1, "S02": -0.2},
                "S01 has grown most in x (+10.0%), S02 has shrunk most (−20.0%)",
            ),
            ({"S01": 0.1, "S02": 0.0}, "S01 has grown most in x (+10.0%); no segment has shrunk"),
            ({"S01": 0.0, "S02": -0.2}, "S02 has shrunk most in x (−20.0%); no segment has grown"),
            ({"S01": 0.0}, "No segment has changed in x"),
            ({}, "x: no segment to compare"),
        ],
    )
    def test_only_what_grew_has_grown(self, growth: dict[str, float], said: str) -> None:
        assert migration.growth_finding(growth, same("x")).en == said

    def test_value_against_the_snapshot_before(self) -> None:
        shown = marts()
        now = shown.history.trends[2]
        assert migration.value_growth(shown, now) == pytest.approx(-0.2)
        assert migration.value_growth(shown, shown.history.trends[0]) is None

    def test_labels_stand_apart_and_within(self) -> None:
        ends = {f"S{place:02}": 100.0 + place / 10 for place in range(10)}
        placed = sorted(flow_charts._apart(ends, (0.0, 102.0), 240).values())
        step = flow_charts.LABEL_HEIGHT * 102 / 240
        assert min(b - a for a, b in itertools.pairwise(placed)) >= step - 1e-9
        assert placed[-1] <= 102

    def test_a_segment_is_drawn_while_it_is_there(self) -> None:
        trends = [*marts().history.trends, size("S03", FIRST, 9, 1.0), size("S03", SECOND, 0, 0.0)]
        shown = marts(trends=trends)
        lines = migration._growth(shown, migration.known_segments(shown))[0]
        assert [line["y"] for line in lines.data] == [[100.0, 74.0], [100.0, 123.0], [100.0]]
        assert len(lines.layout["annotations"]) == 2


class TestFlows:
    rows = (
        *MOVES,
        move("S01", "S01", 74, dates=(SECOND, THIRD)),
        move("S02", "S02", 100, dates=(SECOND, THIRD)),
        move("S02", None, 23, dates=(SECOND, THIRD)),
        move(None, "S03", 5, dates=(SECOND, THIRD)),
    )

    def test_blocks_are_as_high_as_what_flows_through(self) -> None:
        nodes = flow_charts._nodes([FIRST, SECOND, THIRD], self.rows)
        found = {key: node.customers for key, node in nodes.items()}
        assert found == {
            **{(0, "S01"): 100, (0, "S02"): 100, (0, NEW): 7},
            **{(1, "S01"): 74, (1, "S02"): 123, (1, LEFT): 10, (1, NEW): 5},
            **{(2, "S01"): 74, (2, "S02"): 100, (2, "S03"): 5, (2, LEFT): 23},
        }
        assert len({round(node.height / node.customers, 9) for node in nodes.values()}) == 1
        assert max(node.top + node.height for node in nodes.values()) <= flow_charts.FLOW_HEIGHT

    def test_bands_fill_their_blocks(self) -> None:
        segments = [
            {"segment_id": name, "name_zh": "群", "name_en": "Group"}
            for name in ("S01", "S02", "S03")
        ]
        chart = flow_charts.alluvial(
            "flows", segments, [FIRST, SECOND, THIRD], self.rows, as_said("")
        )
        bands, blocks = chart.data[:-1], chart.data[-1]
        assert len(bands) == len(chart.table.rows) == len(self.rows)
        scale = blocks["y"][0] / 100
        heights = [band["y"][-1] - band["y"][0] for band in bands]
        expected = sorted(scale * row["customers"] for row in self.rows)
        assert sorted(heights) == pytest.approx(expected, abs=0.2)
        assert {band["fillcolor"]["$"] for band in bands} == {"s0", "s1", "unknown"}

    def test_matrix_leaves_out_what_nobody_did(self) -> None:
        chart = flow_charts.matrix(
            "matrix", marts().final.segments, MOVES, migration.retention(MOVES)
        )
        assert chart.data[0]["z"] == [[0.7, 0.2, 0.1], [0.04, 0.96, None], [None, None, None]]
        texts = [note["text"]["en"] for note in chart.layout["annotations"]]
        assert texts[0].startswith("70.0%<br>")
        assert texts[-1] == "7"
        assert len(texts) == len(MOVES)


def event(name: str, **more: Any) -> dict[str, Any]:
    return {
        "as_of_date": SECOND,
        "previous_as_of_date": FIRST,
        "event": name,
        "segment_id": "S03",
        "name_zh": "三",
        "name_en": "Three",
        "from_segment_id": "S01",
        "from_name_zh": "一",
        "from_name_en": "One",
        "customers": 40,
        "from_customers": 100,
        "common_customers": 30,
        "share_of_previous": 0.3,
        "share_of_segment": 0.75,
        "inputs_added": None,
        "inputs_removed": None,
        **more,
    }


class TestLineage:
    def test_without_a_refit_nothing_became_of_them(self) -> None:
        first = event("born", as_of_date=FIRST, previous_as_of_date=None)
        (said,) = migration.lineage(marts(lineage=[first]))
        assert "not fitted anew" in said.en

    def test_every_event_has_its_numbers(self) -> None:
        nobody = {"segment_id": None, "name_zh": None, "name_en": None, "customers": None}
        nothing = {"from_segment_id": None, "from_name_zh": None, "from_name_en": None}
        rows = [
            event("survived"),
            event("retired", **nobody),
            event("absorbed"),
            event("born", **nothing),
            event("split"),
        ]
        said = [bare(one.en) for one in migration.lineage(marts(lineage=rows))]
        assert said == [
            "S03 “Three” has split off from S01 “One”: 30 of its 40 customers (75.0%) were there.",
            "S03 “Three” is new, with 40 customers; no segment of before makes up half of it.",
            "S01 “One” has become part of S03 “Three”: of its customers who are still in the "
            "customer file, 30 (30.0%) are there now.",
            "S01 “One” is no more: its 100 customers went several ways; no segment has half of "
            "those who are still in the customer file.",
            "S03 “Three” lives on: of its customers of then who are still in the customer file, "
            "30.0% are in it; it has 40 customers now, 100 then. It was called S01 “One”.",
        ]

    def test_new_inputs_are_named_by_their_labels(self) -> None:
        rows = [event("survived", inputs_added="spend, other", from_name_zh="三")]
        said = [bare(one.en) for one in migration.lineage(marts(lineage=rows))]
        assert said[1:] == ["The new model uses more: spend, other."]


def change(attribute: str, **more: Any) -> dict[str, Any]:
    return {
        "from_segment_id": "S01",
        "to_segment_id": "S02",
        "attribute": attribute,
        "attribute_zh": attribute,
        "attribute_en": attribute,
        "customers": 20,
        "median_before": 120.0,
        "median_after": 30.0,
        "level_before": None,
        "level_after": None,
        "change": -1.5,
        "change_of_stayers": 0.0,
        "change_rank": 1,
        **more,
    }


class TestChanges:
    def test_medians_levels_and_what_is_not_worth_a_word(self) -> None:
        level = {"median_before": None, "median_after": None, "change": 0.6}
        rows = [
            change("spend"),
            change("media", level_before="Google", level_after="unknown", **level),
            change("days", median_before=3.0, median_after=3.0, change=-0.44),
            change("ads", change=0.3, change_of_stayers=0.25),
        ]
        (said,) = migration.changes(marts(changes=rows), MOVES)
        assert bare(said.en) == (
            "S01 → S02 (20 customers): median spend from $120 to $30; media is another for 60%, "
            "the most frequent from “Google” to “unknown”; days down by 0.4 standard deviations "
            "on average."
        )

    def test_who_was_moved_by_the_model_has_not_changed(self) -> None:
        rows = [move("S01", "S02", 20, by_model=20)]
        assert migration.changes(marts(changes=[change("spend")]), rows) == []


class TestCalls:
    call: Any = {  # noqa: RUF012
        "customer_id": "c1",
        "from_segment_id": "S01",
        "to_segment_id": None,
        "to_name_zh": None,
        "to_name_en": None,
        "reason": "left",
        "value_before": 500.0,
        "value_after": 0.0,
        "value_lost": 500.0,
    }

    def test_who_left_the_file_has_no_spend_now(self) -> None:
        shown = marts(calls=[self.call], all_calls=1, value_lost=500.0)
        table = migration._calls_table(shown)
        assert table is not None
        assert [bare(cell.en) for cell in table.rows[0]] == [
            *("c1", "$500", "$500", "—", "—", "no longer in the file")
        ]
        said = bare(migration.calls_finding(shown, MOVES).en)
        assert "30 customers have left it since, 1 of them with less spend" in said
        assert "together $500 less" in said
        assert "the first 20" not in said

    def test_nobody_to_call(self) -> None:
        said = bare(migration.calls_finding(marts(), MOVES).en)
        assert said.endswith("but none of them with less spend than before.")
        stayed = migration.calls_finding(marts(), [move("S01", "S01", 100)])
        assert stayed.en.endswith("Nobody has left it since.")


class TestDrift:
    @staticmethod
    def row(attribute: str, verdict: str, *, is_input: bool = True) -> dict[str, Any]:
        return {
            "attribute": attribute,
            "attribute_zh": f"指标 {attribute}",
            "attribute_en": attribute,
            "verdict": verdict,
            "verdict_zh": "结论",
            "verdict_en": verdict,
            "is_model_input": is_input,
            "psi": None if verdict == "new" else 0.3,
            "training_unknown_share": None if verdict == "new" else 0.1,
            "unknown_share": 0.2,
            "unseen_customers": 12 if attribute == "media" else 0,
            "action_zh": "看",
            "action_en": "Look",
        }

    def test_stable_is_one_sentence(self) -> None:
        shown = marts(drift=[self.row("spend", "stable"), self.row("gone", "absent")])
        assert migration._drift_table(shown) is None
        assert migration.drift_finding(shown).en.startswith("All 1 attributes")

    def test_what_drifted_is_listed(self) -> None:
        rows = [
            self.row("spend", "major"),
            self.row("satisfaction", "new", is_input=False),
            self.row("days", "stable"),
            self.row("media", "stable"),
        ]
        shown = marts(drift=rows)
        said = migration.drift_finding(shown).en
        assert said.startswith("2 of 4 attributes")
        assert "1 of these is clustered on" in said
        table = migration._drift_table(shown)
        assert table is not None
        assert [bare(row[0].en) for row in table.rows] == ["spend", "satisfaction", "media"]
        assert [cell.en for cell in table.rows[1][1:5]] == ["new", "—", "no", "—"]


def test_the_first_snapshot_has_no_moves() -> None:
    assert migration.migration_part(marts(dates=[SECOND])) is None
