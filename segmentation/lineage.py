"""What became of the segments from snapshot to snapshot, for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.report.marts import COLUMNS, Reader, open_marts

_EVENTS = {
    "survived": "{segment} survived: {common:,} of its {before:,} customers, now {now:,}",
    "split": "{segment} is new, split from {source}: {common:,} of its {now:,} were there",
    "absorbed": "{source} was absorbed by {segment}: {common:,} of its {before:,} customers",
    "born": "{segment} is new: {now:,} customers",
    "retired": "{source} is gone: its {before:,} customers went several ways",
}


def tell_lineage(database: Path) -> str:
    """Tell the history of the segments, one paragraph a snapshot.

    Parameters
    ----------
    database : Path
        The DuckDB database that dbt built.

    Returns
    -------
    str
        For every snapshot: who moved since the one before, and why; after a refit, what became of
        the segments; at the end, whether to refit.

    Raises
    ------
    InputError
        The database is not there or has no history.
    """
    with open_marts(database) as reader:
        dates = reader.rows(
            "select as_of_date, any_value(model_version) as model_version, count(*) as customers "
            "from fct_segment_history group by as_of_date order by as_of_date",
            "fct_segment_history",
        )
        paragraphs = [_snapshot(reader, **row) for row in dates]
        advice = reader.table("rpt_refit_advice", "advice")
    return "\n\n".join(
        [
            *paragraphs,
            *(f"Advice: {row['advice_en'].lower()}. {row['reason_en']}" for row in advice),
        ]
    )


def _snapshot(reader: Reader, as_of_date: Any, model_version: str, customers: int) -> str:
    """Tell of one snapshot."""
    lines = [f"{as_of_date}  {customers:,} customers, model {model_version}"]
    moves = reader.rows(
        "select movement, sum(customers) as customers, sum(moved_by_customer) as by_customer, "
        "sum(moved_by_model) as by_model "
        "from rpt_segment_migrations where to_date = $1 group by movement",
        "rpt_segment_migrations",
        [as_of_date],
    )
    if moves:
        counts = {row["movement"]: row for row in moves}
        nobody = {"customers": 0, "by_customer": 0, "by_model": 0}
        stayed, moved, entered, left = (
            counts.get(movement, nobody) for movement in ("stayed", "moved", "entered", "left")
        )
        lines.append(
            f"  {stayed['customers']:,} stayed in their segment, {moved['customers']:,} moved "
            f"({moved['by_customer']:,} because they changed, {moved['by_model']:,} because the "
            f"model did), {entered['customers']:,} are new, {left['customers']:,} left"
        )
    events = reader.rows(
        f"select {COLUMNS['rpt_segment_lineage']} from rpt_segment_lineage where as_of_date = $1 "
        "order by coalesce(segment_id, from_segment_id), event desc",
        "rpt_segment_lineage",
        [as_of_date],
    )
    for row in events:
        told = _EVENTS[row["event"]].format(
            segment=f"{row['segment_id']} {row['name_en']}",
            source=f"{row['from_segment_id']} {row['from_name_en']}",
            now=row["customers"] or 0,
            before=row["from_customers"] or 0,
            common=row["common_customers"] or 0,
        )
        lines.append(f"  {told}")
    return "\n".join(lines)


@click.command()
@database_option
def lineage_command(database: Path) -> None:
    """Tell what became of the segments from snapshot to snapshot."""
    try:
        click.echo(tell_lineage(database))
    except InputError as error:
        raise click.ClickException(str(error)) from error
