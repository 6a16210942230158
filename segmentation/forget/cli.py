"""``segmentation forget``: one customer out of everything."""

from __future__ import annotations

import os
from pathlib import Path

import click

from segmentation.errors import InputError
from segmentation.forget.everywhere import (
    Places,
    UnknownCustomerError,
    forget_customer,
    places_from_environment,
)
from segmentation.options import database_option
from segmentation.pseudonyms import KEY_VARIABLE, key_from_environment, pseudonym
from segmentation.publish.build import SCHEMA_VARIABLE, postgres_from_environment
from segmentation.texts import BLANKS


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
        written = customer_id.strip(BLANKS)
        _forget_any([written, *_pseudonyms(written)], places)
    except InputError as error:
        raise click.ClickException(str(error)) from None


def _pseudonyms(customer_id: str) -> list[str]:
    """Give what marts call the customer where the var pseudonymize is true."""
    return [pseudonym(customer_id, key_from_environment())] if os.environ.get(KEY_VARIABLE) else []


def _forget_any(ids: list[str], places: Places) -> None:
    """Remove a customer by each of their ids, at least one of which must be there."""
    unknown = []
    for name in ids:
        try:
            for done in forget_customer(name, places):
                click.echo(done)
        except UnknownCustomerError as error:
            unknown.append(error)
    if len(unknown) == len(ids):
        raise unknown[0]
