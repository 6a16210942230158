"""Read a customer table in PostgreSQL, every value as the text that PostgreSQL gives it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import adbc_driver_manager.dbapi as adbc
import pyarrow as pa

from segmentation.errors import InputError
from segmentation.postgres import PostgresUrl, connected, identifier, literal, read_url, reason, run

_COLUMNS = """
select columns.attname::text, coalesce(nullif(types.typbasetype, 0), types.oid)::regtype::text
from pg_attribute as columns
inner join pg_type as types on columns.atttypid = types.oid
where columns.attrelid = to_regclass({table}) and columns.attnum > 0 and not columns.attisdropped
order by columns.attnum
"""
_TEXTS = {
    "numeric": "trim_scale({})::text",
    "timestamp without time zone": "regexp_replace({}::text, ' 00:00:00$', '')",
}
"""How values of a type become what a file would say: 999 of a numeric(12, 2) is not 999.00, and
midnight is a day."""
_SETTINGS = ("set transaction read only", "set local datestyle to 'ISO, YMD'")


@dataclass(frozen=True)
class PostgresTable:
    """A table or view in PostgreSQL.

    Attributes
    ----------
    url : PostgresUrl
        The database.
    name : str
        The table's name for SQL.
    types : dict of str to str
        PostgreSQL's types by the name of the column; of a domain, the type that it rests on.
    order_by : str or None
        The column that the rows are sorted by: a table has no order of its own, and sums of
        floats depend on it.
    """

    url: PostgresUrl
    name: str
    types: dict[str, str]
    order_by: str | None = None


def open_postgres_table(location: str) -> tuple[list[str], PostgresTable]:
    """Find a table, read the names of its columns and check that it has a row.

    Parameters
    ----------
    location : str
        ``postgresql://user@host:port/database?table=schema.table``; without a schema the table is
        looked for on the user's search path.

    Returns
    -------
    list of str
        The columns in the order of the table.
    PostgresTable

    Raises
    ------
    InputError
        There is no connection, no such table, no right to read it, or no row in it.
    """
    url = read_url(location)
    if not url.table:
        raise InputError(
            f"{url.shown}: which table holds the customers? Add ?table=schema.table to the address."
        )
    with connected(url) as connection:
        try:
            for name in _names(url.table):
                types = dict(run(connection, _COLUMNS.format(table=literal(name))))
                if types:
                    break
            else:
                raise InputError(f"{url.shown}: {_no_such_table(connection, url.table)}")
            has_row = bool(run(connection, f"select 1 from {name} limit 1"))
        except adbc.Error as error:
            raise _as_input_error(url, error) from None
    if not has_row:
        raise InputError(f"{url.shown}: the table has no row. Load the customers into it.")
    return list(types), PostgresTable(url, name, types)


def read_postgres_table(
    table: PostgresTable, columns: Sequence[tuple[str, str]], stack: ExitStack
) -> pa.RecordBatchReader:
    """Stream the rows of a table.

    Parameters
    ----------
    table : PostgresTable
    columns : sequence of tuple
        Each column of the table and the name it is given.
    stack : ExitStack
        Closes the connection.

    Returns
    -------
    RecordBatchReader
        ``_read_error`` and ``_raw_line``, which are null, and the columns as text, empty text null.

    Raises
    ------
    InputError
        The table cannot be read; also while the reader is read.
    """
    values = ["null::text as _read_error", "null::text as _raw_line"]
    for column, alias in columns:
        text = _TEXTS.get(table.types[column], "{}::text").format(identifier(column))
        values.append(f"nullif({text}, '') as {identifier(alias)}")
    query = f"select {', '.join(values)} from {table.name}"
    if table.order_by is not None:
        query += f' order by {identifier(table.order_by)}::text collate "C"'
    connection = stack.enter_context(connected(table.url))
    cursor = stack.enter_context(connection.cursor())
    try:
        for setting in _SETTINGS:
            run(connection, setting)
        cursor.execute(query)
        reader = cursor.fetch_record_batch()
    except adbc.Error as error:
        raise _as_input_error(table.url, error) from None
    schema = pa.schema([(field.name, pa.string()) for field in reader.schema])
    batches = _batches(reader, schema, table.url)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _batches(
    reader: pa.RecordBatchReader, schema: pa.Schema, url: PostgresUrl
) -> Iterator[pa.RecordBatch]:
    """Pass batches on; a connection that breaks is an InputError."""
    try:
        for batch in reader:
            yield batch.cast(schema)
    except (adbc.Error, OSError) as error:
        raise _as_input_error(url, error) from None


def _names(table: str) -> Iterator[str]:
    """Give the names for SQL that may be meant: the dot may stand in a name of table or schema."""
    for parts in (table.split(".", 1), table.rsplit(".", 1), [table]):
        yield ".".join(map(identifier, parts))


def _no_such_table(connection: adbc.Connection, table: str) -> str:
    """Say that a table is not there, and which one is nearest."""
    found = run(
        connection,
        "select schemas.nspname || '.' || relations.relname, relations.relname::text "
        "from pg_class as relations "
        "inner join pg_namespace as schemas on relations.relnamespace = schemas.oid "
        "where relations.relkind in ('r', 'p', 'v', 'm', 'f') "
        "and schemas.nspname !~ '^(pg_|information_schema$)'",
    )
    names = {name: name for name, _ in found} | {relation: name for name, relation in found}
    nearest = difflib.get_close_matches(table, names, n=1, cutoff=0.5)
    near = f"; the nearest is {names[nearest[0]]}" if nearest else ""
    return (
        f"there is no table {table}{near}. Write it as schema.table, in upper and lower case as it "
        "is in the database."
    )


def _as_input_error(url: PostgresUrl, error: Exception) -> InputError:
    """Say what is wrong with reading the table."""
    return InputError(
        f"{url.shown}: the table cannot be read: {reason(error)}. Check the address and the right "
        "of its user to read the table (grant select, and usage of the schema)."
    )
