"""Run dbt's unit tests, and the tests of macros, against a copy of the project with changed SQL."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))
from project import SHORT, Project, expect_success  # type: ignore[import-not-found]  # noqa: E402

PROJECT = "customer_segmentation"
_FORK = multiprocessing.get_context("fork")
_MACROS = "agglomerative_distances apply_range_policy distances_by_segmentation distribution_counts"
_MACROS += " encoded_features famd_coordinates famd_gmm_distances is_out_of_range level_value"
_MACROS += " mixture_scores model_features model_scores normal_cdf skewness target_encoding_fold"
_MACROS += " transformed two_nearest unrolled_distance"
_FOLDERS = [f"models/intermediate/{name}" for name in ("scores", "selection", "tracking")]
PATHS = [
    *(f"macros/{name}.sql" for name in _MACROS.split()),
    *(str(path.relative_to(ROOT)) for folder in _FOLDERS for path in (ROOT / folder).glob("*.sql")),
    "models/marts/rpt_feature_drift.sql",
    "models/marts/rpt_refit_advice.sql",
]


class SqlProject:
    """A copy of the project, built on a small sample: unit tests need tables to read columns from.

    Parameters
    ----------
    folder : Path
        It is made, and built, if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        is_new = not folder.exists()
        self.project = Project(folder, folder / "parses")
        self.project.parses.mkdir(exist_ok=True)
        if is_new:
            sample = ["sample", "--rows", "1500", "--output", str(folder / "customers.csv")]
            subprocess.run([Path(sys.executable).with_name("segmentation"), *sample], check=True)
            self.project.exports.mkdir()
            expect_success(self.project.build(folder / "customers.csv", variables=SHORT))
        for path in ROOT.glob("m*/**/*.[sy]*l"):  # what has been changed since
            self._restore(str(path.relative_to(ROOT)))

    def run(self, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, str]]:
        """Give what the tests say of each mutant.

        Parameters
        ----------
        mutants : sequence of Mutant

        Yields
        ------
        Mutant, str
            `passed` or `failed`; `untested` where no unit test concerns it.
        """
        nothing = self._failures([])
        if nothing is None or any(nothing.values()):
            raise SystemExit("Unit tests fail without any change.")
        macros = [mutant for mutant in mutants if mutant.path.startswith("macros/")]
        for mutant in macros:
            yield mutant, self._judge([mutant])[mutant]
        # The unit tests of a model concern no other: one mutant of each model at a time.
        queues = defaultdict(list)
        for mutant in mutants:
            if mutant not in macros:
                queues[mutant.path].append(mutant)
        while batch := [queue.pop(0) for queue in queues.values() if queue]:
            yield from self._judge(batch).items()

    def _judge(self, batch: list[Mutant]) -> dict[Mutant, str]:
        for mutant in batch:
            source = (ROOT / mutant.path).read_bytes()
            (self.project.folder / mutant.path).write_bytes(mutant.apply(source))
        if batch[0].path.startswith("macros/"):
            failures = self._macro_tests_fail() or self._failures(self._users(batch[0]))
            results = {batch[0]: _said(failures)}
        else:
            names = [Path(mutant.path).stem for mutant in batch]
            failures = self._failures(names)
            if failures is None and len(batch) > 1:
                # One of them stopped dbt: each alone.
                for mutant in batch:
                    self._restore(mutant.path)
                return {mutant: self._judge([mutant])[mutant] for mutant in batch}
            results = {
                mutant: _said(None if failures is None else {name: failures.get(name)})
                for mutant, name in zip(batch, names, strict=True)
            }
        for mutant in batch:
            self._restore(mutant.path)
        return results

    def _restore(self, path: str) -> None:
        shutil.copy2(ROOT / path, self.project.folder / path)

    def _failures(self, models: Sequence[str]) -> dict[str, bool | None] | None:
        """Give for each of these models (all, if none) whether a unit test fails; None: no run."""
        select = ["--select", *models] if models else []
        results = self.project.target / "run_results.json"
        run = self.project.dbt("test", "--resource-type", "unit_test", *select, variables=SHORT)
        if not results.exists():
            return None if run.returncode else {}
        found: dict[str, bool | None] = {}
        for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
            kind, _, model, *_ = result["unique_id"].split(".")
            if kind == "unit_test":
                found[model] = found.get(model) or result["status"] != "pass"
        return found

    def _users(self, mutant: Mutant) -> list[str]:
        """Give the models that call a macro, or one that calls it: by text, as some do in loops."""
        manifest = json.loads((self.project.target / "manifest.json").read_text(encoding="utf-8"))
        users = {Path(mutant.path).stem}

        def calls_one(text: str) -> bool:
            return any(re.search(rf"\b{name}\(", text) for name in users)

        own = [macro for key, macro in manifest["macros"].items() if f".{PROJECT}." in key]
        while more := {
            macro["name"]
            for macro in own
            if macro["name"] not in users and calls_one(macro["macro_sql"])
        }:
            users |= more
        nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
        return [node["name"] for node in nodes if calls_one(node["raw_code"])]

    def _macro_tests_fail(self) -> dict[str, bool | None]:
        process = _FORK.Process(target=_test_macros, args=(self.project.folder,))
        process.start()
        process.join()
        return {"test_sql_macros": True} if process.exitcode else {}


def run_sql(root: Path, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, str]]:
    """Give what the tests say of each mutant."""
    return SqlProject(root / "target" / "mutants" / "sql").run(mutants)


def _said(failures: dict[str, bool | None] | None) -> str:
    if failures is None or any(failures.values()):
        return "failed"
    return "passed" if False in failures.values() else "untested"


def _test_macros(folder: Path) -> None:
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    vars(importlib.import_module("jinja_macros"))["ROOT"] = folder
    os.chdir(ROOT)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--tb=no"]
    os._exit(pytest.main([*options, "tests/python/test_sql_macros.py"]))
