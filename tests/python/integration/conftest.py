"""The sample, the project built on it once, and a copy of that database for other builds."""

from __future__ import annotations

import datetime
import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from project import BRISK, Project, expect_success

from segmentation.sample.generate import write_sample

SAMPLE_ROWS = 4_500
"""More than two of DuckDB's vectors: with fewer its threads never add up in another order."""

SAMPLE_SEED = 20250728


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Customers of the synthetic file, as CSV."""
    path = tmp_path_factory.mktemp("sample") / "customers.csv"
    write_sample(path, SAMPLE_ROWS, SAMPLE_SEED)
    return path


@pytest.fixture(scope="session")
def customers(sample_file: Path) -> pd.DataFrame:
    """The rows of the sample as text, to write files from; copy before you change them."""
    return pd.read_csv(sample_file, dtype=str, keep_default_na=False)


@pytest.fixture(scope="session")
def planted(sample_file: Path) -> pd.Series:
    """The planted segment by customer id."""
    planted = pd.read_csv(sample_file.with_name("customers_planted.csv"), dtype=str)
    return planted.set_index("corporation_id")["planted_segment"]


@pytest.fixture(scope="session")
def far_zone() -> datetime.timezone:
    """A time zone in which it is another day than in Greenwich."""
    hour = datetime.datetime.now(datetime.UTC).hour
    return datetime.timezone(datetime.timedelta(hours=14 if hour >= 11 else -12))


@pytest.fixture(scope="session")
def built(
    sample_file: Path,
    far_zone: datetime.timezone,
    new_project: Callable[..., Project],
    shared_folder: Path,
) -> Project:
    """The project, built on the sample with one dbt thread: once for all workers, which read it."""
    offset = far_zone.utcoffset(None) // datetime.timedelta(hours=1)
    zone = f"<{offset:+d}>{-offset}"  # POSIX counts westwards
    done = shared_folder / "built.done"
    with done.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        project = new_project("built", parent=shared_folder, DBT_THREADS="1", TZ=zone)
        if not done.exists():
            expect_success(project.build(sample_file, variables=BRISK, in_new_python=True))
            done.touch()
    return project


@pytest.fixture(scope="module")
def spare(
    built: Project, new_project: Callable[..., Project], request: pytest.FixtureRequest
) -> Project:
    """The project over a copy of that database, for builds that stop early or go wrong."""
    project = new_project(f"spare_{request.module.__name__}", TZ=built.env["TZ"])
    shutil.copy(built.database, project.database)
    shutil.copytree(built.exports, project.exports)
    shutil.copytree(built.published.parent, project.published.parent)
    return project
