"""Replicates say how far they are, and run one thread each."""

from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info

from segmentation.selection import replicates
from segmentation.selection.replicates import run_replicates


def test_replicates_log_how_far_they_are(caplog, monkeypatch):
    monkeypatch.setattr(replicates, "SECONDS_BETWEEN_LOGS", 0.0)
    with caplog.at_level("INFO", logger="segmentation"):
        numbers = run_replicates(lambda number, rng: number, 10, name="test")
    assert numbers == list(range(10))
    assert [message.split(" after")[0] for message in caplog.messages] == [
        "test: 10 replicates",
        *(f"test: {done} of 10" for done in range(1, 11)),
    ]


def test_replicates_run_one_thread_each():
    assert KMeans(2).fit([[0.0], [1.0]])  # loads OpenMP
    pools = run_replicates(lambda number, rng: threadpool_info(), 3, name="test", n_jobs=2)
    assert {pool["user_api"] for of_one in pools for pool in of_one} == {"blas", "openmp"}
    assert {pool["num_threads"] for of_one in pools for pool in of_one} == {1}
