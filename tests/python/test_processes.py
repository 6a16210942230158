"""Calls side by side give what they give one after the other, and leave no process behind."""

from __future__ import annotations

import multiprocessing

import pytest

from segmentation.clustering.processes import side_by_side


def call_side_by_side() -> None:
    assert list(side_by_side(abs, [-1, 2], customers=1, n_jobs=2)) == [1, 2]


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_in_order(n_jobs: int | None) -> None:
    assert list(side_by_side(pow, [2, 3], [3, 2], customers=1, n_jobs=n_jobs)) == [8, 9]


def test_a_child_of_multiprocessing_ends_when_its_work_does() -> None:
    """As in an orchestrator; it once waited until its own children had been idle for minutes."""
    child = multiprocessing.get_context("spawn").Process(target=call_side_by_side)
    child.start()
    child.join(timeout=60)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()
