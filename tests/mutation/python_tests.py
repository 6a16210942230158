"""Run the tests of a module against a copy of the package, in a fork that has all else imported."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

_FORK = multiprocessing.get_context("fork")
_LIBRARIES = "duckdb hypothesis.strategies kmodes.kprototypes kneed numba pandas prince pyarrow"
_LIBRARIES += " scipy.stats scipy.optimize sklearn.metrics sklearn.mixture sklearn.tree loky"


class Package:
    """A copy of the package, to be changed.

    Parameters
    ----------
    root : Path
        Of the project.
    folder : Path
        It is made anew, and `segmentation` copied into it.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        shutil.rmtree(folder, ignore_errors=True)
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / "segmentation", folder / "segmentation", ignore=skipped)
        for library in _LIBRARIES.split():
            importlib.import_module(library)

    def put(self, path: str, source: bytes) -> None:
        """Change a file."""
        (self.folder / path).write_bytes(source)

    def restore(self, path: str) -> None:
        """Undo that, with the old time of change: what numba compiled stays good."""
        shutil.copy2(self.root / path, self.folder / path)

    def test(self, files: Sequence[str], *, compiled: bool, seconds: float) -> tuple[str, float]:
        """Run test files until one fails.

        Parameters
        ----------
        files : sequence of str
            From the project's folder.
        compiled : bool
            Without, numba compiles nothing: slower, but quicker than to compile for every mutant.
        seconds : float
            Time limit.

        Returns
        -------
        str, float
            `passed`, `failed` or `too slow`; seconds.
        """
        began = time.monotonic()
        process = _FORK.Process(target=_test, args=(self.root, self.folder, files, compiled))
        process.start()
        process.join(seconds)
        result = "too slow" if process.is_alive() else "failed" if process.exitcode else "passed"
        with contextlib.suppress(ProcessLookupError):  # its children, with it
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        return result, time.monotonic() - began


def _test(root: Path, folder: Path, files: Sequence[str], compiled: bool) -> None:
    os.setpgid(0, 0)
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    importlib.import_module("numba").config.DISABLE_JIT = not compiled
    assert "segmentation" not in sys.modules
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    os.chdir(root)
    # What the last mutant failed goes first. Assertions are not rewritten: nobody reads them.
    options = ["-x", "-q", "--failed-first", "-o", f"cache_dir={folder / 'cache'}", "--tb=no"]
    options += ["--assert=plain", "-p", "no:xdist", f"--basetemp={folder / 'pytest'}"]
    os._exit(pytest.main([*options, *files]))
