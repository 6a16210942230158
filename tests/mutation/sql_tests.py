"""Run dbt's unit tests, and the tests of macros, with a changed file of SQL: each in a fork."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))
from project import SHORT, Project, expect_success  # type: ignore[import-not-found]  # noqa: E402

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
_LIBRARIES = "dbt.adapters.duckdb hypothesis.strategies pandas scipy.stats"
_LIBRARIES += " segmentation.ingest.dbt_plugin segmentation.clustering.candidates"
_VARS = ["--vars", json.dumps(SHORT)]


def run_sql(root: Path, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, str]]:
    """Give what the tests say of each mutant: `passed`, `failed`, or `untested` for want of one.

    The project is parsed once. In a fork the mutant stands in the place of what was parsed.
    """
    folder = root / "target" / "mutants" / "sql"
    _build(folder)
    for library in _LIBRARIES.split():
        importlib.import_module(library)
    manifest = dbtRunner().invoke(["parse", "--quiet", *_VARS]).result
    tested = {test.model for test in manifest.unit_tests.values()}
    models = tested & {Path(mutant.path).stem for mutant in mutants}
    if models and _code(_run_unit_tests, manifest, None, sorted(models)):
        raise SystemExit("Unit tests fail without any change.")
    for mutant in mutants:
        name = Path(mutant.path).stem
        is_macro = mutant.path.startswith("macros/")
        models = _users(manifest, name) & tested if is_macro else {name} & tested
        failed = bool(models) and _code(_run_unit_tests, manifest, mutant, sorted(models))
        if not failed and is_macro:
            failed = _code(_run_macro_tests, folder, mutant)
        yield mutant, "failed" if failed else "passed" if models else "untested"


def _build(folder: Path) -> None:
    """Build on a small sample, once: unit tests need tables to read the types of columns from."""
    is_new = not folder.exists()
    project = Project(folder, folder / "parses")
    project.parses.mkdir(exist_ok=True)
    if is_new:
        sample = ["sample", "--rows", "1500", "--output", str(folder / "customers.csv")]
        subprocess.run([Path(sys.executable).with_name("segmentation"), *sample], check=True)
        project.exports.mkdir()
        expect_success(project.build(folder / "customers.csv", variables=SHORT))
    for part in ("macros", "models"):  # what has been changed since
        shutil.copytree(ROOT / part, folder / part, dirs_exist_ok=True)
    os.environ.update(project.environment(None))
    os.chdir(folder)


def _users(manifest: Any, macro: str) -> set[str]:
    """Give the models that call a macro, or one that calls it: by text, as some do in loops."""
    users = {macro}

    def calls_one(text: str) -> bool:
        return any(re.search(rf"\b{name}\(", text) for name in users)

    own = [one for one in manifest.macros.values() if one.package_name == "customer_segmentation"]
    while more := {one.name for one in own if calls_one(one.macro_sql)} - users:
        users |= more
    models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return {model.name for model in models if calls_one(model.raw_code)}


def _code(function: Callable[..., object], *arguments: object) -> int | None:
    """Call a function in a fork, which says whether it succeeds."""
    process = _FORK.Process(target=_quietly, args=(function, *arguments))
    process.start()
    process.join()
    return process.exitcode


def _quietly(function: Callable[..., object], *arguments: object) -> None:
    output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os._exit(0 if function(*arguments) else 1)


def _run_unit_tests(manifest: Any, mutant: Mutant | None, models: Sequence[str]) -> bool:
    if mutant is not None:
        changed = mutant.apply((ROOT / mutant.path).read_bytes()).decode()
        places = [*manifest.nodes.values(), *manifest.macros.values()]
        (place,) = [one for one in places if one.original_file_path == mutant.path]
        setattr(place, "macro_sql" if place.resource_type == "macro" else "raw_code", changed)
    command = ["--no-write-json", "--quiet", "test", "--resource-type", "unit_test", *_VARS]
    command += ["--select", *models]
    return bool(dbtRunner(manifest).invoke(command).success)


def _run_macro_tests(folder: Path, mutant: Mutant) -> bool:
    path = folder / mutant.path
    path.write_bytes(mutant.apply((ROOT / mutant.path).read_bytes()))
    vars(importlib.import_module("jinja_macros"))["ROOT"] = folder
    os.chdir(ROOT)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--tb=no"]
    code = pytest.main([*options, "tests/python/test_sql_macros.py"])
    shutil.copy2(ROOT / mutant.path, path)
    return code == 0
