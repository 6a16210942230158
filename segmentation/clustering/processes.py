"""Run the calls of a long computation side by side, with the same result however many at a time.

In processes, not threads: dbt's own work, and scikit-learn's between its compiled loops, hold
Python's lock; in threads each short loop would wait for it. The processes are started once a
Python process, and every computation uses the same.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from multiprocessing.util import Finalize
from typing import TypeVar

from loky import ProcessPoolExecutor
from threadpoolctl import threadpool_limits

from segmentation.clustering.threads import single_threaded_blas

_Result = TypeVar("_Result")

# A process takes seconds to start and import. Customers, summed over the calls, that are worth it.
WORTH_PROCESSES = 40_000
_SECONDS_IDLE = 300
_lock = threading.Lock()
# One thread a process, for whatever library: a sum split over threads adds in another order.
_ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA")
}


def side_by_side(
    function: Callable[..., _Result],
    *arguments: Iterable[object],
    customers: int,
    n_jobs: int | None = None,
) -> Iterator[_Result]:
    """Call a function for each of some arguments, as `map` does.

    Inside, BLAS and OpenMP run one thread each.

    Parameters
    ----------
    function : may be a closure; is sent to the processes with all that it holds
    arguments : as of `map`
    customers : that the calls go through, all together
    n_jobs : processes. By default one a CPU, or none where `customers` are fewer than
        `WORTH_PROCESSES`. With 1 the calls are made here, one after the other

    Yields
    ------
    What the calls returned, in order
    """
    if n_jobs is None:
        n_jobs = (os.cpu_count() or 1) if customers >= WORTH_PROCESSES else 1
    if n_jobs == 1:
        # OpenMP's limit belongs to the thread that sets it.
        with single_threaded_blas(), threadpool_limits(1, user_api="openmp"):
            yield from map(function, *arguments)
    else:
        with _lock:  # two of dbt's threads may ask at a time
            executor = _executor(n_jobs)
        yield from executor.map(function, *arguments)


@cache
def _executor(n_jobs: int) -> ProcessPoolExecutor:
    """Start processes for all threads; loky's reusable executor is one for each thread.

    They end with this process. Where this one is itself a child of multiprocessing's (an
    orchestrator's, a test's), it would else wait at its end until they have been idle long enough.
    """
    executor = ProcessPoolExecutor(n_jobs, timeout=_SECONDS_IDLE, env=_ONE_THREAD)
    Finalize(None, executor.shutdown, kwargs={"kill_workers": True}, exitpriority=0)
    return executor
