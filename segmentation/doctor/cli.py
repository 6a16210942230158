"""``segmentation doctor``: look at everything before a long build."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from segmentation.doctor.database import check_database
from segmentation.doctor.findings import FAULT, OK, WARNING, Finding
from segmentation.doctor.inputs import (
    check_customers,
    check_database_name,
    check_secrets,
    check_seeds,
    check_value_attribute,
    check_vars,
)
from segmentation.doctor.installation import check_packages, check_python
from segmentation.doctor.machine import (
    check_cores,
    check_disks,
    check_memory,
    check_memory_limit,
    check_temporary_folder,
)
from segmentation.doctor.needs import estimate_needs
from segmentation.history import backups_folder
from segmentation.options import database_option

_PROJECT = Path("dbt_project.yml")
_FEWEST = 10_000
"""Customers that needs are estimated for where the file cannot be read."""
_DBT_FILES = 32 << 20
"""Bytes of dbt's manifest, its other files and its log of a build."""


@click.command("doctor")
@database_option
@click.option("--vars", "given", default="{}", help="YAML, as for dbt's --vars.")
def doctor_command(database: Path, given: str) -> None:
    """Check machine, versions, database, seeds, vars and customer file before a build.

    A line for each check; exit code 1 where a build would fail.
    """
    if not _PROJECT.exists():
        raise click.ClickException(
            f"There is no {_PROJECT} in this folder: go to the folder of the project."
        )
    counts = {WARNING: 0, FAULT: 0}
    for finding in examine(database, given):
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
        text = finding.text.replace("\n", "\n" + " " * 10)
        click.echo(f"{finding.verdict:<8}  {finding.check}: {text}")
    click.echo(f"\nFaults: {counts[FAULT]}. Warnings: {counts[WARNING]}.")
    if counts[FAULT]:
        raise SystemExit(1)


def examine(database: Path, given: str) -> Iterator[Finding]:
    """Run every check on the project in the current folder.

    Parameters
    ----------
    database : Path
    given : str
        Vars as YAML.

    Yields
    ------
    Finding
    """
    project = _read_yaml(_PROJECT.read_text(encoding="utf-8"))
    own = _read_yaml(given)
    for name, content in ((str(_PROJECT), project), ("--vars", own)):
        if content is None:
            yield Finding(FAULT, name, "this is no YAML of names and values. Mend it.")
    if project is None or own is None:
        return
    name = project.get("name", "")
    in_project = dict(project.get("vars") or {})
    values = in_project | (in_project.pop(name, None) or {}) | own
    seeds = Path("seeds")
    yield check_python()
    yield check_packages(Path("requirements.lock"))
    seed_finding = check_seeds(seeds)
    yield seed_finding
    yield check_database_name(database)
    yield check_vars(name, values, own)
    if seed_finding.verdict == OK:
        yield check_value_attribute(values)
    yield from check_secrets(bool(values.get("pseudonymize")))
    yield from check_database(database)
    least = values.get("min_customers")
    findings, rows = check_customers(
        str(values.get("customer_file") or ""),
        seeds,
        database,
        least if isinstance(least, int) else 0,
    )
    yield from findings
    needs = estimate_needs(_FEWEST if rows is None else rows)
    yield check_cores(needs, os.environ.get("DBT_THREADS", "2"))
    yield check_memory(needs)
    yield check_memory_limit(os.environ.get("DUCKDB_MEMORY_LIMIT", "80%"))
    yield check_temporary_folder()
    spill = os.environ.get("DUCKDB_TEMP_DIRECTORY", f"{database}.tmp")
    yield from check_disks(
        {
            "database": (database.parent, needs.database),
            "spill": (Path(spill), needs.database),
            "published copy": (Path(os.environ.get("PUBLISHED_DIR", "published")), needs.database),
            "exports": (Path(os.environ.get("EXPORTS_DIR", "exports")), needs.database),
            "backups": (backups_folder(database), needs.database),
            "dbt's files": (Path(os.environ.get("DBT_TARGET_PATH", "target")), _DBT_FILES),
            "logs": (Path(os.environ.get("DBT_LOG_PATH", "logs")), _DBT_FILES),
        }
    )


def _read_yaml(text: str) -> dict[str, Any] | None:
    """Read YAML of names and values; None where it is none."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    content = {} if content is None else content
    return content if isinstance(content, dict) else None
