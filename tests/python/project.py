"""Run the real dbt project from a test: in a process and a folder of its own.

Two things would cost more than what is tested, so they are done once:

- To import dbt and its libraries takes as long as a small build. A process that has imported them
  is kept, and every command is forked from it.
- To parse the project takes as long again. dbt keeps what it parsed, and parses everything again
  where the vars, the profile or ``dbt_project.yml`` differ; else only files that differ. Projects
  with the same vars share it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
PROJECT_PARTS = (
    "dbt_project.yml",
    "profiles.yml",
    "selectors.yml",
    "macros",
    "models",
    "python_models",
    "seeds",
    "tests/generic",
    "tests/singular",
)
PROGRAMS = {"dbt": "dbt.cli.main", "mf": "dbt_metricflow.cli.main"}
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["__main__", *PROGRAMS.values(), "dbt.adapters.duckdb", "segmentation.ingest.dbt_plugin"]
)

SHORT = {
    "k_values": [4, 5],
    "n_init": 2,
    "n_bootstraps": 2,
    "n_references": 2,
    "replicate_rows": 300,
    "replicate_rows_slow": 100,
    "famd_axes": [3],
}
"""Vars of a build whose segmentations are not the point."""

BRISK = {
    "k_values": [3, 4, 5, 6, 7],
    "n_bootstraps": 8,
    "n_references": 5,
    "replicate_rows_slow": 500,
    "famd_axes": [3, 5],
}
"""Vars of a build that chooses K, on less evidence than usual."""

MARTS = tuple(sorted(path.stem for path in (ROOT / "models" / "marts").glob("*.sql")))


@dataclass(frozen=True)
class Run:
    """What a dbt command said and did.

    Attributes
    ----------
    returncode : int
    output : str
        Standard output and standard error as they came.
    statuses : dict
        Status by the name of the node.
    """

    returncode: int
    output: str
    statuses: dict[str, str]


@dataclass(frozen=True)
class Project:
    """A folder with a copy of the dbt project, to which everything is written as well.

    Attributes
    ----------
    folder : Path
        It is made, with the copy, if it is not there.
    parses : Path
        Where projects with the same vars share what dbt parsed.
    env : dict
        Environment variables of every command.
    """

    folder: Path
    parses: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.folder.exists():
            return
        for part in PROJECT_PARTS:
            copy = self.folder / part
            copy.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, copy)
            else:
                shutil.copy(ROOT / part, copy)

    @property
    def database(self) -> Path:
        return self.folder / "segmentation.duckdb"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def published(self) -> Path:
        return self.folder / "published" / "segments.duckdb"

    @property
    def target(self) -> Path:
        return self.folder / "target"

    def environment(self, customer_file: Path | str | None) -> dict[str, str]:
        """Give the environment of a command; the settings of whoever runs the tests stay out."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DBT_", "PUBLISH", "PG"))
            and name not in ("CUSTOMER_FILE", "EXPORTS_DIR", "BACKUPS_DIR")
        }
        own = {
            "DBT_DUCKDB_PATH": str(self.database),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_USE_COLORS": "false",
            "DO_NOT_TRACK": "1",
            "EXPORTS_DIR": str(self.exports),
            "PUBLISHED_DIR": str(self.published.parent),
        }
        named = {} if customer_file is None else {"CUSTOMER_FILE": str(customer_file)}
        return {**inherited, **own, **named, **self.env}

    def build(
        self,
        customer_file: Path | str | None,
        *,
        variables: Mapping[str, Any] | None = None,
        select: Sequence[str] = (),
        tests: bool = False,
        in_new_python: bool = False,
    ) -> Run:
        """Run ``dbt build``.

        Parameters
        ----------
        customer_file : Path, str or None
            For the environment variable CUSTOMER_FILE.
        variables : mapping, optional
            For ``--vars``. The first project with these vars is parsed: seconds.
        select : sequence of str
            Nodes; all by default.
        tests : bool, default=False
            Run the data tests as well.
        in_new_python : bool, default=False
            See `run`.

        Returns
        -------
        Run
        """
        arguments = ["build", "--exclude-resource-type", "unit_test", *([] if tests else ["test"])]
        if select:
            arguments += ["--select", *select]
        return self.dbt(
            *arguments,
            customer_file=customer_file,
            variables=variables,
            in_new_python=in_new_python,
        )

    def dbt(
        self,
        *arguments: str,
        customer_file: Path | str | None = None,
        variables: Mapping[str, Any] | None = None,
        in_new_python: bool = False,
    ) -> Run:
        """Run a dbt command; the parameters are those of `build`."""
        given = json.dumps(variables or {}, ensure_ascii=False, sort_keys=True)
        # dbt compares the database's path too: a relative one is the same in every folder.
        environment = self.environment(customer_file) | {"DBT_DUCKDB_PATH": self.database.name}
        parse = self.target / "partial_parse.msgpack"
        shared = self.parses / f"{hashlib.md5(given.encode()).hexdigest()}.msgpack"
        if shared.exists():
            self.target.mkdir(exist_ok=True)
            shutil.copy(shared, parse)
        results = self.target / "run_results.json"
        results.unlink(missing_ok=True)
        returncode, output = self.run(
            "dbt", *arguments, "--vars", given, environment=environment, in_new_python=in_new_python
        )
        if parse.exists() and not shared.exists():
            whole = shutil.copy(parse, shared.with_suffix(f".{os.getpid()}"))
            os.replace(whole, shared)
        statuses = {}
        if results.exists():
            for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
                statuses[result["unique_id"].split(".")[2]] = result["status"]
        return Run(returncode, output, statuses)

    def run(
        self,
        program: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        in_new_python: bool = False,
    ) -> tuple[int, str]:
        """Run a command in the folder.

        Parameters
        ----------
        program : str
            A key of `PROGRAMS`.
        *arguments : str
        environment : mapping, optional
            All environment variables; by default those of `environment` without a customer file.
        in_new_python : bool, default=False
            Start Python anew, for environment variables that it or a library reads once.

        Returns
        -------
        int, str
            The exit code, and standard output and standard error as they came.
        """
        environment = dict(environment or self.environment(None))
        path = self.folder / "output.txt"
        if in_new_python:
            with path.open("wb") as output:
                returncode = subprocess.run(
                    [str(Path(sys.executable).with_name(program)), *arguments],
                    cwd=self.folder,
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=False,
                ).returncode
        else:
            process = _PROCESSES.Process(
                target=_become, args=(program, arguments, self.folder, environment, path)
            )
            process.start()
            process.join()
            returncode = process.exitcode
            process.close()
        return returncode, path.read_text(encoding="utf-8")

    def query(self, sql: str) -> pd.DataFrame:
        """Read from the database."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).df()

    def one(self, sql: str) -> Any:
        """Read a single value."""
        return self.query(sql).iloc[0, 0]

    def relations(self) -> list[str]:
        """Name every table and view, the source's included."""
        names = self.query(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " order by name"
        )
        return list(names["name"])

    def fingerprints(self, relations: Sequence[str]) -> dict[str, str]:
        """Give the number of rows of each relation and the sum of their hashes, in any order."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return {
                relation: connection.sql(
                    f"select count(*) || ' rows ' || sum(hash(rows)) from {relation} as rows"
                ).fetchall()[0][0]
                for relation in relations
            }


def _become(
    program: str, arguments: Sequence[str], folder: Path, environment: dict[str, str], output: Path
) -> None:
    """Be a program of Python's, in this process: as from a shell, but for what is imported."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    with output.open("wb") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.argv = [program, *arguments]
    importlib.import_module(PROGRAMS[program]).cli()


def expect_success(run: Run) -> None:
    """Fail with dbt's output unless the command succeeded."""
    assert run.returncode == 0, run.output


def expect_clean_failure(run: Run, *messages: str) -> None:
    """Fail unless the command failed with these texts and no traceback.

    dbt wraps nothing, but it indents messages: white space is compared loosely.
    """
    assert run.returncode != 0, run.output
    assert "Traceback" not in run.output, run.output
    said = " ".join(run.output.split())
    for message in messages:
        assert " ".join(message.split()) in said, f"{message!r} is not in:\n{run.output}"
