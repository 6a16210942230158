"""What several files of tests need."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module")
def one_thread():
    """Many small products: on a busy machine threads would wait for each other."""
    with threadpool_limits(1):
        yield
