"""``segmentation publish``: what the end of a build does, once more."""

from __future__ import annotations

import json
from pathlib import Path

import click
import duckdb

from segmentation.errors import InputError
from segmentation.postgres import identifier, literal, read_url
from segmentation.publish.build import (
    FOLDER_VARIABLE,
    SCHEMA_VARIABLE,
    URL_VARIABLE,
    postgres_from_environment,
    publish_build,
)
from segmentation.publish.marts import read_marts
from segmentation.publish.postgres import DEFAULT_SCHEMA

_FAILED = ("error", "fail", "skipped", "runtime error", "partial success")


@click.command("publish")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="DBT_DUCKDB_PATH",
    default=Path("segmentation.duckdb"),
    show_default=True,
    show_envvar=True,
    help="Database that dbt built.",
)
@click.option(
    "--target-path",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DBT_TARGET_PATH",
    default=Path("target"),
    show_default=True,
    show_envvar=True,
    help="Folder of dbt's manifest.json and run_results.json.",
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
    help="PostgreSQL database to publish to as well, postgresql://user:password@host/database. "
    f"The environment variable {URL_VARIABLE} does the same and keeps the password out of the "
    "list of processes, as PGPASSWORD and ~/.pgpass do.",
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
        postgres = read_url(url) if url else postgres_from_environment()
        _check_last_run(target_path / "run_results.json")
        marts = read_marts(target_path / "manifest.json")
        with duckdb.connect() as connection:
            _attach(connection, database, marts[0].database)
            for done in publish_build(connection, marts, folder, postgres, schema):
                click.echo(done)
    except InputError as error:
        raise click.ClickException(str(error)) from None


def _check_last_run(run_results: Path) -> None:
    """Refuse a database that a failed build has left half new.

    The build's hooks are no part of this: where only the publication failed the marts are good.
    """
    if not run_results.exists():
        return
    results = json.loads(run_results.read_text(encoding="utf-8"))["results"]
    failed = [
        result["unique_id"].split(".")[2]
        for result in results
        if result["status"] in _FAILED and not result["unique_id"].startswith("operation.")
    ]
    if failed:
        shown = ", ".join(failed[:3]) + (f" and {len(failed) - 3} more" if failed[3:] else "")
        raise InputError(
            f"The last run of dbt failed ({shown}), so the marts may not fit together. Published "
            "stay those of the last good build. Mend what failed and run dbt build."
        )


def _attach(connection: duckdb.DuckDBPyConnection, database: Path, name: str) -> None:
    """Open the database that dbt built, under the name that dbt knows it by."""
    if not database.exists():
        raise InputError(f"There is no database at {database.resolve()}; run dbt build first.")
    try:
        connection.execute(f"attach {literal(str(database))} as {identifier(name)} (read_only)")
    except duckdb.Error as error:
        raise InputError(
            f"The database {database} cannot be opened: {str(error).splitlines()[0]} Wait until "
            "the build that has it open has ended: it publishes at its end."
        ) from None
