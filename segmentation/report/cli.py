"""``segmentation report``: the report as one HTML file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from segmentation.errors import InputError
from segmentation.report.page import LANGUAGES, make_report


@click.command("report")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="The DuckDB database or a published copy.  [default: DBT_DUCKDB_PATH, else "
    "segmentation.duckdb]",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="The file to write.  [default: segmentation_report.html in REPORTS_DIR, else reports/]",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=None,
    help="What the page opens in.  [default: the var report_language of the build]",
)
def report_command(database: Path | None, output: Path | None, language: str | None) -> None:
    """Write the report of the last dbt build: one HTML file that opens without a network."""
    reports = Path(os.environ.get("REPORTS_DIR", "reports"))
    output = output or reports / "segmentation_report.html"
    try:
        make_report(
            database or Path(os.environ.get("DBT_DUCKDB_PATH", "segmentation.duckdb")),
            output,
            language=language,
            lineage=Path(os.environ.get("DBT_TARGET_PATH", "target")) / "static_index.html",
        )
    except InputError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Report     {output.resolve()}")
