"""Several statements of DuckDB that take effect together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Begin a transaction, and commit it at the end of the block, or roll it back at a failure.

    Parameters
    ----------
    connection : DuckDBPyConnection
        A connection or cursor in which no transaction is under way.
    """
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.TransactionException):  # a commit that fails has rolled back
            connection.execute("rollback")
        raise
