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


def test_every_table_is_equal(built: Project, again: Project) -> None:
    relations = [name for name in built.relations() if name.startswith("main.")]
    assert relations == [name for name in again.relations() if name.startswith("main.")]
    assert again.fingerprints(relations) == built.fingerprints(relations)


def test_exports_are_equal(built: Project, again: Project) -> None:
    for name in ("customer_segments.csv", "df_k2_agglo_all_raw.csv"):
        assert (again.exports / name).read_bytes() == (built.exports / name).read_bytes()
