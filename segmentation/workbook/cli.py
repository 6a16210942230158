"""``segmentation workbook``: the tables of a build as one Excel workbook."""

from __future__ import annotations

import os
from pathlib import Path

import click

from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.workbook.make import make_workbook


@click.command("workbook")
@database_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="The file to write.  [default: segmentation_workbook.xlsx in REPORTS_DIR, else reports/]",
)
def workbook_command(database: Path, output: Path | None) -> None:
    """Write the tables of the last dbt build, customers included, as an Excel workbook.

    A published copy of the marts does for a database.
    """
    reports = Path(os.environ.get("REPORTS_DIR", "reports"))
    output = output or reports / "segmentation_workbook.xlsx"
    try:
        make_workbook(
            database,
            output,
            exports=Path(os.environ.get("EXPORTS_DIR", "exports")),
        )
    except InputError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Workbook   {output.resolve()}")
