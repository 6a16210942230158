"""Two builds of one file are equal, bit for bit, whatever the threads and the hash seed."""

from pathlib import Path

import pytest
from project import BRISK, ROOT, Project, copy_project, expect_success, set_database_threads


@pytest.fixture(scope="module")
def again(built: Project, sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The build of `built` once more: other threads in dbt, DuckDB and BLAS, another hash seed."""
    folder = tmp_path_factory.mktemp("again")
    root = copy_project(ROOT, folder / "project")
    set_database_threads(root, 4)
    env = {
        "DBT_THREADS": "4",
        "OMP_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
        "PYTHONHASHSEED": "12345",
    }
    project = Project(folder, root, env)
    as_of_date = str(built.one("select max(as_of_date) from fct_customer_segments"))[:10]
    expect_success(project.build(sample_file, variables={**BRISK, "as_of_date": as_of_date}))
    return project


def test_every_table_is_equal(built: Project, again: Project) -> None:
    relations = [name for name in built.relations() if name.startswith("main.")]
    assert relations == [name for name in again.relations() if name.startswith("main.")]
    assert again.fingerprints(relations) == built.fingerprints(relations)


def test_exports_are_equal(built: Project, again: Project) -> None:
    for name in ("customer_segments.csv", "df_k2_agglo_all_raw.csv"):
        assert (again.exports / name).read_bytes() == (built.exports / name).read_bytes()
