"""A customer in a DuckDB file: found by searching every table, removed by writing the file anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from segmentation.database_faults import why_not_opened
from segmentation.errors import InputError
from segmentation.files import written_beside
from segmentation.forget.traces import Column, Customer, Found, Removal, removal, trimmed
from segmentation.postgres import identifier, literal
from segmentation.transactions import transaction

_NEW = "__without_customer"
_BLOCK = 1 << 24


def matches(text: str, pattern: str) -> str:
    """Write that a text matches a regular expression."""
    return f"regexp_matches({text}, {pattern})"


class DuckdbFile:
    """A database of the project.

    Parameters
    ----------
    path : Path
    is_read_by_others : bool, default=False
        A published copy: who has it open keeps what they opened. A database that dbt writes must
        be open nowhere else.
    """

    def __init__(self, path: Path, *, is_read_by_others: bool = False) -> None:
        self.path = path
        self._mode = " (read_only)" if is_read_by_others else ""

    def identify(self, customer_id: str) -> Customer:
        """Read which columns hold customers, and what the company is called."""
        customer = Customer(customer_id)
        with self._attached() as connection:
            tables = _tables(connection)
            if not any(table == "data_dictionary" for _, table in tables):
                raise InputError(f"{self.path} holds no build of this project; name one.")
            keys = set(customer.keys)
            for schema, table in tables:
                if table == "data_dictionary":
                    relation = qualified(schema, table)
                    keys |= _values(
                        connection, f"select attribute from {relation} where role = 'id'"
                    )
            for schema, table in tables:
                if table == "file_columns":
                    ids = ", ".join(map(literal, sorted(keys)))
                    relation = qualified(schema, table)
                    keys |= _values(
                        connection, f"select header from {relation} where attribute in ({ids})"
                    )
            customer = replace(customer, keys=frozenset(key.lower() for key in keys))
            names: set[str] = set()
            for path, columns in tables.items():
                names |= _names_alone(connection, path, columns, customer)
        return replace(customer, names=tuple(sorted(names)))

    def find(self, customer: Customer) -> list[Found]:
        """Search every table, then the bytes of the file."""
        found = []
        is_part_of_others = False
        with self._attached() as connection:
            for table, columns in _tables(connection).items():
                counted = count(connection, qualified(*table), removal(columns, customer, matches))
                if counted[1] or counted[2]:
                    found.append(Found(str(self.path), ".".join(table), *counted))
                is_part_of_others = is_part_of_others or (
                    not found and _is_within(connection, table, columns, customer.id)
                )
        if not found and not is_part_of_others and customer.is_telling and self._holds(customer):
            found.append(Found(str(self.path), "bytes of the file"))
        return found

    def clean(self, customer: Customer) -> None:
        """Copy everything but the customer into a new file, and rename it over the old one."""
        with self._attached() as connection, written_beside(self.path) as beside:
            source = connection.execute("select current_database()").fetchall()[0][0]
            beside.unlink(missing_ok=True)
            log = beside.with_name(f"{beside.name}.wal")
            log.unlink(missing_ok=True)
            if not self._mode:
                connection.execute("checkpoint")
            ((version,),) = connection.execute(
                "select tags['storage_version'] from duckdb_databases() "
                "where database_name = current_database()"
            ).fetchall()
            connection.execute(
                f"attach {literal(str(beside))} as {_NEW} "
                f"(storage_version {literal(version.rstrip('+'))})"
            )
            try:
                with transaction(connection):
                    connection.execute(
                        f"copy from database {identifier(source)} to {_NEW} (schema)"
                    )
                    for table, columns in _tables(connection).items():
                        selected = kept(qualified(*table), removal(columns, customer, matches))
                        connection.execute(f"insert into {_NEW}.{qualified(*table)} {selected}")
                    _copy_comments(connection, source)
            except duckdb.Error as error:
                raise InputError(
                    f"{self.path}: the copy without the customer was not written "
                    f"({str(error).splitlines()[0]}). The file is as it was."
                ) from None
            connection.execute(f"detach {_NEW}")
            log.unlink(missing_ok=True)
            self.path.with_name(f"{self.path.name}.wal").unlink(missing_ok=True)

    def _holds(self, customer: Customer) -> bool:
        """Whether the id stands in the bytes of the file."""
        wanted, last = customer.id.encode(), b""
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                if wanted in last + block:
                    return True
                last = block[-len(wanted) :]
        return False

    @contextmanager
    def _attached(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file under the name by which its views know it."""
        if not self.path.exists():
            raise InputError(f"There is no database at {self.path.resolve()}; run dbt build first.")
        with duckdb.connect() as connection:
            name = identifier(self.path.stem)
            try:
                connection.execute(f"set temp_directory = {literal(f'{self.path}.tmp')}")
                connection.execute(f"attach {literal(str(self.path))} as {name}{self._mode}")
            except duckdb.Error as error:
                raise InputError(
                    f"The database {self.path} cannot be opened: {why_not_opened(self.path, error)}"
                ) from None
            connection.execute(f"use {name}")
            yield connection


def qualified(schema: str, table: str) -> str:
    """Quote the name of a table."""
    return f"{identifier(schema)}.{identifier(table)}"


def count(
    connection: duckdb.DuckDBPyConnection, relation: str, what: Removal
) -> tuple[int, int, int]:
    """Count the rows of a relation, those that go and those that are changed."""
    ((rows, going, changed),) = connection.execute(
        f"select count(*), count(*) filter ({what.goes}), count(*) filter ({what.is_changed}) "
        f"from {relation}"
    ).fetchall()
    return rows, going, changed


def kept(relation: str, what: Removal) -> str:
    """Write the query of what stays of a relation."""
    changes = ", ".join(
        f"case when {condition} then {rest} else {identifier(name)} end as {identifier(name)}"
        for name, (condition, rest) in what.emptied.items()
    )
    replaced = f" replace ({changes})" if changes else ""
    return f"select *{replaced} from {relation} where not {what.goes}"


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[Column]]:
    """List the tables of the database in use, with their columns."""
    tables: dict[tuple[str, str], list[Column]] = {}
    for schema, table, name, data_type, is_nullable in connection.execute(
        "select schema_name, table_name, column_name, data_type, is_nullable "
        "from duckdb_columns() semi join duckdb_tables() "
        "using (database_name, schema_name, table_name) "
        "where database_name = current_database() order by all"
    ).fetchall():
        tables.setdefault((schema, table), []).append(Column(name, data_type, not is_nullable))
    return tables


def _values(connection: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {value for (value,) in connection.execute(query).fetchall() if value}


def _names_alone(
    connection: duckdb.DuckDBPyConnection,
    table: tuple[str, str],
    columns: list[Column],
    customer: Customer,
) -> set[str]:
    """Find what the customer's rows are called and nobody else's rows say."""
    key = next((column for column in columns if column.name.lower() in customer.keys), None)
    if key is None:
        return set()
    relation, texts = qualified(*table), [column for column in columns if column.is_text]
    is_own = f"{trimmed(f'cast({identifier(key.name)} as varchar)')} = {literal(customer.id)}"
    names = set()
    for column in texts:
        if not re.search("_name$", column.name.lower()):
            continue
        query = f"select distinct trim({identifier(column.name)}) from {relation} where {is_own}"
        for name in _values(connection, query):
            others = " or ".join(
                f"contains(cast({identifier(text.name)} as varchar), {literal(name)})"
                for text in texts
            )
            is_shared = f"select 1 from {relation} where not {is_own} and ({others}) limit 1"
            if len(name) > 1 and not connection.execute(is_shared).fetchall():
                names.add(name)
    return names


def _is_within(
    connection: duckdb.DuckDBPyConnection,
    table: tuple[str, str],
    columns: list[Column],
    customer_id: str,
) -> bool:
    """Whether a longer value holds the id: then bytes of the file say nothing."""
    conditions = [
        f"contains(cast({identifier(column.name)} as varchar), {literal(customer_id)})"
        for column in columns
        if column.is_text
    ]
    if not conditions:
        return False
    query = f"select 1 from {qualified(*table)} where {' or '.join(conditions)} limit 1"
    return bool(connection.execute(query).fetchall())


def _copy_comments(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Give the new tables and views the comments of the old ones."""
    for kind in ("table", "view"):
        for schema, name, comment in connection.execute(
            f"select schema_name, {kind}_name, comment from duckdb_{kind}s() "
            "where database_name = $1 and comment is not null",
            [source],
        ).fetchall():
            connection.execute(
                f"comment on {kind} {_NEW}.{qualified(schema, name)} is {literal(comment)}"
            )
    for schema, table, name, comment in connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = $1 and comment is not null",
        [source],
    ).fetchall():
        connection.execute(
            f"comment on column {_NEW}.{qualified(schema, table)}.{identifier(name)} "
            f"is {literal(comment)}"
        )
