"""What several files of tests need."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import postgres_server
import pytest
from project import Project
from seed_samples import write_seeds
from threadpoolctl import threadpool_limits

from segmentation.dictionary.attributes import Attribute, load_dictionary


@pytest.fixture(scope="module")
def one_thread():
    """Many small products: on a busy machine threads would wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all workers of this session have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def new_project(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> Callable[..., Project]:
    """Make a dbt project in a folder of its own, given its name and environment variables."""
    parses = shared_folder / "parses"
    parses.mkdir(exist_ok=True)

    def make(name: str, *, parent: Path | None = None, **env: str) -> Project:
        return Project((parent or tmp_path_factory.getbasetemp()) / name, parses, env)

    return make


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    """A PostgreSQL server that this session started."""
    binaries = postgres_server.programs()
    if binaries is None:
        pytest.skip("the programs of a PostgreSQL server are missing: apt-get install postgresql")
    with postgres_server.started(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def attributes(tmp_path_factory: pytest.TempPathFactory) -> list[Attribute]:
    """The dictionary of a small project, to read customer files with."""
    seeds = write_seeds(tmp_path_factory.mktemp("seeds"))
    return load_dictionary(seeds / "data_dictionary.csv")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory."""
    with duckdb.connect() as connection:
        yield connection
