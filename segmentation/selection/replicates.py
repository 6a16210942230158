"""Run the replicates of a statistic side by side, with the same result whatever the threads."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from segmentation.clustering.threads import single_threaded_blas
from segmentation.errors import InputError

_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOGS = 5.0


def run_replicates(
    replicate: Callable[[int, np.random.Generator], _Result],
    n_replicates: int,
    *,
    name: str,
    seed: int = 0,
    n_jobs: int | None = None,
) -> list[_Result]:
    """Call a function once a replicate, each time with a random generator of its own.

    Inside, BLAS and OpenMP run one thread each: a sum split over threads adds in another order.

    Parameters
    ----------
    replicate : called with the number of the replicate, from 0, and its generator, from several
        threads; should spend its time in numpy
    n_replicates : number of calls, at least 2 (a standard error needs two)
    name : what the log calls them
    seed : the generators are spawned from it
    n_jobs : threads; all CPUs by default

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
    # OpenMP's limit belongs to the thread that sets it.
    with (
        single_threaded_blas(),
        ThreadPoolExecutor(
            n_jobs or os.cpu_count(), initializer=threadpool_limits, initargs=(1, "openmp")
        ) as pool,
    ):
        for done, result in enumerate(
            pool.map(replicate, range(n_replicates), generators), start=1
        ):
            results.append(result)
            now = time.monotonic()
            if now - last_said >= SECONDS_BETWEEN_LOGS:
                last_said = now
                _logger.info("%s: %d of %d after %.0f s", name, done, n_replicates, now - began)
    return results
