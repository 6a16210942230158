"""Replace the marts of a PostgreSQL schema, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import adbc_driver_manager.dbapi as adbc
import duckdb

from segmentation.errors import InputError
from segmentation.postgres import (
    PostgresUrl,
    connected,
    do,
    identifier,
    literal,
    reason,
    run,
    run_all,
)
from segmentation.publish.kept import find_kept
from segmentation.publish.marts import Mart
from segmentation.publish.tables import (
    Table,
    comments,
    create,
    drop_new,
    fill,
    keys,
    read_tables,
    take_names,
)

DEFAULT_SCHEMA = "segmentation"
_ATTEMPTS_A_SECOND = 2
_NULLS_CAN_BE_EQUAL = 150_000
_UNCHANGED = "The marts in PostgreSQL are as they were."
_LOCK = """
begin
    perform set_config('lock_timeout', '200ms', true);
    for attempt in 1..{attempts} loop
        begin
            {views}
            lock table {tables} in access exclusive mode;
            exit;
        exception when lock_not_available then
            if attempt = {attempts} then raise; end if;
            perform pg_sleep(0.3);
        end;
    end loop;
end
"""
"""Views are dropped rather than locked: a lock goes on to what the view reads, with the rights of
the view's owner. Readers queue behind the wait for a lock, and are let pass between two of them. It
is far shorter than the second after which PostgreSQL looks for deadlocks and might end a query."""

_READERS = """
select distinct
    'session ' || sessions.pid || coalesce(' of ' || sessions.usename, '')
    || coalesce(' (' || nullif(sessions.application_name, '') || ')', '')
from pg_locks as locks
inner join pg_stat_activity as sessions on locks.pid = sessions.pid
inner join pg_class as relations on locks.relation = relations.oid
inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
where schemas.nspname = {schema} and locks.granted and locks.pid != pg_backend_pid()
order by 1
"""
_ADVICE = {
    "22P05": "The database must have the encoding UTF8: make one with create database … encoding "
    "'UTF8' template template0.",
    "23": "The marts do not fit together: run the whole dbt build.",
    "2BP01": "Drop what hangs on the marts, and make it again after each publication; plain views "
    "are kept.",
    "42703": "A view over the marts, or a grant on them, names a column that they no longer "
    "have: change it.",
    "53100": "Make room on the server's disk and publish again.",
    "53": "Give the server, or this user, more of it and publish again.",
    "57014": "Publish again, without a statement_timeout for this user where that ended it.",
    "57P": "Publish again when the server is there.",
}
"""What to do, by the beginning of the SQLSTATE; the longest that fits counts."""


def publish_to_postgres(
    published: Path, marts: Sequence[Mart], url: PostgresUrl, schema: str, patience: float = 60
) -> None:
    """Replace the marts of a schema by those of the published copy.

    One transaction fills, keys and describes new tables beside the old ones. A second one locks
    the old ones for a moment and gives their names to the new ones: a reader sees all old marts or
    all new ones. In a single transaction a query that began before its end and waited for the lock
    might find the new tables, and no row in them: names are looked up in the present, rows in the
    query's past.

    Parameters
    ----------
    published : Path
        What `segmentation.publish.duckdb_file.write_published` wrote.
    marts : sequence of Mart
        The marts in it.
    url : PostgresUrl
        The database.
    schema : str
        Made where it is missing. Tables of other names in it are left alone.
    patience : float, default=60
        Seconds to wait for readers to end their transactions.

    Raises
    ------
    InputError
        It did not succeed: the message says why and what to do. The old marts are as they were.
    """
    with duckdb.connect(str(published), read_only=True) as source:
        tables = read_tables(marts, schema, source)
        with connected(url) as connection:
            try:
                _take_turn(connection, schema)
                _make_new(connection, tables, source)
                connection.commit()
                _take_turn(connection, schema)
                _replace(connection, tables, patience)
                connection.commit()
            except (adbc.Error, InputError) as error:
                said = f"{reason(error)}." if isinstance(error, adbc.Error) else str(error)
                with suppress(adbc.Error):
                    connection.rollback()
                    if isinstance(error, adbc.Error):
                        said += _advice(connection, error.sqlstate or "", schema)
                with suppress(adbc.Error, InputError):
                    connection.rollback()
                    _take_turn(connection, schema)
                    run(connection, drop_new(tables))
                    connection.commit()
                raise InputError(
                    f"{url.shown}: nothing was published into the schema {schema}: {said} "
                    f"{_UNCHANGED}"
                ) from None


def _take_turn(connection: adbc.Connection, schema: str) -> None:
    """Stop when somebody else is publishing into the schema; a turn ends with its transaction."""
    key = f"hashtextextended({literal('segmentation publish ' + schema)}, 0)"
    if run(connection, f"select pg_try_advisory_xact_lock({key})") == [(False,)]:
        raise InputError(
            "somebody else is publishing into it at this moment. Publish again when they have done."
        )


def _make_new(
    connection: adbc.Connection, tables: Sequence[Table], source: duckdb.DuckDBPyConnection
) -> None:
    """Make and fill the new tables; a broken connection may have left earlier ones behind."""
    schema = tables[0].schema
    if not run(connection, f"select 1 from pg_namespace where nspname = {literal(schema)}"):
        run(connection, f"create schema {identifier(schema)}")
    run(connection, drop_new(tables))
    run_all(connection, (create(table) for table in tables))
    for table in tables:
        fill(table, source, connection)
    version = run(connection, "select current_setting('server_version_num')::integer")[0][0]
    run_all(connection, keys(tables, version >= _NULLS_CAN_BE_EQUAL))
    run_all(connection, (text for table in tables for text in comments(table)))
    run_all(connection, (f"analyze {table.new_name}" for table in tables))


def _replace(connection: adbc.Connection, tables: Sequence[Table], patience: float) -> None:
    """Lock the old tables, drop them, and give the new ones their names, owners and grants."""
    kept = find_kept(connection, tables)
    if kept.locked:
        attempts = max(1, round(patience * _ATTEMPTS_A_SECOND))
        views = "".join(f"{statement};\n" for statement in kept.views)
        lock = _LOCK.format(views=views, tables=", ".join(kept.locked), attempts=attempts)
        run(connection, do(lock))
    names = [statement for table in tables for statement in take_names(table)]
    run_all(connection, [*kept.before, *names, *kept.after])


def _advice(connection: adbc.Connection, sqlstate: str, schema: str) -> str:
    """Say what to do about an error of the server."""
    if sqlstate == "42501":
        user = run(connection, "select quote_ident(current_user)")[0][0]
        return (
            f" Let the owner of the database say: create schema {identifier(schema)} authorization "
            f"{user}; what is in the schema has to belong to {user} too."
        )
    if sqlstate == "55P03":
        readers = [name for (name,) in run(connection, _READERS.format(schema=literal(schema)))]
        found = f": {', '.join(readers)}" if readers else ""
        return (
            f" Somebody has had a transaction open on the old marts for too long{found}. End it "
            "(select pg_terminate_backend(…)) or publish again later."
        )
    fitting = [start for start in _ADVICE if sqlstate.startswith(start)]
    return f" {_ADVICE[max(fitting, key=len)]}" if fitting else ""
