"""One BLAS thread for a fit: the same bits on a laptop and on a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import OpenBLASController, threadpool_limits

_lock = threading.Lock()
_users = 0
_limits: threadpool_limits | None = None


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS at one thread while any thread of this process is inside. May be nested.

    BLAS splits a product over its threads, and another split adds in another order. The limit
    belongs to the process, not to the calling thread, and dbt runs several models in threads of one
    process: were each to restore the limit on its way out, the first to finish would lift it for
    the others. So entries are counted: the first sets the limit, the last one out restores what was
    there. OpenMP, which scikit-learn's K-Means uses, is not touched.
    """
    global _users, _limits
    with _lock:
        if _users == 0:
            _release_control()
            _limits = threadpool_limits(limits=1, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _limits is not None:
                _release_control()
                _limits.restore_original_limits()
                _limits = None
                _release_control()


def _release_control() -> None:
    """Let whichever thread sets the next limit on OpenBLAS be the one in control.

    threadpoolctl (3.8) silently ignores limits from any thread but the one that set the first, and
    here the first to enter and the last to leave may be two.
    """
    OpenBLASController.clear_controlling_thread(force=True)
