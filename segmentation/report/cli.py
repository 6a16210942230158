"""``segmentation report``: the report as one HTML file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.report.page import LANGUAGES, make_report

UNFINISHED = (
    "Warning: the last build of this database did not end well, so its marts may not fit together. "
    "Mend what failed, run the whole dbt build, and make the report anew."
)


@click.command("report")
@database_option
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
def report_command(database: Path, output: Path | None, language: str | None) -> None:
    """Write the report of the last dbt build: one HTML file that opens without a network.

    A published copy of the marts does for a database.
    """
    reports = Path(os.environ.get("REPORTS_DIR", "reports"))
    output = output or reports / "segmentation_report.html"
    try:
        is_unfinished = make_report(
            database,
            output,
            language=language,
            lineage=Path(os.environ.get("DBT_TARGET_PATH", "target")) / "static_index.html",
        )
    except InputError as error:
        raise click.ClickException(str(error)) from error
    if is_unfinished:
        click.echo(UNFINISHED, err=True)
    click.echo(f"Report     {output.resolve()}")
