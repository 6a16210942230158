"""Remove a customer from everything that the project wrote, and prove it by a search."""

from __future__ import annotations

import csv
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb

from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.postgres import identifier, literal
from segmentation.publish.build import (
    FOLDER_VARIABLE,
    SCHEMA_VARIABLE,
    postgres_from_environment,
    publish_build,
)
from segmentation.publish.duckdb_file import FILE_NAME
from segmentation.publish.marts import read_marts
from segmentation.report.page import make_report
from segmentation.workbook.make import make_workbook

REMOVED = "—"
"""What stands in a text where the id was."""

SHORTEST_IN_TEXT = 6
"""Shorter ids are looked for in columns of ids only: as a number a text may hold them by chance."""


@dataclass(frozen=True)
class Places:
    """Where the project writes.

    Attributes
    ----------
    database : Path
        The database that dbt built.
    target, exports, published, reports, logs : Path
        Folders; what is not there is passed over.
    """

    database: Path
    target: Path
    exports: Path
    published: Path
    reports: Path
    logs: Path


def forget_customer(customer_id: str, places: Places) -> Iterator[str]:
    """Remove a customer, a place at a time, and search all of them again.

    Rows that are about the customer go; in other texts the id is blanked. Database files are
    written anew, because DuckDB leaves deleted rows in them. Counts and means that the customer was
    part of stay, and so does the customer file, which is not the project's.

    Parameters
    ----------
    customer_id : str
    places : Places

    Yields
    ------
    str
        What has been done, a sentence at a time.

    Raises
    ------
    InputError
        The customer is nowhere, something is in use, or the search still finds the id.
    """
    if not places.database.exists():
        raise InputError(f"There is no database at {places.database.resolve()}; name it.")
    id_columns = _id_columns(places.database)
    files = [path for path in _files(places) if _holds(path, customer_id)]
    published = places.published / FILE_NAME
    is_published = published.exists() and bool(_found(published, customer_id, id_columns))
    removed = _clean_database(places.database, customer_id, id_columns)
    if not removed and not files and not is_published:
        raise InputError(f"No customer {customer_id} is in {places.database}. Nothing was changed.")
    for table, rows in removed.items():
        yield f"{places.database.name}  {table}: {rows:,} {'row' if rows == 1 else 'rows'}"
    if published.exists() or postgres_from_environment() is not None:
        yield from _publish(places)
    for path in files:
        yield _clean_file(path, customer_id, places)
    left = [
        *(
            f"{places.database} {table}"
            for table in _found(places.database, customer_id, id_columns)
        ),
        *(str(path) for path in _files(places) if _holds(path, customer_id)),
    ]
    if published.exists():
        left += [f"{published} {table}" for table in _found(published, customer_id, id_columns)]
    if left:
        raise InputError(f"{customer_id} is still in: {', '.join(left)}.")
    yield (
        f"A search of every table and file finds {customer_id} nowhere. Counts and means that the "
        "customer was part of stay. Take the customer out of the customer file too: the next build "
        "reads whom it holds."
    )


def _id_columns(database: Path) -> set[str]:
    """Name the columns that hold ids of customers."""
    with _opened(database, read_only=True) as connection:
        try:
            own = connection.execute(
                "select attribute from data_dictionary where role = 'id'"
            ).fetchall()
        except duckdb.CatalogException:
            raise InputError(f"{database} holds no build of this project; name one.") from None
    return {"customer_id", "first_customer_id", *(attribute for (attribute,) in own)}


def _tables(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, list[tuple[str, str]]]:
    """Give the columns and types of every table of a database, by its name for SQL."""
    rows = connection.execute(
        "select columns.schema_name, columns.table_name, columns.column_name, columns.data_type "
        "from duckdb_columns() as columns "
        "inner join duckdb_tables() as tables using (database_name, schema_name, table_name) "
        "where columns.database_name = $1 order by all",
        [name],
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for schema, table, column, data_type in rows:
        key = f"{identifier(schema)}.{identifier(table)}"
        tables.setdefault(key, []).append((column, data_type))
    return tables


def _pattern(customer_id: str) -> str:
    """Give a pattern of the id as a word of its own."""
    return f"(^|[^0-9A-Za-z]){re.escape(customer_id)}([^0-9A-Za-z]|$)"


def _conditions(
    columns: list[tuple[str, str]], customer_id: str, id_columns: set[str]
) -> tuple[list[str], list[str]]:
    """Give the conditions of rows about the customer, and of cells that name the customer."""
    about, naming = [], []
    for column, data_type in columns:
        text = f"cast({identifier(column)} as varchar)"
        if column in id_columns and column != "first_customer_id":
            about.append(f"{text} = {literal(customer_id)}")
        elif column == "first_customer_id":
            naming.append(f"{text} = {literal(customer_id)}")
        elif len(customer_id) >= SHORTEST_IN_TEXT and "VARCHAR" in data_type:
            naming.append(f"regexp_matches({text}, {literal(_pattern(customer_id))})")
    return about, naming


def _any_condition(columns: list[tuple[str, str]], customer_id: str, id_columns: set[str]) -> str:
    """Give the condition of rows that hold the id anywhere; empty where there can be none."""
    about, naming = _conditions(columns, customer_id, id_columns)
    return " or ".join([*about, *naming])


def _found(path: Path, customer_id: str, id_columns: set[str]) -> list[str]:
    """Name the tables of a database that hold the id."""
    with _opened(path, read_only=True) as connection:
        (name,) = connection.execute("select current_database()").fetchall()[0]
        return [
            table
            for table, columns in _tables(connection, name).items()
            if (conditions := _any_condition(columns, customer_id, id_columns))
            and connection.execute(f"select count(*) from {table} where {conditions}").fetchall()[
                0
            ][0]
        ]


def _opened(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a database that nobody else may be writing to."""
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        raise InputError(
            f"{path} is in use ({str(error).splitlines()[0]}). Close what reads or writes it."
        ) from None


def _clean_database(path: Path, customer_id: str, id_columns: set[str]) -> dict[str, int]:
    """Take the customer out of every table, and write the file anew without what is deleted."""
    removed = {}
    with _opened(path, read_only=False) as connection:
        (name,) = connection.execute("select current_database()").fetchall()[0]
        connection.execute("begin")
        for table, columns in _tables(connection, name).items():
            about, _ = _conditions(columns, customer_id, id_columns)
            rows = 0
            if about:
                rows += _changed(connection, f"delete from {table} where {' or '.join(about)}")
            for column, data_type in columns:
                _, own = _conditions([(column, data_type)], customer_id, id_columns)
                if own:
                    rows += _changed(
                        connection,
                        f"update {table} set {identifier(column)} = "
                        f"{_blanked(column, data_type, customer_id)} where {own[0]}",
                    )
            if rows:
                removed[table.replace('"', "")] = rows
        connection.execute("commit")
        if removed:
            with TemporaryDirectory(prefix=".forgetting-", dir=path.parent) as folder:
                beside = Path(folder) / path.name
                connection.execute(f"attach {literal(str(beside))} as beside")
                connection.execute(f"copy from database {identifier(name)} to beside")
                connection.execute("detach beside")
                connection.close()
                path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
                os.replace(beside, path)
    return removed


def _changed(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    return int(connection.execute(statement).fetchall()[0][0])


def _blanked(column: str, data_type: str, customer_id: str) -> str:
    """Give SQL of a cell without the id; what is neither text nor a list of texts is emptied."""
    name = identifier(column)
    if data_type == "VARCHAR":
        return (
            f"regexp_replace({name}, {literal(_pattern(customer_id))}, "
            f"{literal(chr(92) + '1' + REMOVED + chr(92) + '2')}, 'g')"
        )
    if data_type == "VARCHAR[]":
        return f"list_filter({name}, lambda one: one != {literal(customer_id)})"
    return "null"


def _publish(places: Places) -> Iterator[str]:
    """Publish the marts of the cleaned database, as a build does."""
    marts = read_marts(places.target / "manifest.json")
    with duckdb.connect() as connection:
        connection.execute(
            f"attach {literal(str(places.database))} as {identifier(marts[0].database)} (read_only)"
        )
        yield from publish_build(
            connection,
            marts,
            places.published,
            postgres_from_environment(),
            os.environ.get(SCHEMA_VARIABLE),
        )


def _files(places: Places) -> list[Path]:
    """Name every file that the project wrote beside its databases."""
    folders = (places.exports, places.reports, places.target, places.logs)
    return sorted(
        path
        for folder in folders
        if folder.exists()
        for path in folder.rglob("*")
        if path.is_file() and ".duckdb" not in path.name
    )


def _holds(path: Path, customer_id: str) -> bool:
    """Whether a file holds the id as a word of its own; workbooks and Parquet are opened."""
    pattern = re.compile(b"(?<![0-9A-Za-z])" + re.escape(customer_id.encode()) + b"(?![0-9A-Za-z])")
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return any(pattern.search(parts.read(name)) for name in parts.namelist())
    if path.suffix == ".parquet":
        return bool(_parquet_columns(path, customer_id))
    with path.open("rb") as file:
        return any(map(pattern.search, file))


def _parquet_columns(path: Path, customer_id: str) -> list[str]:
    """Name the columns of a Parquet file that hold the id."""
    with duckdb.connect() as connection:
        file = f"read_parquet({literal(str(path))})"
        columns = [row[0] for row in connection.execute(f"describe from {file}").fetchall()]
        found = connection.execute(
            "select "
            + ", ".join(
                f"bool_or(cast({identifier(column)} as varchar) = {literal(customer_id)})"
                for column in columns
            )
            + f" from {file}"
        ).fetchall()[0]
    return [column for column, holds in zip(columns, found, strict=True) if holds]


def _clean_file(path: Path, customer_id: str, places: Places) -> str:
    """Write a file anew without the customer; what dbt only notes for itself is deleted."""
    if path.suffix == ".html" and places.reports in path.parents:
        make_report(places.database, path)
        return f"{path}: made anew"
    if path.suffix == ".xlsx":
        make_workbook(places.database, path, exports=places.exports)
        return f"{path}: made anew"
    if path.suffix == ".parquet":
        kept = " and ".join(
            f"cast({identifier(column)} as varchar) is distinct from {literal(customer_id)}"
            for column in _parquet_columns(path, customer_id)
        )
        beside = path.with_name(f"{path.name}.forgetting")
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (from read_parquet({literal(str(path))}) where {kept}) "
                f"to {literal(str(beside))} (format parquet)"
            )
        os.replace(beside, path)
        return f"{path}: row removed"
    if path.suffix == ".csv" and places.exports in path.parents:
        beside = path.with_name(f"{path.name}.forgetting")
        with (
            path.open(encoding="utf-8", newline="") as old,
            beside.open("w", encoding="utf-8", newline="") as new,
        ):
            writer = csv.writer(new, lineterminator="\n")
            writer.writerows(row for row in csv.reader(old) if customer_id not in row)
        os.replace(beside, path)
        return f"{path}: row removed"
    path.unlink()
    return f"{path}: deleted"


@click.command()
@click.option("--customer-id", required=True, help="Id of the customer, as the file writes it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_option
def forget_command(customer_id: str, yes: bool, database: Path) -> None:
    """Remove a customer from every table, history, export, report and published copy."""
    if not yes:
        click.confirm(f"Remove customer {customer_id} for good?", abort=True)
    places = Places(
        database,
        target=Path(os.environ.get("DBT_TARGET_PATH", "target")),
        exports=Path(os.environ.get("EXPORTS_DIR", "exports")),
        published=Path(os.environ.get(FOLDER_VARIABLE, "published")),
        reports=Path(os.environ.get("REPORTS_DIR", "reports")),
        logs=Path(os.environ.get("DBT_LOG_PATH", "logs")),
    )
    try:
        for done in forget_customer(customer_id.strip(), places):
            click.echo(done)
    except InputError as error:
        raise click.ClickException(str(error)) from error
