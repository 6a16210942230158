"""Read what the report shows: marts only, and of customers only sums and a few examples."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import duckdb

from segmentation.builds import is_unfinished
from segmentation.database_faults import open_to_read
from segmentation.errors import InputError
from segmentation.texts import clean

Row = dict[str, Any]

TWO_GROUPS = "agglomerative_k2"
"""The segmentation of the first iteration."""

PAIR_PREFIX = "G"
"""Its segments are shown as G01 and G02: S01 and S02 are those of the final segmentation."""

COLUMNS = {
    "dim_attributes": "attribute, label_zh, label_en, definition_zh, definition_en, data_type, "
    "role, theme, theme_zh, theme_en, transform, unit, missing_policy, valid_min, valid_max, "
    "derivation, is_in_file, in_feature_set_a, in_feature_set_b",
    "dim_segmentations": "segmentation_id, method, k, is_final, customers, value_attribute, "
    "min_jaccard, is_supported, unsupported_zh, unsupported_en",
    "dim_segments": "segment_id, name_zh, name_en, customers, customer_share, segment_value, "
    "spend_share, mean_silhouette, jaccard, stability, persona_zh, persona_en, "
    "is_provisional, is_overridden",
    "rpt_attribute_diagnostics": "attribute, label_zh, label_en, is_in_file, missing_share, "
    "zero_share, skewness, skewness_log1p, is_right_skewed, unreadable_values, "
    "unreadable_examples, out_of_range_values, out_of_range_examples, flag_disagreements, "
    "flag_contradictions, reason_zh, reason_en",
    "rpt_build_log": "build_id, build_number, started_at, code_version",
    "rpt_build_parameters": "parameter, kind, value, label_zh, label_en",
    "rpt_customer_map": "segment_id, map_column, map_row, x, y, customers",
    "rpt_dictionary_alignment": "field, label_zh, label_en, verdict",
    "rpt_famd_axes": "axis, inertia_share",
    "rpt_famd_contributions": "axis, attribute, attribute_zh, attribute_en, level, level_zh, "
    "level_en, coordinate, contribution",
    "rpt_feature_drift": "attribute, attribute_zh, attribute_en, is_model_input, psi, "
    "training_unknown_share, unknown_share, unseen_customers, verdict, verdict_zh, verdict_en, "
    "action_zh, action_en",
    "rpt_file_rows": "outcome, is_kept, file_rows, share_of_rows",
    "rpt_k_decision": "k, computed_k, planned_k_min, planned_k_max, support, is_override, "
    "override_reason, reason_zh, reason_en",
    "rpt_k_selection": "method, k, elbow, criterion, value, std_error, weight, contribution, "
    "verdict, verdict_zh",
    "rpt_method_agreement": "other_segmentation_id, k, adjusted_rand",
    "rpt_migration_attributes": "from_segment_id, to_segment_id, attribute, attribute_zh, "
    "attribute_en, customers, median_before, median_after, level_before, level_after, change, "
    "change_of_stayers, change_rank",
    "rpt_persona_cards": "segment_id, dimension, dimension_en, text_zh, text_en",
    "rpt_refit_advice": "advice, advice_zh, advice_en, reason_zh, reason_en",
    "rpt_rule_conditions": "leaf, condition, condition_sql, condition_zh, condition_en",
    "rpt_segment_departures": "customer_id, from_segment_id, from_name_zh, from_name_en, "
    "to_segment_id, to_name_zh, to_name_en, reason, value_before, value_after, value_lost",
    "rpt_segment_examples": "segment_id, kind, example_rank, customer_id, runner_up_segment_id, "
    "figures_zh, figures_en",
    "rpt_segment_kpis": "segment_id, attribute, attribute_zh, attribute_en, theme, unit, mean, "
    "median, std_dev, p05, p25, p75, p95, overall_mean, overall_median, index_vs_overall, "
    "effect_size_transformed, is_usable",
    "rpt_segment_labels": "segment_id, compared_with, label_zh, label_en",
    "rpt_segment_lineage": "as_of_date, previous_as_of_date, event, event_zh, segment_id, name_zh, "
    "name_en, from_segment_id, from_name_zh, from_name_en, customers, from_customers, "
    "common_customers, share_of_previous, share_of_segment, inputs_added, inputs_removed",
    "rpt_segment_migrations": "from_date, to_date, movement, from_segment_id, from_name_zh, "
    "from_name_en, to_segment_id, to_name_zh, to_name_en, customers, moved_by_customer, "
    "moved_by_model, transition_probability, value_before, value_after, is_refit",
    "rpt_segment_mix": "segment_id, attribute, attribute_zh, attribute_en, theme, level, "
    "level_order, level_zh, level_en, is_unknown, customers, share_of_segment, share_overall, "
    "lift, p_adjusted",
    "rpt_segment_playbooks": "segment_id, label_zh, label_en, goal_zh, goal_en, action_zh, "
    "action_en, kpi_zh, kpi_en, kpi_is_share, kpi_value_zh, kpi_value_en, kpi_overall_value_zh, "
    "kpi_overall_value_en",
    "rpt_segment_rules": "leaf, tree, segment_id, predicate_sql, rule_zh, rule_en, customers, "
    "precision, recall, lift, is_golden, golden_rank, is_corroborated, contradiction_zh, "
    "contradiction_en, discovery_zh, discovery_en",
    "rpt_segment_themes": "segment_id, axis, axis_zh, axis_en, score",
    "rpt_segment_trees": "segment_id, tree, is_used, precision, recall",
    "rpt_segment_trends": "as_of_date, segment_id, name_zh, name_en, customers, customer_share, "
    "segment_value, spend_share, previous_customers, stayed, moved_out, customers_left, moved_in, "
    "entered, retention_rate, growth",
}
"""What the report and the workbook read of every mart."""

MOST_CALLS = 20
"""So many customers to call are read at once."""

_BATCH = 5_000
"""Rows that are fetched at once."""

REMEDY = (
    "run dbt build with this version of the project, and publish again if it is a published copy"
)


@dataclass(frozen=True)
class Segmentation:
    """What the marts say about one candidate segmentation.

    Attributes
    ----------
    about : dict
        Its row of dim_segmentations.
    segments : list of dict
        dim_segments, by segment_id.
    cards, labels, playbooks, examples, kpis, mix, rules, conditions, trees, themes, cells : list
        The rows of the marts that are about it.
    """

    about: Row
    segments: list[Row]
    cards: list[Row]
    labels: list[Row]
    playbooks: list[Row]
    examples: list[Row]
    kpis: list[Row]
    mix: list[Row]
    rules: list[Row]
    conditions: list[Row]
    trees: list[Row]
    themes: list[Row]
    cells: list[Row]


@dataclass(frozen=True)
class History:
    """What the marts say about the snapshots, up to that of the build.

    Attributes
    ----------
    dates : list of date
        The snapshots, from the earliest on.
    trends, migrations, lineage : list of dict
        The rows of the marts of those names.
    changes : list of dict
        rpt_migration_attributes of the last snapshot.
    drift : list of dict
        rpt_feature_drift of the last snapshot.
    advice : dict or None
        rpt_refit_advice.
    top : dict or None
        The segment with the largest value at the snapshot before the last, from rpt_segment_trends.
    calls : list of dict
        Customers who have left it since and bring less now, the largest loss first; the first
        `MOST_CALLS` rows of rpt_segment_departures.
    all_calls : int
        How many there are.
    value_lost : float
        What all of them bring less.
    """

    dates: list[Any]
    trends: list[Row]
    migrations: list[Row]
    lineage: list[Row]
    changes: list[Row]
    drift: list[Row]
    advice: Row | None
    top: Row | None
    calls: list[Row]
    all_calls: int
    value_lost: float


@dataclass(frozen=True)
class Marts:
    """All that the report shows.

    Attributes
    ----------
    final : Segmentation
        What is delivered.
    two_groups : Segmentation or None
        The first iteration; None where it is the final one or was not computed.
    decision : dict or None
        rpt_k_decision.
    candidates, selection, agreement : list of dict
        dim_segmentations, rpt_k_selection, rpt_method_agreement (of the final segmentation).
    attributes : dict
        dim_attributes by attribute, in the order of the data dictionary.
    diagnostics, alignment, file_rows, axes, contributions, parameters : list of dict
        The marts of those names.
    borderline : dict
        Customers near another segment, by segment_id.
    history : History
    as_of_date : date
    build : dict or None
        The last build that ended well and gave customers their segments, from rpt_build_log; also
        `build.json` beside the exports names it.
    is_unfinished : bool
        Whether the last build did not end well, so that the marts may not fit together.
    """

    final: Segmentation
    two_groups: Segmentation | None
    decision: Row | None
    candidates: list[Row]
    selection: list[Row]
    agreement: list[Row]
    attributes: dict[str, Row]
    diagnostics: list[Row]
    alignment: list[Row]
    file_rows: list[Row]
    axes: list[Row]
    contributions: list[Row]
    parameters: list[Row]
    borderline: dict[str, int]
    history: History
    as_of_date: Any
    build: Row | None
    is_unfinished: bool


def read_marts(database: Path) -> Marts:
    """Read the marts of a build, or of a published copy of one.

    Parameters
    ----------
    database : Path
        A DuckDB file.

    Raises
    ------
    InputError
        When there is no such file, it cannot be opened, or a mart or a column of it is not there.
    """
    with open_marts(database) as reader:
        return reader.read()


@contextmanager
def open_marts(database: Path) -> Iterator[Reader]:
    """Open a build, or a published copy of one, to read its marts.

    Parameters
    ----------
    database : Path
        A DuckDB file.

    Raises
    ------
    InputError
        When there is no such file, or it cannot be opened.
    """
    with open_to_read(database) as connection:
        yield Reader(connection, database)


class Reader:
    """Reads marts of one database; text comes without control characters.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    database : Path
        For messages.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: Path) -> None:
        self._connection = connection
        self._database = database

    def read(self) -> Marts:
        """Read all that the report shows."""
        candidates = self.table("dim_segmentations", "method, k")
        final = [row for row in candidates if row["is_final"]]
        if not final:
            raise InputError(
                f"{self._database} holds no final segmentation (dim_segmentations.is_final); "
                f"{REMEDY}."
            )
        final_id = final[0]["segmentation_id"]
        others = [
            row
            for row in candidates
            if row["segmentation_id"] == TWO_GROUPS and row["segmentation_id"] != final_id
        ]
        decisions = self.table("rpt_k_decision", "k")
        (as_of,) = self.rows(
            "select max(as_of_date) as as_of_date from fct_customer_segments",
            "fct_customer_segments",
        )
        borderline = self.rows(
            "select segment_id, count(*) filter (where is_borderline) as customers "
            "from fct_customer_segments group by segment_id order by segment_id",
            "fct_customer_segments",
        )
        builds = self.rows(
            f"select {COLUMNS['rpt_build_log']} from rpt_build_log where stage = 'all' "
            "and result = 'success' and model_version is not null "
            "order by build_number desc nulls last, started_at desc limit 1",
            "rpt_build_log",
        )
        attributes = self.table("dim_attributes", "attribute")
        return Marts(
            final=self.segmentation(final[0]),
            two_groups=self.segmentation(others[0]) if others else None,
            decision=decisions[0] if decisions else None,
            candidates=candidates,
            selection=self.table("rpt_k_selection", "method, k, criterion"),
            agreement=self.table(
                "rpt_method_agreement", "adjusted_rand desc, other_segmentation_id", final_id
            ),
            attributes={row["attribute"]: row for row in attributes},
            diagnostics=self.table("rpt_attribute_diagnostics", "missing_share desc, attribute"),
            alignment=self.table("rpt_dictionary_alignment", "field"),
            file_rows=self.table("rpt_file_rows", "is_kept desc, file_rows desc, outcome"),
            axes=self.table("rpt_famd_axes", "axis"),
            contributions=self.table(
                "rpt_famd_contributions", "axis, contribution desc, attribute, level"
            ),
            parameters=self.table("rpt_build_parameters", "parameter_order"),
            borderline={row["segment_id"]: row["customers"] for row in borderline},
            history=self._history(as_of["as_of_date"]),
            as_of_date=as_of["as_of_date"],
            build=next(iter(builds), None),
            is_unfinished=is_unfinished(self._connection),
        )

    def segmentation(self, about: Row) -> Segmentation:
        """Read what the marts say about a row of dim_segmentations."""
        name = about["segmentation_id"]
        return Segmentation(
            about=about,
            segments=self.table("dim_segments", "segment_id", name),
            cards=self.table("rpt_persona_cards", "segment_id, dimension_order", name),
            labels=self.table("rpt_segment_labels", "segment_id, compared_with, theme", name),
            playbooks=self.table("rpt_segment_playbooks", "segment_id, playbook_rank", name),
            examples=self.table("rpt_segment_examples", "segment_id, kind, example_rank", name),
            kpis=self.table("rpt_segment_kpis", "attribute, segment_id", name),
            mix=self.table(
                "rpt_segment_mix", "attribute, segment_id, level_order, customers desc, level", name
            ),
            rules=self.table("rpt_segment_rules", "leaf", name),
            conditions=self.table("rpt_rule_conditions", "leaf, condition", name),
            trees=self.table("rpt_segment_trees", "segment_id, tree", name),
            themes=self.table("rpt_segment_themes", "axis, segment_id", name),
            cells=self.table("rpt_customer_map", "segment_id, map_column, map_row", name),
        )

    def _history(self, as_of_date: Any) -> History:
        """Read what the marts say about the snapshots up to a date."""

        def table(mart: str, condition: str, order_by: str, *parameters: object) -> list[Row]:
            query = f"select {COLUMNS[mart]} from {mart} where {condition} order by {order_by}"
            return self.rows(query, mart, parameters or [as_of_date])

        trends = table("rpt_segment_trends", "as_of_date <= $1", "as_of_date, segment_id")
        dates = sorted({row["as_of_date"] for row in trends})
        before = [row for row in trends if row["as_of_date"] == dates[-2]] if dates[1:] else []
        top = max(before, key=lambda row: (row["segment_value"], row["segment_id"]), default=None)
        departure = (None if top is None else top["segment_id"], as_of_date)
        is_call = "from_segment_id = $1 and to_date = $2 and value_lost > 0"
        (total,) = self.rows(
            "select count(*) as customers, "
            "cast(coalesce(sum(cast(value_lost as decimal(38, 6))), 0) as double) as value_lost "
            f"from rpt_segment_departures where {is_call}",
            "rpt_segment_departures",
            departure,
        )
        return History(
            dates=dates,
            trends=trends,
            migrations=table(
                "rpt_segment_migrations",
                "to_date <= $1",
                "to_date, from_segment_id nulls last, to_segment_id nulls last",
            ),
            lineage=table(
                "rpt_segment_lineage",
                "as_of_date <= $1",
                "as_of_date, coalesce(segment_id, from_segment_id), event, from_segment_id",
            ),
            changes=table(
                "rpt_migration_attributes",
                "to_date = $1",
                "from_segment_id, to_segment_id, change_rank",
            ),
            drift=table("rpt_feature_drift", "as_of_date = $1", "psi desc nulls first, attribute"),
            advice=next(iter(table("rpt_refit_advice", "as_of_date = $1", "as_of_date")), None),
            top=top,
            calls=table(
                "rpt_segment_departures",
                is_call,
                f"value_lost desc, customer_id limit {MOST_CALLS}",
                *departure,
            ),
            all_calls=total["customers"],
            value_lost=total["value_lost"],
        )

    def table(self, mart: str, order_by: str, segmentation_id: str | None = None) -> list[Row]:
        """Read a mart, or what it says about one segmentation, in a fixed order."""
        where = "" if segmentation_id is None else "where segmentation_id = $1 "
        parameters = [] if segmentation_id is None else [segmentation_id]
        return self.rows(
            f"select {COLUMNS[mart]} from {mart} {where}order by {order_by}", mart, parameters
        )

    def rows(self, query: str, mart: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query of a mart."""
        return list(self.stream(query, mart, parameters))

    def stream(self, query: str, mart: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query of a mart that may give more rows than there is room for."""
        try:
            result = self._connection.execute(query, list(parameters))
        except duckdb.CatalogException as error:
            raise InputError(f"{self._database} lacks the mart {mart}; {REMEDY}.") from error
        except duckdb.BinderException as error:
            raise InputError(
                f"The mart {mart} of {self._database} lacks something that is shown "
                f"({str(error).splitlines()[0]}); {REMEDY}."
            ) from error
        names = [column[0] for column in result.description]
        while rows := result.fetchmany(_BATCH):
            for row in rows:
                yield {
                    name: clean(value) if isinstance(value, str) else value
                    for name, value in zip(names, row, strict=True)
                }


_NAMING = {
    "segments": ("segment_id", "persona_zh", "persona_en"),
    "cards": ("segment_id", "text_zh", "text_en"),
    "labels": ("segment_id", "compared_with", "label_zh", "label_en"),
    "examples": ("segment_id", "runner_up_segment_id"),
}
"""Columns that name segments; all other rows have the id of their own only."""


def with_ids_of_its_own(shown: Segmentation) -> Segmentation:
    """Call the segments G01, G02, … instead of S01, S02, … wherever the rows name them."""
    ids = "|".join(re.escape(row["segment_id"]) for row in shown.segments)
    named = re.compile(f"(?<![A-Za-z0-9])({ids})(?![A-Za-z0-9])")

    def renamed(text: str) -> str:
        return named.sub(lambda found: PAIR_PREFIX + found[1][1:], text)

    parts: dict[str, Any] = {
        one.name: [
            {
                name: renamed(value)
                if name in _NAMING.get(one.name, ("segment_id",)) and isinstance(value, str)
                else value
                for name, value in row.items()
            }
            for row in getattr(shown, one.name)
        ]
        for one in fields(shown)
        if one.name != "about"
    }
    return replace(shown, **parts)


def by(rows: list[Row], column: str) -> dict[Any, list[Row]]:
    """Group rows by a column, in the order in which its values appear."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return dict(groups)
