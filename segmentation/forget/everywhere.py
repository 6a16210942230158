"""Remove a customer from every place that the project writes to, and search all of them again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from segmentation.builds import renew_build_note
from segmentation.errors import InputError
from segmentation.forget.duckdb_file import DuckdbFile
from segmentation.forget.files import CsvFile, ParquetFile, TextFile
from segmentation.forget.postgres import PostgresSchema
from segmentation.forget.traces import Customer, Found
from segmentation.history import find_backups, find_leftovers
from segmentation.postgres import PostgresUrl, is_postgres_url
from segmentation.publish.postgres import DEFAULT_SCHEMA
from segmentation.report.page import make_report
from segmentation.workbook.make import make_workbook

DEFAULT_CUSTOMER_FILE = "data/data_revised.csv"


class Place(Protocol):
    """Something that the project wrote."""

    def find(self, customer: Customer) -> list[Found]:
        """Search it."""

    def clean(self, customer: Customer) -> None:
        """Remove the customer."""


@dataclass(frozen=True)
class Places:
    """Where the project writes.

    Attributes
    ----------
    database : Path
        The database that dbt built. Its backups are searched too.
    target, exports, published, reports, logs : Path
        Folders; what is not there is passed over.
    postgres : PostgresUrl or None
        Where marts are published to.
    schema : str
        In PostgreSQL.
    customer_file : str
        Location of the customer file, which is searched and left alone.
    """

    database: Path
    target: Path
    exports: Path
    published: Path
    reports: Path
    logs: Path
    postgres: PostgresUrl | None = field(default=None, kw_only=True)
    schema: str = field(default=DEFAULT_SCHEMA, kw_only=True)
    customer_file: str = field(default=DEFAULT_CUSTOMER_FILE, kw_only=True)


class UnknownCustomerError(InputError):
    """Nothing that the project wrote names the customer."""


def forget_customer(customer_id: str, places: Places) -> Iterator[str]:
    """Remove a customer, a place at a time, and search all of them again.

    The database comes after the exports and the copies: while it names the customer, a run that was
    killed finds in it how columns and company are called. Counts and means that the customer was
    part of stay, and so does the customer file, which is not the project's.

    Parameters
    ----------
    customer_id : str
    places : Places

    Yields
    ------
    str
        What has been done, a line at a time.

    Raises
    ------
    UnknownCustomerError
        The customer is nowhere.
    InputError
        Something is in use, or the search still finds the customer.
    """
    database = DuckdbFile(places.database)
    customer = database.identify(customer_id)
    remade = _remade(places)
    to_search = [*_copies(places), database, *remade, *_leftovers(places)]
    found = [(place, place.find(customer)) for place in to_search]
    if not any(traces for _, traces in found):
        raise UnknownCustomerError(
            f"No customer {customer_id} is in {places.database} or in what was made of it. "
            "Nothing was changed."
        )
    for place, traces in found:
        # A list of customers may have had a place for this one: made anew whether named or not.
        if traces or place in remade:
            place.clean(customer)
    renew_build_note(places.exports)
    yield from _told([trace for _, traces in found for trace in traces])

    left = [f"{trace.place}: {trace.part}" for place in to_search for trace in place.find(customer)]
    if left:
        raise InputError(f"{customer_id} is still in: {', '.join(left)}.")
    names = f" ({', '.join(customer.names)})" if customer.names else ""
    yield f"A search of every table and file finds {customer_id}{names} nowhere."
    if not customer.is_telling:
        yield (
            "So short an id may stand in any text as a number: it was looked for in columns of "
            "customers and at the beginning of persona cards, in logs not."
        )
    yield (
        "Counts and means that the customer was part of stay, as do files that people saved "
        "elsewhere."
    )
    yield _of_customer_file(places.customer_file, customer)


def _copies(places: Places) -> list[Place]:
    """List exports, published copies and backups, and what killed builds left among them."""
    copies: list[Place] = [
        *map(CsvFile, sorted(places.exports.glob("*.csv"))),
        *map(ParquetFile, sorted(places.exports.glob("*.parquet"))),
    ]
    copies += [
        DuckdbFile(path, is_read_by_others=True)
        for path in sorted(places.published.glob("*.duckdb"))
    ]
    copies += [DuckdbFile(path, is_read_by_others=True) for path in find_backups(places.database)]
    copies += map(TextFile, sorted(places.published.glob(".*/*")))
    copies += map(TextFile, find_leftovers(places.database))
    if places.postgres is not None:
        copies.append(PostgresSchema(places.postgres, places.schema))
    return copies


def _remade(places: Places) -> list[Place]:
    """List the report and the workbook, where there are any."""
    report = places.reports / "segmentation_report.html"
    workbook = places.reports / "segmentation_workbook.xlsx"
    lineage = places.target / "static_index.html"
    makers: dict[Path, Callable[[], object]] = {
        report: partial(make_report, places.database, report, lineage=lineage),
        workbook: partial(make_workbook, places.database, workbook, exports=places.exports),
    }
    return [TextFile(path, make) for path, make in makers.items() if path.exists()]


def _leftovers(places: Places) -> list[Place]:
    """List dbt's files, which it makes again, and what DuckDB had no memory for in a killed run."""
    folders = (places.target, places.logs, Path(f"{places.database}.tmp"))
    own = (places.database, places.exports, places.published, places.reports)
    return [
        TextFile(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(other) for other in own)
    ]


def _told(traces: list[Found]) -> Iterator[str]:
    """Write a table of what was removed."""
    width = max(len(trace.part) for trace in traces)
    place = ""
    for trace in traces:
        if trace.place != place:
            place = trace.place
            yield place
            yield f"  {'':{width}}  rows before        after  blanked"
        if trace.rows:
            after = trace.rows - trace.going
            yield f"  {trace.part:{width}} {trace.rows:12,} {after:12,} {trace.changed:8,}"
        else:
            yield f"  {trace.part:{width}}  made anew or deleted"


def _of_customer_file(location: str, customer: Customer) -> str:
    """Say whether the next build brings the customer back."""
    if is_postgres_url(location):
        return (
            "The customer file is a table in PostgreSQL and was not changed: while it holds the "
            "customer, the next build brings them back."
        )
    path = Path(location).expanduser()
    if path.is_file() and TextFile(path).find(customer):
        return (
            f"The customer file {path.resolve()} still holds the customer. It is yours and was not "
            "changed: take them out, or the next build brings them back."
        )
    shown = path.resolve() if path.exists() else location
    return (
        f"The customer file {shown} was not changed. A build from a file that holds the customer "
        "brings them back."
    )


def places_from_environment(
    database: Path, postgres: PostgresUrl | None, schema: str | None
) -> Places:
    """Read from the environment where the project writes."""

    def folder(variable: str, default: str) -> Path:
        return Path(os.environ.get(variable, default))

    return Places(
        database,
        target=folder("DBT_TARGET_PATH", "target"),
        exports=folder("EXPORTS_DIR", "exports"),
        published=folder("PUBLISHED_DIR", "published"),
        reports=folder("REPORTS_DIR", "reports"),
        logs=folder("DBT_LOG_PATH", "logs"),
        postgres=postgres,
        schema=schema or DEFAULT_SCHEMA,
        customer_file=os.environ.get("CUSTOMER_FILE") or DEFAULT_CUSTOMER_FILE,
    )
