"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="DBT_DUCKDB_PATH",
    default=Path("segmentation.duckdb"),
    show_default=True,
    show_envvar=True,
    help="Database that dbt built.",
)
