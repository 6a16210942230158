"""What a database says of the build that wrote it."""

from __future__ import annotations

import duckdb


def is_unfinished(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> bool:
    """Whether a build that failed or was killed left its note (begin_build and end_build).

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    database : str, optional
        Name of an attached database; else the one that was opened.
    """
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where table_name = 'unfinished_build' "
            "and database_name = coalesce($1, current_database())",
            [database],
        ).fetchall()
    )
