"""Back up the tables that builds keep, and put them back where a database was lost.

Everything else in the database is made anew from the customer file and the seeds; these tables are
not. A backup is a DuckDB file with all of them, as the last build that ended well left them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import duckdb

from segmentation.database_faults import read_all, why_not_opened
from segmentation.disks import check_folder, why_not_written
from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.postgres import identifier, literal
from segmentation.transactions import transaction

FOLDER_VARIABLE = "BACKUPS_DIR"
KEPT_BACKUPS = 5

_BACKUP = "__backup"
_LOG = ("builds", "stages")
_NAME = re.compile(r"_(?P<number>\d{4,})_(?P<build>\w{1,8})\.duckdb$")


def backups_folder(database: Path) -> Path:
    """Give the folder of the backups: that of the environment, else one beside the database."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else database.parent / "backups"


def find_backups(database: Path) -> list[Path]:
    """List the backups of a database, the newest last."""
    return list(_numbered(database).values())


def _numbered(database: Path) -> dict[int, Path]:
    """Give the backups by their number, which times do not mislead where a clock was set back."""
    found = {
        int(match["number"]): path
        for path in backups_folder(database).glob(f"{database.stem}_*.duckdb")
        if (match := _NAME.search(path.name)) and path.name.removesuffix(match[0]) == database.stem
    }
    return dict(sorted(found.items()))


def find_leftovers(database: Path) -> list[Path]:
    """List what backups that were killed have left."""
    return sorted(_beside(database).parent.glob(f"{_beside(database).name}*"))


def _beside(database: Path) -> Path:
    """Name the file that a backup is written to before it is whole."""
    return backups_folder(database) / f".{database.stem}.backup.new"


def back_up(cursor: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> Path | None:
    """Back up the tables that builds keep, unless it was done since the last build.

    Parameters
    ----------
    cursor : DuckDBPyConnection
        Of the database that dbt builds.
    tables : sequence of str
        ``schema.table`` of each; one that is not there is left out.

    Returns
    -------
    Path or None
        The new backup, whole or not there at all. The oldest goes where there are more than
        `KEPT_BACKUPS`.

    Raises
    ------
    InputError
        It cannot be written.
    """
    ((name, path),) = cursor.execute(
        "select current_database(), path from duckdb_databases() "
        "where database_name = current_database()"
    ).fetchall()
    database = Path(path)
    check_folder(backups_folder(database), FOLDER_VARIABLE)
    existing = _statements(cursor)
    wanted = {key: existing[key] for key in (_split(table) for table in tables) if key in existing}
    if not wanted:
        return None
    build = _last_build(cursor) if _LOG in existing else "unknown"
    numbered = _numbered(database)
    done = list(numbered.values())
    if done and done[-1].name.endswith(f"_{build}.duckdb"):
        return None
    backup = backups_folder(database) / (
        f"{database.stem}_{max(numbered, default=0) + 1:04d}_{build}.duckdb"
    )
    try:
        _remove_leftovers(database)
        try:
            _write(cursor, name, wanted, _beside(database))
            os.replace(_beside(database), backup)
        finally:
            _remove_leftovers(database)
    except (OSError, duckdb.Error) as error:
        raise InputError(
            f"The history cannot be backed up to {backup.parent}: "
            f"{why_not_written(backup.parent, error, FOLDER_VARIABLE)}"
        ) from None
    for old in done[: max(len(done) + 1 - KEPT_BACKUPS, 0)]:
        with suppress(OSError):
            old.unlink()
    return backup


def _split(table: str) -> tuple[str, str]:
    schema, _, name = table.partition(".")
    return schema, name


def _last_build(cursor: duckdb.DuckDBPyConnection) -> str:
    """Give the beginning of the id of the last build that gave customers their segments."""
    rows = cursor.execute(
        "select build_id from builds.stages where stage = 'all' and result = 'success' "
        "and model_version is not null order by rowid desc limit 1"
    ).fetchall()
    return str(rows[0][0])[:8] if rows else "unknown"


def _statements(
    connection: duckdb.DuckDBPyConnection, database: str | None = None
) -> dict[tuple[str, str], str]:
    """Give the statement that makes each table of a database, with its constraints."""
    return {
        (schema, table): statement
        for schema, table, statement in connection.execute(
            "select schema_name, table_name, sql from duckdb_tables() "
            "where database_name = coalesce($1, current_database()) order by all",
            [database],
        ).fetchall()
    }


def _write(
    cursor: duckdb.DuckDBPyConnection,
    database: str,
    tables: dict[tuple[str, str], str],
    beside: Path,
) -> None:
    """Copy the tables into a new file."""
    cursor.execute(f"attach {literal(str(beside))} as {_BACKUP}")
    try:
        cursor.execute(f"use {_BACKUP}")
        with transaction(cursor):
            _copy(cursor, database, tables)
    finally:
        cursor.execute(f"use {identifier(database)}")
        cursor.execute(f"detach {_BACKUP}")


def _copy(
    connection: duckdb.DuckDBPyConnection, source: str, tables: dict[tuple[str, str], str]
) -> None:
    """Make tables in the database in use, and fill them from another one."""
    for (schema, table), statement in tables.items():
        name = f"{identifier(schema)}.{identifier(table)}"
        connection.execute(f"create schema if not exists {identifier(schema)}")
        connection.execute(statement)
        connection.execute(f"insert into {name} from {identifier(source)}.{name}")


def _remove_leftovers(database: Path) -> None:
    for path in find_leftovers(database):
        path.unlink()


def describe_backup(backup: Path) -> str:
    """Say in a line what is in a backup.

    Raises
    ------
    InputError
        It cannot be read.
    """
    with _opened(backup) as connection:
        snapshots = connection.execute(
            f"select as_of_date, count(*) from {_BACKUP}.fct_segment_history "
            "group by all order by all"
        ).fetchall()
    told = ", ".join(f"{date} ({customers:,} customers)" for date, customers in snapshots)
    return f"{backup}: {told or 'no snapshot'}"


def restore(database: Path, backup: Path) -> list[str]:
    """Put the tables of a backup into a database, in place of those of the same names.

    All of them are replaced or none. The other tables may not fit to them until all are built
    anew: the note of an unfinished build says so (the macro begin_build).

    Parameters
    ----------
    database : Path
        Made where it is missing.
    backup : Path

    Returns
    -------
    list of str
        Names of the tables.

    Raises
    ------
    InputError
        One of the two cannot be read or written. The database is as it was.
    """
    with _opened(backup, database) as connection:
        tables = _statements(connection, _BACKUP)
        try:
            with transaction(connection):
                for schema, table in tables:
                    name = f"{identifier(schema)}.{identifier(table)}"
                    connection.execute(f"drop table if exists {name}")
                _copy(connection, _BACKUP, tables)
                connection.execute("create schema if not exists crm")
                connection.execute(
                    "create or replace table crm.unfinished_build as select true as was_unfinished"
                )
        except duckdb.Error as error:
            raise InputError(
                f"{database}: the history was not restored: {why_not_written(database, error)} The "
                "database is as it was."
            ) from None
    return [table for _, table in tables]


@contextmanager
def _opened(backup: Path, database: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database, in memory by default, with a backup attached."""
    if not backup.is_file():
        raise InputError(f"There is no backup at {backup.resolve()}.")
    try:
        connection = duckdb.connect(str(database or ":memory:"))
    except duckdb.Error as error:
        assert database is not None
        raise InputError(
            f"The database {database} cannot be opened: {why_not_opened(database, error)}"
        ) from None
    with connection:
        try:
            connection.execute(f"attach {literal(str(backup))} as {_BACKUP} (read_only)")
            if read_all(connection, _BACKUP) == 0:
                raise duckdb.CatalogException("it holds no table")
        except duckdb.Error as error:
            raise InputError(
                f"{backup} is no sound backup of the history ({str(error).splitlines()[0]}). Name "
                "another one with --from; segmentation restore-history --list shows them."
            ) from None
        yield connection


@click.command("restore-history")
@database_option
@click.option(
    "--from",
    "backup",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="The backup.  [default: the newest]",
)
@click.option("--list", "only_list", is_flag=True, help="Only say which backups there are.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore_history_command(
    database: Path, backup: Path | None, only_list: bool, yes: bool
) -> None:
    """Put the history back that builds keep, from a backup, into a new or an older database.

    Then run the whole dbt build with the last customer file: it makes everything else.
    """
    try:
        backups = find_backups(database)
        if only_list:
            for path in backups:
                click.echo(describe_backup(path))
        if not backups and (only_list or backup is None):
            raise InputError(
                f"There is no backup of {database} in {backups_folder(database).resolve()}. The "
                "end of every build makes one; name their folder with the environment variable "
                f"{FOLDER_VARIABLE}, or a file with --from."
            )
        if only_list:
            return
        chosen = backup or backups[-1]
        click.echo(describe_backup(chosen))
        if database.exists() and not yes:
            click.confirm(f"Replace the history in {database} by it?", abort=True)
        tables = restore(database, chosen)
    except InputError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{database}: {len(tables)} tables restored. Now run the whole dbt build with the last "
        "customer file."
    )
