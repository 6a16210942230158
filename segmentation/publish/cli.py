"""``segmentation publish``: what the end of a build does, once more."""

from __future__ import annotations

from pathlib import Path

import click
import duckdb

from segmentation.builds import is_unfinished
from segmentation.database_faults import why_not_opened
from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.postgres import identifier, literal, read_url, refuse_password
from segmentation.publish.build import (
    FOLDER_VARIABLE,
    SCHEMA_VARIABLE,
    URL_VARIABLE,
    postgres_from_environment,
    publish_build,
)
from segmentation.publish.marts import read_marts
from segmentation.publish.postgres import DEFAULT_SCHEMA


@click.command("publish")
@database_option
@click.option(
    "--target-path",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DBT_TARGET_PATH",
    default=Path("target"),
    show_default=True,
    show_envvar=True,
    help="Folder of dbt's manifest.json.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=FOLDER_VARIABLE,
    default=Path("published"),
    show_default=True,
    show_envvar=True,
    help="Folder of the published copy, segments.duckdb.",
)
@click.option(
    "--to",
    "url",
    metavar="URL",
    help="PostgreSQL database to publish to as well, postgresql://user@host/database; the password "
    f"in PGPASSWORD or ~/.pgpass. The environment variable {URL_VARIABLE} does the same and may "
    "hold the password.",
)
@click.option(
    "--schema",
    envvar=SCHEMA_VARIABLE,
    default=DEFAULT_SCHEMA,
    show_default=True,
    show_envvar=True,
    help="Schema in PostgreSQL; made where it is missing.",
)
def publish_command(
    database: Path, target_path: Path, folder: Path, url: str | None, schema: str
) -> None:
    """Publish the marts of the last build: a DuckDB file for BI tools, and PostgreSQL.

    Every successful build of all marts does this. Readers of the last publication are not
    disturbed, and keep it when this one fails.
    """
    try:
        refuse_password(url or "")
        postgres = read_url(url) if url else postgres_from_environment()
        marts = read_marts(target_path / "manifest.json")
        with duckdb.connect() as connection:
            _attach(connection, database, marts[0].database)
            for done in publish_build(connection, marts, folder, postgres, schema):
                click.echo(done)
    except InputError as error:
        raise click.ClickException(str(error)) from None


def _attach(connection: duckdb.DuckDBPyConnection, database: Path, name: str) -> None:
    """Open the database that dbt built, under the name that dbt knows it by.

    A build that fails or is killed leaves a note in it (the macros begin_build and end_build).
    """
    if not database.exists():
        raise InputError(f"There is no database at {database.resolve()}; run dbt build first.")
    try:
        connection.execute(f"attach {literal(str(database))} as {identifier(name)} (read_only)")
    except duckdb.Error as error:
        raise InputError(
            f"The database {database} cannot be opened: {why_not_opened(database, error)}"
        ) from None
    if is_unfinished(connection, name):
        raise InputError(
            "The last build did not end well, so the marts may not fit together. What was "
            "published before stays. Mend what failed and run the whole dbt build: it publishes at "
            "its end."
        )
