"""Publish what dbt has built, at the end of a build and whenever it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from segmentation.errors import InputError
from segmentation.postgres import PostgresUrl, read_url
from segmentation.publish.duckdb_file import write_published
from segmentation.publish.marts import Mart
from segmentation.publish.postgres import DEFAULT_SCHEMA, publish_to_postgres

FOLDER_VARIABLE = "PUBLISHED_DIR"
URL_VARIABLE = "PUBLISH_POSTGRES_URL"
SCHEMA_VARIABLE = "PUBLISH_POSTGRES_SCHEMA"


def postgres_from_environment() -> PostgresUrl | None:
    """Read the address of the database to publish to.

    dbt never sees it: what dbt's own `env_var` reads may come to stand in dbt's files.

    Raises
    ------
    InputError
        The variable holds no address.
    """
    text = os.environ.get(URL_VARIABLE)
    if not text:
        return None
    try:
        return read_url(text)
    except InputError as error:
        raise InputError(f"{URL_VARIABLE}: {error}") from None


def publish_build(
    cursor: duckdb.DuckDBPyConnection,
    marts: list[Mart],
    folder: Path,
    url: PostgresUrl | None,
    schema: str | None = None,
) -> Iterator[str]:
    """Write the published copy anew, then replace the marts in PostgreSQL.

    Parameters
    ----------
    cursor : DuckDBPyConnection
        Of the database that dbt built.
    marts : list of Mart
    folder : Path
        Folder of the published copy.
    url : PostgresUrl or None
        None: no PostgreSQL.
    schema : str or None
        By default that of the environment variable PUBLISH_POSTGRES_SCHEMA, else segmentation.

    Yields
    ------
    str
        What has been done, a sentence at a time.

    Raises
    ------
    InputError
        Something could not be published.
    """
    published = write_published(cursor, marts, folder)
    yield f"{published}: {len(marts)} marts published."
    if url is not None:
        schema = schema or os.environ.get(SCHEMA_VARIABLE) or DEFAULT_SCHEMA
        publish_to_postgres(published, marts, url, schema)
        yield f"{url.shown}: {len(marts)} marts published into the schema {schema}."
