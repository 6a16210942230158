"""BLAS stays at one thread until the last of overlapping users has left."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from segmentation.clustering.threads import single_threaded_blas


def blas_threads() -> set[int]:
    assert np.ones(1) @ np.ones(1) == 1.0
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def three_threads_outside():
    with threadpool_limits(limits=3, user_api="blas"):
        if blas_threads() != {3}:
            pytest.skip("this BLAS cannot run three threads")
        yield


def test_limits_and_restores():
    with single_threaded_blas():
        assert blas_threads() == {1}
    assert blas_threads() == {3}


def test_nested():
    with single_threaded_blas():
        with single_threaded_blas():
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == {3}


def test_restores_after_an_error():
    with pytest.raises(RuntimeError), single_threaded_blas():
        raise RuntimeError
    assert blas_threads() == {3}


def test_stays_limited_while_another_thread_is_inside():
    first_is_in, second_is_in = threading.Event(), threading.Event()
    first_is_out, seen = threading.Event(), []

    def first():
        with single_threaded_blas():
            first_is_in.set()
            assert second_is_in.wait(10)
        first_is_out.set()

    def second():
        assert first_is_in.wait(10)
        with single_threaded_blas():
            second_is_in.set()
            assert first_is_out.wait(10)
            seen.append(blas_threads())

    threads = [threading.Thread(target=target) for target in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [{1}]
    assert blas_threads() == {3}
