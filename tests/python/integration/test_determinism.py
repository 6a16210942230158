"""Two builds of one file are equal, bit for bit, whatever the threads and the hash seed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from project import BRISK, Project, expect_success


@pytest.fixture(scope="module")
def again(built: Project, sample_file: Path, new_project: Callable[..., Project]) -> Project:
    """The build of `built` once more: other threads in dbt, DuckDB and BLAS, another hash seed."""
    project = new_project(
        "again",
        TZ=built.env["TZ"],
        DBT_THREADS="4",
        OMP_NUM_THREADS="3",
        OPENBLAS_NUM_THREADS="3",
        PYTHONHASHSEED="12345",
    )
    first_macro = project.folder / "macros" / "begin_build.sql"
    text = first_macro.read_text(encoding="utf-8")
    assert text.count("create or replace table") == 1
    text = text.replace("create or replace table", "set threads = 4; create or replace table")
    first_macro.write_text(text, encoding="utf-8")
    expect_success(project.build(sample_file, variables=BRISK, in_new_python=True))
    return project


def tables(project: Project) -> list[str]:
    """Name all that dbt made, but for the log of builds, which says when they were."""
    log = ("main.stg_builds__stages", "main.rpt_build_log")
    return [name for name in project.relations() if name.startswith("main.") and name not in log]


def test_every_table_is_equal(built: Project, again: Project) -> None:
    relations = tables(built)
    assert relations == tables(again)
    assert again.fingerprints(relations) == built.fingerprints(relations)


def test_exports_are_equal(built: Project, again: Project) -> None:
    for name in ("customer_segments.csv", "df_k2_agglo_all_raw.csv"):
        assert (again.exports / name).read_bytes() == (built.exports / name).read_bytes()
