"""``segmentation forget``: one customer out of everything."""

from __future__ import annotations

import os
from pathlib import Path

import click

from segmentation.errors import InputError
from segmentation.forget.everywhere import forget_customer, places_from_environment
from segmentation.options import database_option
from segmentation.publish.build import SCHEMA_VARIABLE, postgres_from_environment


@click.command("forget")
@click.option("--customer-id", required=True, help="Id of the customer, as the file writes it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_option
def forget_command(customer_id: str, yes: bool, database: Path) -> None:
    """Remove a customer from every table, history, export, report and published copy."""
    if not yes:
        click.confirm(f"Remove customer {customer_id} for good?", abort=True)
    try:
        places = places_from_environment(
            database, postgres_from_environment(), os.environ.get(SCHEMA_VARIABLE)
        )
        for done in forget_customer(customer_id.strip(), places):
            click.echo(done)
    except InputError as error:
        raise click.ClickException(str(error)) from None
