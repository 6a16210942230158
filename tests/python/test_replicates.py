"""Replicates say how far they are, and run one thread each."""

import os

import numpy as np
import pytest
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info

from segmentation.clustering.processes import WORTH_PROCESSES
from segmentation.errors import InputError
from segmentation.selection import replicates
from segmentation.selection.replicates import run_replicates


def test_replicates_log_how_far_they_are(caplog, monkeypatch):
    monkeypatch.setattr(replicates, "SECONDS_BETWEEN_LOGS", 0.0)
    with caplog.at_level("INFO", logger="segmentation"):
        numbers = run_replicates(lambda number, rng: number, 10, name="test", customers=1)
    assert numbers == list(range(10))
    assert [message.split(" after")[0] for message in caplog.messages] == [
        "test: 10 replicates",
        *(f"test: {done} of 10" for done in range(1, 11)),
    ]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_replicates_run_one_thread_each(n_jobs):
    def pools(number: int, rng: np.random.Generator) -> list[dict[str, object]]:
        assert KMeans(2, random_state=0).fit([[0.0], [1.0]])  # loads OpenMP
        return threadpool_info()

    found = run_replicates(pools, 3, name="test", customers=1, n_jobs=n_jobs)
    assert {pool["user_api"] for of_one in found for pool in of_one} == {"blas", "openmp"}
    assert {pool["num_threads"] for of_one in found for pool in of_one} == {1}


def test_few_customers_start_no_process():
    of_few, of_many = (
        set(run_replicates(lambda number, rng: os.getpid(), 2, name="test", customers=customers))
        for customers in (1, WORTH_PROCESSES)
    )
    assert of_few == {os.getpid()}
    assert os.getpid() not in of_many


def test_an_error_in_a_process_is_the_error():
    def refuse(number: int, rng: np.random.Generator) -> None:
        raise InputError("Too few.")

    with pytest.raises(InputError, match=r"Too few\."):
        run_replicates(refuse, 2, name="test", customers=1, n_jobs=2)
