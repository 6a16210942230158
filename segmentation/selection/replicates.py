"""Run the replicates of a statistic, each with a random generator of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from segmentation.clustering.processes import side_by_side
from segmentation.errors import InputError

_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOGS = 5.0


def run_replicates(
    replicate: Callable[[int, np.random.Generator], _Result],
    n_replicates: int,
    *,
    name: str,
    customers: int,
    seed: int = 0,
    n_jobs: int | None = None,
) -> list[_Result]:
    """Call a function once a replicate, each time with a random generator of its own.

    Parameters
    ----------
    replicate : called with the number of the replicate, from 0, and its generator
    n_replicates : number of calls, at least 2 (a standard error needs two)
    name : what the log calls them
    customers : of one replicate
    seed : the generators are spawned from it
    n_jobs : processes, as in `segmentation.clustering.processes.side_by_side`

    Returns
    -------
    What the calls returned, in order

    Raises
    ------
    InputError
        There are fewer than 2 replicates.
    """
    if n_replicates < 2:
        raise InputError(f"{name}: {n_replicates} replicates; ask for at least 2.")
    generators = np.random.default_rng(seed).spawn(n_replicates)
    began, results = time.monotonic(), []
    last_said = began
    _logger.info("%s: %d replicates", name, n_replicates)
    calls = side_by_side(
        replicate,
        range(n_replicates),
        generators,
        customers=customers * n_replicates,
        n_jobs=n_jobs,
    )
    for done, result in enumerate(calls, start=1):
        results.append(result)
        now = time.monotonic()
        if now - last_said >= SECONDS_BETWEEN_LOGS:
            last_said = now
            _logger.info("%s: %d of %d after %.0f s", name, done, n_replicates, now - began)
    return results
