"""A disk that is full or read-only anywhere, little memory, a lost database: what is left and said.

`make test-hard` runs it. The disks are small file systems in memory, which only root can mount.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from project import SHORT, Project
from whole_builds import expect_whole_copy, expect_whole_exports

from segmentation.history import find_backups
from segmentation.sample.generate import write_sample

pytestmark = pytest.mark.hard
DBT = str(Path(sys.executable).with_name("dbt"))
ROWS = 1_500
VARIABLES = {**SHORT, "k_values": [3, 4]}
FOLDERS = {
    "EXPORTS_DIR": "exports",
    "PUBLISHED_DIR": "published",
    "BACKUPS_DIR": "backups",
}
HISTORY = ("fct_segment_history", "dim_models", "fct_model_parameters", "int_attribute_history")


class SmallDisk:
    """A file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, size: int) -> bool:
        self.folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def change(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True)

    def give_back(self) -> None:
        self.change("rw,size=4g")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    if not disk.mount(4 << 30):
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk.folder)], check=True)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("few") / "customers.csv"
    write_sample(path, ROWS, 20250728)
    return path


def arguments(seed: int) -> list[str]:
    """Give the arguments of dbt for a build with a seed that makes it another one."""
    variables = json.dumps({**VARIABLES, "random_seed": seed})
    return ["build", "--exclude-resource-type", "unit_test", "test", "--vars", variables]


def build(project: Project, file: Path, seed: int) -> tuple[int, str]:
    """Build; the database may be elsewhere."""
    environment = project.environment(file)
    return project.run("dbt", *arguments(seed), environment=environment, in_new_python=True)


def expect_told(output: str, *texts: str) -> None:
    """Fail unless a message says this, in a build that ended without a traceback.

    dbt-duckdb shows one with the failure of a Python model, whatever the cause.
    """
    said = " ".join(output.split())
    assert "Traceback" not in said.replace("Python model failed: Traceback", ""), output
    for text in texts:
        assert text in said, f"{text!r} is not in:\n{output}"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written_for_people(project: Project) -> list[dict[str, bytes]]:
    """Give the files of exports, published copy and backups."""
    return [contents(project.folder / name) for name in FOLDERS.values()]


def database_of(project: Project) -> Path:
    return Path(project.environment(None)["DBT_DUCKDB_PATH"])


def results(project: Project) -> dict[str, str]:
    """Give the rows of every mart, but for the log, as hashes."""
    with duckdb.connect(str(database_of(project)), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'main' order by 1"
        ).fetchall()
        return {
            table: connection.execute(
                f"select count(*) || ' ' || sum(hash(rows)) from {table} as rows"
            ).fetchall()[0][0]
            for (table,) in tables
        }


@pytest.fixture(scope="module")
def old(file: Path, new_project: Callable[..., Project]) -> Project:
    project = new_project("faults_old")
    returncode, output = build(project, file, 1)
    assert returncode == 0, output
    return project


def copy_of(old: Project, folder: Path, **env: str) -> Project:
    """Copy a project with what it has built."""
    project = Project(folder, old.parses, env)
    for path in (
        *old.folder.glob("segmentation.duckdb*"),
        *map(old.folder.joinpath, FOLDERS.values()),
    ):
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copy(path, folder)
    return project


@pytest.fixture(scope="module")
def expected(old: Project, file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the second build makes where there is room."""
    project = copy_of(old, tmp_path_factory.mktemp("room") / "project")
    returncode, output = build(project, file, 2)
    assert returncode == 0, output
    return results(project)


def expect_the_next_build(project: Project, file: Path, expected: dict[str, str]) -> None:
    returncode, output = build(project, file, 2)
    assert returncode == 0, output
    assert results(project) == expected
    expect_whole_copy(project)
    expect_whole_exports(project, ROWS)


@pytest.mark.parametrize("room", [0, 8 << 20, 24 << 20, 36 << 20])
def test_the_disk_of_the_database_is_full(
    room: int,
    disk: SmallDisk,
    old: Project,
    file: Path,
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    project = copy_of(old, tmp_path / "project")
    used = 0
    for path in list(project.folder.glob("segmentation.duckdb*")):
        used += path.stat().st_size
        shutil.move(path, disk.folder)
    project.env["DBT_DUCKDB_PATH"] = str(disk.folder / "segmentation.duckdb")
    project.env["BACKUPS_DIR"] = str(project.folder / "backups")
    published = written_for_people(project)
    disk.change(f"size={used + room}")
    returncode, output = build(project, file, 2)
    assert returncode != 0, output
    expect_told(output, str(disk.folder), "full")
    assert published == written_for_people(project)
    disk.give_back()
    expect_the_next_build(project, file, expected)


@pytest.mark.parametrize(
    ("variable", "room"),
    [
        ("EXPORTS_DIR", 4096),
        ("EXPORTS_DIR", 400_000),
        ("PUBLISHED_DIR", 1 << 20),
        ("BACKUPS_DIR", 100_000),
    ],
)
def test_the_disk_of_what_is_written_at_the_end_is_full(
    variable: str,
    room: int,
    disk: SmallDisk,
    old: Project,
    file: Path,
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    project = copy_of(old, tmp_path / "project", **{variable: str(disk.folder)})
    shutil.copytree(old.folder / FOLDERS[variable], disk.folder, dirs_exist_ok=True)
    before = contents(disk.folder)
    used = sum(-(-len(content) // 4096) * 4096 for content in before.values())
    disk.change(f"size={used + room}")
    returncode, output = build(project, file, 2)
    assert returncode != 0, output
    expect_told(output, f"the disk of {disk.folder} (", "is full", variable)
    assert contents(disk.folder) == before
    disk.give_back()
    for name in FOLDERS.values():
        if FOLDERS[variable] == name:
            shutil.copytree(disk.folder, project.folder / name, dirs_exist_ok=True)
    del project.env[variable]
    expect_the_next_build(project, file, expected)


@pytest.mark.parametrize("variable", ["EXPORTS_DIR", "PUBLISHED_DIR", "BACKUPS_DIR"])
def test_a_read_only_folder_stops_a_build_before_it_begins(
    variable: str, disk: SmallDisk, old: Project, file: Path, tmp_path: Path
) -> None:
    project = copy_of(old, tmp_path / "project", **{variable: str(disk.folder)})
    before = results(project)
    disk.change("ro")
    returncode, output = build(project, file, 2)
    assert returncode != 0, output
    expect_told(output, f"{disk.folder} cannot be", "Read-only file system", variable)
    assert results(project) == before


@pytest.mark.parametrize("encoding", ["gb18030", "xlsx"])
def test_there_is_no_room_for_temporary_files(
    encoding: str, disk: SmallDisk, old: Project, file: Path, tmp_path: Path
) -> None:
    project = copy_of(old, tmp_path / "project", TMPDIR=str(disk.folder))
    customers = pd.read_csv(file, dtype=str, keep_default_na=False)
    other = tmp_path / f"customers.{'xlsx' if encoding == 'xlsx' else 'csv'}"
    if encoding == "xlsx":
        customers.to_excel(other, index=False)
    else:
        customers.to_csv(other, index=False, encoding=encoding)
    disk.change("size=64k")
    returncode, output = build(project, other, 2)
    assert returncode != 0, output
    expect_told(output, f"the disk of {disk.folder} (", "is full", "TMPDIR")
    assert list(disk.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("limit", "spill", "said"),
    [
        ("50MB", None, "DUCKDB_MEMORY_LIMIT=50MB of memory, which is too little"),
        ("50MB", 200 << 10, "name a folder on another disk with the environment variable DUCKDB_T"),
        ("400MB", None, ""),
    ],
)
def test_little_memory(
    limit: str,
    spill: int | None,
    said: str,
    disk: SmallDisk,
    old: Project,
    file: Path,
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    project = copy_of(old, tmp_path / "project", DUCKDB_MEMORY_LIMIT=limit)
    if spill is not None:
        project.env["DUCKDB_TEMP_DIRECTORY"] = str(disk.folder / "spill")
        disk.change(f"size={spill}")
    published = written_for_people(project)
    returncode, output = build(project, file, 2)
    if said:
        assert returncode != 0, output
        expect_told(output, said)
        assert published == written_for_people(project)
    else:
        assert returncode == 0, output
        assert results(project) == expected


@pytest.mark.parametrize("command", ["report", "workbook"])
def test_the_disk_of_the_reports_is_full(
    command: str, disk: SmallDisk, old: Project, tmp_path: Path
) -> None:
    program = str(Path(sys.executable).with_name("segmentation"))
    environment = {**old.environment(None), "REPORTS_DIR": str(disk.folder)}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, command],
            cwd=old.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    before = contents(disk.folder)
    disk.change(f"size={sum(map(len, before.values())) + 50_000}")
    failed = run()
    assert failed.returncode == 1
    expect_told(failed.stderr, f"the disk of {disk.folder} (", "is full")
    assert contents(disk.folder) == before
    # The workbook is put together from temporary files.
    disk.give_back()
    environment["REPORTS_DIR"], environment["TMPDIR"] = str(tmp_path / "reports"), str(disk.folder)
    disk.change(f"size={sum(map(len, before.values())) + 8192}")
    failed = run()
    if command == "workbook":
        assert failed.returncode == 1
        expect_told(failed.stderr, str(disk.folder), "TMPDIR")
        assert contents(disk.folder) == before


@pytest.mark.parametrize("gap", [0, 0.03, 0.1])
def test_of_two_builds_at_the_same_moment_one_builds(
    gap: float, old: Project, file: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    project = copy_of(old, tmp_path / "project")
    environment = project.environment(file)
    outputs = [tmp_path / "first.txt", tmp_path / "second.txt"]
    builds = []
    for output in outputs:
        with output.open("wb") as said:
            builds.append(
                subprocess.Popen(
                    [DBT, *arguments(2)],
                    cwd=project.folder,
                    env=environment,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                )
            )
        time.sleep(gap)
    codes = [build.wait() for build in builds]
    said = [output.read_text(encoding="utf-8") for output in outputs]
    assert codes.count(0) == 1, said
    winner = codes.index(0)
    expect_told(said[1 - winner], f"cannot be opened: it is open in process {builds[winner].pid} (")
    assert results(project) == expected
    expect_whole_copy(project)
    expect_whole_exports(project, ROWS)
    log = project.query("select result from rpt_build_log where stage = 'all'")
    assert list(log["result"]) == ["success"] * 2


def test_a_lost_database_is_built_again_with_its_history(
    old: Project, file: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    project = copy_of(old, tmp_path / "project")
    before = {name: results(old)[name] for name in HISTORY}
    os.truncate(project.database, 50_000)
    returncode, output = build(project, file, 2)
    assert returncode != 0
    expect_told(output, "Move it and segmentation.duckdb.wal away", "restore-history")
    for path in project.folder.glob("segmentation.duckdb*"):
        path.unlink()
    assert len(find_backups(project.database)) == 1
    restored = subprocess.run(
        [str(Path(sys.executable).with_name("segmentation")), "restore-history"],
        cwd=project.folder,
        env=project.environment(None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert restored.returncode == 0, restored.stderr
    assert {name: results(project)[name] for name in HISTORY} == before
    expect_the_next_build(project, file, expected)
