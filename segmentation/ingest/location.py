"""Where the customers come from: the var, the environment variable, the usual file."""

from __future__ import annotations

import os

from segmentation.errors import InputError
from segmentation.postgres import is_postgres_url, read_url

SOURCE_SCHEMA = "crm"
_DEFAULT_CUSTOMER_FILE = "data/data_revised.csv"


def find_location(in_var: str) -> str:
    """Find the location of the customer file.

    Parameters
    ----------
    in_var : str
        The var ``customer_file``; where it is empty the environment variable CUSTOMER_FILE counts,
        which may hold a password.

    Returns
    -------
    str
        See `segmentation.ingest.customer_file.open_customers`.

    Raises
    ------
    InputError
        The var holds a password, or the table is one that a build writes.
    """
    if is_postgres_url(in_var) and read_url(in_var).has_password:
        raise InputError(
            "The var customer_file holds a password, and dbt writes vars into its files: "
            "delete the folders logs and target. Leave the password to PGPASSWORD or "
            "~/.pgpass, or give the whole address in the environment variable CUSTOMER_FILE."
        )
    location = in_var or os.environ.get("CUSTOMER_FILE") or _DEFAULT_CUSTOMER_FILE
    if SOURCE_SCHEMA in location.casefold().split(".")[-2:-1]:
        raise InputError(
            f"{location}: the tables of the schema {SOURCE_SCHEMA} are written when the "
            "customer file is read. Name the table that the customers come from."
        )
    return location
