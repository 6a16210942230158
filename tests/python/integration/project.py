"""Run the real dbt project from a test: in a process, database and folders of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[3]
PROJECT_PARTS = (
    "dbt_project.yml",
    "profiles.yml",
    "macros",
    "models",
    "python_models",
    "seeds",
    "tests/generic",
    "tests/singular",
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


@dataclass
class Project:
    """A dbt project folder and a folder for all that it writes.

    Attributes
    ----------
    work : Path
        Where database, target, logs and exports go.
    root : Path
        The project; the repository itself, or a copy made by `copy_project`.
    env : dict
        Environment variables of every command.
    """

    work: Path
    root: Path = ROOT
    env: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.work / "segmentation.duckdb"

    @property
    def exports(self) -> Path:
        return self.work / "exports"

    @property
    def published(self) -> Path:
        return self.work / "published" / "segments.duckdb"

    @property
    def target(self) -> Path:
        return self.work / "target"

    def environment(self, customer_file: Path | str | None) -> dict[str, str]:
        """Give the environment of a command; the settings of whoever runs the tests stay out."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DBT_", "PUBLISH", "PG"))
            and name not in ("CUSTOMER_FILE", "EXPORTS_DIR")
        }
        own = {
            "DBT_DUCKDB_PATH": str(self.database),
            "DBT_PROFILES_DIR": str(self.root),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.work / "logs"),
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
    ) -> Run:
        """Run ``dbt build``.

        Parameters
        ----------
        customer_file : Path, str or None
            For the environment variable CUSTOMER_FILE.
        variables : mapping, optional
            For ``--vars``. dbt parses everything again when they change: seconds.
        select : sequence of str
            Nodes; all by default.
        tests : bool, default=False
            Run the data tests as well.

        Returns
        -------
        Run
        """
        command = [str(Path(sys.executable).with_name("dbt")), "build"]
        command += ["--exclude-resource-type", "unit_test", *([] if tests else ["test"])]
        if select:
            command += ["--select", *select]
        if variables is not None:
            command += ["--vars", json.dumps(variables, ensure_ascii=False)]
        results = self.target / "run_results.json"
        results.unlink(missing_ok=True)
        process = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(customer_file),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        statuses = {}
        if results.exists():
            for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
                statuses[result["unique_id"].split(".")[2]] = result["status"]
        return Run(process.returncode, process.stdout, statuses)

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
        """Give an md5 over all rows of each relation, in the order of their text.

        DuckDB writes a double with as many digits as tell it from every other.
        """
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return {
                relation: connection.sql(
                    "select count(*) || ' rows ' || md5(string_agg(line, chr(10) order by line)) "
                    f"from (select cast(rows as varchar) as line from {relation} as rows)"
                ).fetchall()[0][0]
                for relation in relations
            }


def copy_project(source: Path, target: Path) -> Path:
    """Copy what dbt reads, so that a test may change it.

    Parameters
    ----------
    source, target : Path
        The project, and a folder that is made.

    Returns
    -------
    Path
        `target`.
    """
    for part in PROJECT_PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / part, target / part)
    return target


def set_database_threads(project: Path, threads: int) -> None:
    """Let DuckDB use so many threads in a copied project."""
    path = project / "profiles.yml"
    profiles = yaml.safe_load(path.read_text(encoding="utf-8"))
    profiles["customer_segmentation"]["outputs"]["dev"]["settings"] = {"threads": threads}
    path.write_text(yaml.safe_dump(profiles), encoding="utf-8")


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
