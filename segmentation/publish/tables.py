"""A mart as a PostgreSQL table beside the one it will replace: types, rows, keys, comments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import adbc_driver_manager.dbapi as adbc
import duckdb

from segmentation.errors import InputError
from segmentation.postgres import identifier, literal
from segmentation.publish.marts import ForeignKey, Mart

_NEW = "__new"
_BATCH_ROWS = 100_000
_TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}
_OTHER_NUMBERS = (
    *("DECIMAL", "FLOAT", "HUGEINT", "SMALLINT", "TINYINT"),
    *("UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT"),
)
"""DuckDB's numbers that are written as doubles."""


@dataclass(frozen=True)
class Table:
    """A mart as it will be in PostgreSQL.

    Attributes
    ----------
    schema : str
    mart : Mart
    types : dict of str to str
        Types by the name of the column, in order.
    foreign_keys : tuple of ForeignKey
        Those to marts that are published too.
    """

    schema: str
    mart: Mart
    types: dict[str, str]
    foreign_keys: tuple[ForeignKey, ...]

    @property
    def name(self) -> str:
        """The table's name for SQL."""
        return qualified(self.schema, self.mart.name)

    @property
    def new_name(self) -> str:
        """Its name for SQL before it replaces the old one."""
        return qualified(self.schema, self.mart.name + _NEW)

    @property
    def constraints(self) -> dict[str, tuple[str, ...]]:
        """The columns of every key by the name of its constraint.

        The first key without nulls is the primary key.
        """
        names: dict[str, tuple[str, ...]] = {}
        for number, columns in enumerate(self.mart.keys, start=1):
            primary = f"{self.mart.name}_pkey"
            is_primary = primary not in names and self.mart.required.issuperset(columns)
            names[primary if is_primary else f"{self.mart.name}_key{number}"] = columns
        return names

    @property
    def indexes(self) -> dict[str, tuple[str, ...]]:
        """The columns of every index that foreign keys need beside the keys, by its name."""
        wanted = sorted({key.columns for key in self.foreign_keys})
        longer = [*self.mart.keys, *wanted]
        needed = [
            columns
            for columns in wanted
            if columns not in self.mart.keys
            and not any(
                len(other) > len(columns) and other[: len(columns)] == columns for other in longer
            )
        ]
        return {f"{self.mart.name}_idx{n}": columns for n, columns in enumerate(needed, start=1)}


def qualified(schema: str, name: str) -> str:
    """Quote a name with its schema for SQL."""
    return f"{identifier(schema)}.{identifier(name)}"


def read_tables(
    marts: Sequence[Mart], schema: str, source: duckdb.DuckDBPyConnection
) -> list[Table]:
    """Find the types of the published marts.

    Parameters
    ----------
    marts : sequence of Mart
    schema : str
        The schema in PostgreSQL.
    source : DuckDBPyConnection
        The published copy.

    Returns
    -------
    list of Table
        In the order of `marts`.

    Raises
    ------
    InputError
        A type has no counterpart in PostgreSQL.
    """
    names = {mart.name for mart in marts}
    tables = []
    for mart in marts:
        relation = source.table(mart.name)
        types = {}
        for column, data_type in zip(relation.columns, map(str, relation.types), strict=True):
            found = "DOUBLE" if data_type.startswith(_OTHER_NUMBERS) else data_type
            if found not in _TYPES:
                raise InputError(
                    f"{mart.name}.{column} is a {data_type}, which PostgreSQL does not have. Cast "
                    "it in the mart, or leave the mart out with config: meta: {publish: false}."
                )
            types[column] = _TYPES[found]
        foreign_keys = tuple(key for key in mart.foreign_keys if key.parent in names)
        tables.append(Table(schema, mart, types, foreign_keys))
    return tables


def create(table: Table) -> str:
    """Write the statement that makes the new table."""
    columns = ", ".join(
        f"{identifier(column)} {data_type}{' not null' * (column in table.mart.required)}"
        for column, data_type in table.types.items()
    )
    return f"create table {table.new_name} ({columns})"


def fill(table: Table, source: duckdb.DuckDBPyConnection, connection: adbc.Connection) -> None:
    """Stream the rows of a mart into its new table.

    Parameters
    ----------
    table : Table
    source : DuckDBPyConnection
        The published copy. A zero byte in a text, which PostgreSQL cannot hold, is left out.
    connection : Connection
        To PostgreSQL.
    """
    values = []
    for column, data_type in table.types.items():
        value = identifier(column)
        if data_type == "text":
            value = f"replace({value}, chr(0), '')"
        elif data_type == "double precision":
            value = f"{value}::double"
        values.append(f"{value} as {identifier(column)}")
    rows = source.sql(f"select {', '.join(values)} from {identifier(table.mart.name)}")
    with connection.cursor() as cursor:
        cursor.adbc_ingest(
            table.mart.name + _NEW,
            rows.to_arrow_reader(_BATCH_ROWS),
            mode="append",
            db_schema_name=table.schema,
        )


def keys(tables: Sequence[Table], nulls_can_be_equal: bool) -> list[str]:
    """Write the statements that give filled tables their keys and indexes.

    Parameters
    ----------
    tables : sequence of Table
    nulls_can_be_equal : bool
        Whether the server (15 and newer) can be told that a null equals a null in a unique key.
    """
    own, references, indexes = [], [], []
    for table in tables:
        for name, columns in table.constraints.items():
            kind = "primary key" if name.endswith("_pkey") else "unique"
            if nulls_can_be_equal and not table.mart.required.issuperset(columns):
                kind += " nulls not distinct"
            own.append(
                f"alter table {table.new_name} add constraint {identifier(name + _NEW)} "
                f"{kind} ({listed(columns)})"
            )
        for number, key in enumerate(table.foreign_keys, start=1):
            references.append(
                f"alter table {table.new_name} add constraint "
                f"{identifier(f'{table.mart.name}_fkey{number}')} "
                f"foreign key ({listed(key.columns)}) references "
                f"{qualified(table.schema, key.parent + _NEW)} ({listed(key.parent_columns)})"
            )
        for name, columns in table.indexes.items():
            indexes.append(
                f"create index {identifier(name + _NEW)} on {table.new_name} ({listed(columns)})"
            )
    return [*own, *references, *indexes]


def comments(table: Table) -> list[str]:
    """Write the statements that describe a new table and its columns."""
    columns = [
        f"comment on column {table.new_name}.{identifier(column)} is {literal(description)}"
        for column, description in table.mart.columns.items()
    ]
    return [f"comment on table {table.new_name} is {literal(table.mart.description)}", *columns]


def take_names(table: Table) -> list[str]:
    """Write the statements that give a new table and its indexes their names."""
    statements = [f"alter table {table.new_name} rename to {identifier(table.mart.name)}"]
    for name in [*table.constraints, *table.indexes]:
        new = qualified(table.schema, name + _NEW)
        statements.append(f"alter index {new} rename to {identifier(name)}")
    return statements


def listed(names: Iterable[str]) -> str:
    """Quote names for SQL, with commas."""
    return ", ".join(map(identifier, names))
