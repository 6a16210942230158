"""Readers who never pause see one build at a time, and no error, while builds are published."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest
from postgres_server import Server, execute

from segmentation.postgres import read_url
from segmentation.publish.duckdb_file import write_published
from segmentation.publish.marts import Mart
from segmentation.publish.postgres import publish_to_postgres

NAMES = ("dim_segments", "fct_customers", "rpt_totals")
MARTS = [Mart("shop", "main", name, "", {"build": ""}, frozenset(), (), ()) for name in NAMES]
AT_ONCE = "select {} as builds".format(
    ", ".join(f"(select min(build) + max(build) from {{schema}}.{name})" for name in NAMES)
)
HARD = pytest.param(16, 20, marks=pytest.mark.hard)

_PROCESSES = multiprocessing.get_context("spawn")


def publish_duckdb(folder: Path, build: int) -> Path:
    """Write marts whose every value is the number of the build, and publish them."""
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        for name in NAMES:
            connection.execute(
                f"create or replace table {name} as "
                f"select {build}::bigint as build from range(20000)"
            )
        return write_published(connection.cursor(), MARTS, folder / "published")


def read_duckdb(published: str, done: Event, seen: multiprocessing.Queue[object]) -> None:
    """Open the copy and ask it, again and again; tell what was seen, and any error."""
    builds: set[tuple[int, ...]] = set()
    try:
        while not done.is_set():
            with duckdb.connect(published, read_only=True) as connection:
                found = connection.sql(AT_ONCE.format(schema="main")).fetchall()
            if not builds:
                seen.put("reading")
            builds.update(found)
    except duckdb.Error as error:
        seen.put(repr(error))
    else:
        seen.put(builds)


def expect_whole(builds: set[tuple[int, ...]], last: int) -> None:
    """Fail where one query saw two builds."""
    assert builds <= {(2 * build,) * len(NAMES) for build in range(1, last + 1)}


@pytest.mark.parametrize(("readers", "builds"), [(4, 6), HARD])
def test_of_the_published_copy(readers: int, builds: int, tmp_path: Path) -> None:
    published = str(publish_duckdb(tmp_path, 1))
    done = _PROCESSES.Event()
    seen: multiprocessing.Queue[object] = _PROCESSES.Queue()
    processes = [
        _PROCESSES.Process(target=read_duckdb, args=(published, done, seen)) for _ in range(readers)
    ]
    for process in processes:
        process.start()
    assert [seen.get(timeout=120) for _ in processes] == ["reading"] * readers
    for build in range(2, builds + 1):
        publish_duckdb(tmp_path, build)
    done.set()
    told = [seen.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    together: set[tuple[int, ...]] = set()
    for found in told:
        assert isinstance(found, set), found
        together |= found
    expect_whole(together, builds)
    assert len(together) > 1


@pytest.mark.hard
def test_of_postgres(postgres: Server, tmp_path: Path) -> None:
    database = postgres.add_database("readers")
    url = read_url(postgres.url(database=database))
    publish_to_postgres(publish_duckdb(tmp_path, 1), MARTS, url, "s", patience=60)
    done = threading.Event()

    def read() -> set[tuple[int, ...]]:
        found: set[tuple[int, ...]] = set()
        with postgres.connected(database=database) as connection:
            while not done.is_set():
                found.update(execute(connection, AT_ONCE.format(schema="s")))
        return found

    with ThreadPoolExecutor(16) as pool:
        reading = [pool.submit(read) for _ in range(16)]
        try:
            for build in range(2, 21):
                publish_to_postgres(publish_duckdb(tmp_path, build), MARTS, url, "s", patience=60)
        finally:
            done.set()
        found = set().union(*(reader.result(timeout=60) for reader in reading))
    expect_whole(found, 20)
    assert len(found) > 1
