"""What became of the segments from snapshot to snapshot, for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import duckdb

from segmentation.errors import InputError
from segmentation.options import database_option

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
    if not database.exists():
        raise InputError(f"There is no database at {database.resolve()}; run dbt build first.")
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            dates = connection.sql(
                "select as_of_date, any_value(model_version), count(*) "
                "from fct_segment_history group by as_of_date order by as_of_date"
            ).fetchall()
            paragraphs = [_snapshot(connection, *row) for row in dates]
            advice = connection.sql("select advice, reason_en from rpt_refit_advice").fetchall()
        except duckdb.CatalogException as error:
            raise InputError(
                f"{database} has no history ({str(error).splitlines()[0]}); run dbt build."
            ) from error
    return "\n\n".join([*paragraphs, *(f"Advice: {name}. {reason}" for name, reason in advice)])


def _snapshot(
    connection: duckdb.DuckDBPyConnection, as_of_date: Any, model_version: str, customers: int
) -> str:
    """Tell of one snapshot."""
    lines = [f"{as_of_date}  {customers:,} customers, model {model_version}"]
    moves = connection.sql(
        "select movement, sum(customers), sum(moved_by_customer), sum(moved_by_model) "
        "from rpt_segment_migrations where to_date = $date group by movement",
        params={"date": as_of_date},
    ).fetchall()
    if moves:
        counts = {movement: numbers for movement, *numbers in moves}
        stayed, moved, entered, left = (
            counts.get(movement, (0, 0, 0)) for movement in ("stayed", "moved", "entered", "left")
        )
        lines.append(
            f"  {stayed[0]:,} stayed in their segment, {moved[0]:,} moved ({moved[1]:,} because "
            f"they changed, {moved[2]:,} because the model did), {entered[0]:,} are new, "
            f"{left[0]:,} left"
        )
    events = connection.sql(
        "select event, segment_id, name_en, from_segment_id, from_name_en, customers, "
        "from_customers, common_customers from rpt_segment_lineage where as_of_date = $date "
        "order by coalesce(segment_id, from_segment_id), event desc",
        params={"date": as_of_date},
    ).fetchall()
    for event, segment_id, name, from_id, from_name, now, before, common in events:
        lines.append(
            "  "
            + _EVENTS[event].format(
                segment=f"{segment_id} {name}",
                source=f"{from_id} {from_name}",
                now=now or 0,
                before=before or 0,
                common=common or 0,
            )
        )
    return "\n".join(lines)


@click.command()
@database_option
def lineage_command(database: Path) -> None:
    """Tell what became of the segments from snapshot to snapshot."""
    try:
        click.echo(tell_lineage(database))
    except InputError as error:
        raise click.ClickException(str(error)) from error
