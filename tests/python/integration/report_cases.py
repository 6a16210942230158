"""Databases for the report that a build seldom gives, made from one that it gave."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "</style><style>*{display:none}</style>",
    "<img src=x onerror=alert(3)>",
    '<a href="javascript:alert(4)">here</a>',
    "=cmd|' /C calc'!A0",
    "%{x}<b>bold</b>&lt;i&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eright to left\u2066\u2067",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "quote\" ' ` \\ \x00\x1b\u2028\u2029",
)
LONG = "非常长的名称" * 12 + "WithoutAnySpaceAtAll" * 6


class Case:
    """A copy of a database, to be changed.

    Parameters
    ----------
    source, path : Path
        The database, and the copy that is made.
    """

    def __init__(self, source: Path, path: Path) -> None:
        shutil.copy(source, path)
        self.path = path

    def run(self, *statements: str, parameters: tuple[object, ...] = ()) -> None:
        """Change the copy."""
        with duckdb.connect(str(self.path)) as connection:
            for statement in statements:
                connection.execute(statement, list(parameters))

    def tables_with(self, *columns: str) -> list[str]:
        """Name the marts that have all of these columns."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            found = connection.execute(
                "select table_name from information_schema.columns "
                "inner join information_schema.tables using (table_schema, table_name) "
                "where regexp_matches(table_name, '^(dim|fct|rpt)_') and table_type = 'BASE TABLE' "
                "and list_contains($1, column_name) "
                "group by table_name having count(*) = $2 order by table_name",
                [list(columns), len(columns)],
            ).fetchall()
        return [name for (name,) in found]

    def make_final(self, segmentation_id: str) -> None:
        """Deliver another candidate."""
        self.run(
            f"update dim_segmentations set is_final = segmentation_id = '{segmentation_id}'",
            f"update rpt_k_decision set segmentation_id = '{segmentation_id}'",
            f"""
            create or replace table fct_customer_segments as
            select customers.* replace (
                segments.segment_id as segment_id, segments.cluster as cluster,
                segments.name_zh as name_zh, segments.name_en as name_en
            )
            from fct_customer_segments as customers
            inner join fct_candidate_segments as candidates
                on customers.customer_id = candidates.customer_id
                and candidates.segmentation_id = '{segmentation_id}'
            inner join dim_segments as segments
                on segments.segmentation_id = candidates.segmentation_id
                and segments.cluster = candidates.cluster
            """,
        )

    def add_segments(self, segmentation_id: str, k: int) -> None:
        """Repeat segments of a segmentation, under new ids, until it has so many."""
        tables = self.tables_with("segmentation_id", "cluster", "segment_id")
        with duckdb.connect(str(self.path)) as connection:
            (found,) = connection.execute(
                "select count(*) from dim_segments where segmentation_id = $1", [segmentation_id]
            ).fetchall()[0]
            for table in tables:
                for place in range(found, k):
                    copied = f"S{place - found + 1:02}"
                    connection.execute(
                        f"insert into {table} "
                        f"select * replace ({place}::integer as cluster, "
                        f"'S{place + 1:02}' as segment_id) from {table} "
                        "where segmentation_id = $1 and segment_id = $2",
                        [segmentation_id, copied],
                    )

    def make_hostile(self) -> None:
        """Give customers, segments, levels and attributes names that are no names.

        Every text column gets one of `HOSTILE`, by the position of the row; what joins stays.
        """
        chosen = "$1[cast(1 + {} % {} as integer)]"
        texts = {
            "dim_segments": ["name_zh", "name_en", "persona_zh", "persona_en"],
            "rpt_persona_cards": ["text_zh", "text_en"],
            "rpt_segment_examples": ["customer_id", "figures_zh", "figures_en"],
            "rpt_segment_kpis": ["attribute_zh", "attribute_en"],
            "rpt_segment_labels": ["label_zh", "label_en"],
            "rpt_segment_mix": ["attribute_zh", "attribute_en", "level_zh", "level_en"],
            "rpt_segment_playbooks": ["label_zh", "label_en", "goal_zh", "goal_en"],
            "rpt_segment_rules": ["rule_zh", "rule_en"],
            "rpt_rule_conditions": ["condition_zh", "condition_en"],
            "rpt_attribute_diagnostics": ["label_zh", "label_en", "unreadable_examples"],
            "rpt_k_decision": ["reason_zh", "reason_en"],
            "dim_attributes": ["label_zh", "label_en"],
        }
        for table, columns in texts.items():
            for place, column in enumerate(columns):
                row = f"(rowid + {place})"
                self.run(
                    f"update {table} set {column} = {chosen.format(row, len(HOSTILE))}",
                    parameters=(list(HOSTILE),),
                )
