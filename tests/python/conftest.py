"""What several files of tests need."""

from collections.abc import Iterator

import postgres_server
import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module")
def one_thread():
    """Many small products: on a busy machine threads would wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    """A PostgreSQL server that this session started."""
    binaries = postgres_server.programs()
    if binaries is None:
        pytest.skip("the programs of a PostgreSQL server are missing: apt-get install postgresql")
    with postgres_server.started(binaries) as server:
        yield server
