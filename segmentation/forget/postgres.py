"""A customer in the marts that were published to PostgreSQL."""

from __future__ import annotations

import adbc_driver_manager.dbapi as adbc

from segmentation.errors import InputError
from segmentation.forget.traces import Column, Customer, Found, Removal, removal
from segmentation.postgres import PostgresUrl, connected, identifier, literal, reason, run

_COLUMNS = """
select
    tables.relname::text, columns.attname::text, format_type(columns.atttypid, null),
    columns.attnotnull
from pg_class as tables
inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
inner join pg_attribute as columns on tables.oid = columns.attrelid
where
    schemas.nspname = {schema} and tables.relkind in ('r', 'm')
    and columns.attnum > 0 and not columns.attisdropped
order by tables.relname, columns.attnum
"""


class PostgresSchema:
    """A schema that holds published marts.

    Parameters
    ----------
    url : PostgresUrl
    schema : str
    """

    def __init__(self, url: PostgresUrl, schema: str) -> None:
        self._url = url
        self._schema = schema

    def find(self, customer: Customer) -> list[Found]:
        """Search every table and materialized view."""
        with connected(self._url) as connection:
            return [found for _, found in self._tables(connection, customer)]

    def clean(self, customer: Customer) -> None:
        """Delete in one transaction, then write the tables anew on the server's disk."""
        with connected(self._url) as connection:
            try:
                tables = [
                    (f"{identifier(self._schema)}.{identifier(found.part)}", what, found)
                    for what, found in self._tables(connection, customer)
                ]
                # One statement: foreign keys between the marts are checked at its end.
                deletions = [
                    f"d{place} as (delete from {name} where {what.goes})"
                    for place, (name, what, found) in enumerate(tables)
                    if found.going
                ]
                if deletions:
                    run(connection, f"with {', '.join(deletions)} select 1")
                for name, what, _ in tables:
                    for column, (condition, _) in what.emptied.items():
                        run(
                            connection,
                            f"update {name} set {identifier(column)} = null where {condition}",
                        )
                connection.commit()
                connection.adbc_connection.set_autocommit(True)
                for name, _, _ in tables:
                    run(connection, f"vacuum (full) {name}")
            except adbc.Error as error:
                raise InputError(
                    f"{self._url.shown}: the customer was not removed from the schema "
                    f"{self._schema}: {reason(error)}. The user has to own the marts."
                ) from None

    def _tables(
        self, connection: adbc.Connection, customer: Customer
    ) -> list[tuple[Removal, Found]]:
        """List the tables with the customer in them."""
        tables: dict[str, list[Column]] = {}
        for table, *column in run(connection, _COLUMNS.format(schema=literal(self._schema))):
            tables.setdefault(table, []).append(Column(*column))
        found = []
        for table, columns in tables.items():
            what = removal(columns, customer, lambda text, pattern: f"{text} ~ {pattern}")
            ((rows, going, changed),) = run(
                connection,
                f"select count(*), count(*) filter (where {what.goes}), "
                f"count(*) filter (where {what.is_changed}) "
                f"from {identifier(self._schema)}.{identifier(table)}",
            )
            if going or changed:
                place = f"{self._url.shown} {self._schema}"
                found.append((what, Found(place, table, rows, going, changed)))
        return found
