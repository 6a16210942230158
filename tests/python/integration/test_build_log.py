"""Builds are logged, whatever became of them; what belongs together carries one build id."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest
from project import BRISK, Project

from segmentation.report.marts import read_marts
from segmentation.report.page import render
from segmentation.workbook.make import make_workbook

STAGES = ["seeds", "staging", "intermediate", "python_models", "marts", "all"]


@pytest.fixture(scope="module")
def log(built: Project) -> pd.DataFrame:
    return built.query("select * from rpt_build_log order by stage_order").set_index("stage")


def test_every_stage_has_a_row(built: Project, sample_file: Path, log: pd.DataFrame) -> None:
    assert list(log.index) == STAGES
    whole = log.loc["all"]
    assert set(log["result"]) == {"success"}
    assert log["nodes"].iloc[:-1].sum() == whole["nodes"] > 150
    # One dbt thread: what the nodes take is part of what the build takes.
    assert 0 < log["seconds"].iloc[:-1].sum() < whole["seconds"]
    assert whole["file_rows"] == 4_500
    assert whole["kept_rows"] + whole["refused_rows"] == whole["file_rows"]
    assert whole["input_hash"] == hashlib.sha256(sample_file.read_bytes()).hexdigest()
    assert whole["k"] == built.one("select k from dim_segmentations where is_final")
    assert whole["model_version"] == built.one("select model_version from dim_models")
    assert 100 < whole["peak_memory_mib"] < 10_000


def test_exports_report_workbook_and_copy_carry_one_build_id(
    built: Project, log: pd.DataFrame, tmp_path: Path
) -> None:
    (build_id,) = log["build_id"].unique()
    note = json.loads((built.exports / "build.json").read_text(encoding="utf-8"))
    assert note["build_id"] == build_id
    assert len(note["files"]) == 3
    for name, file in note["files"].items():
        content = (built.exports / name).read_bytes()
        assert file == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    with duckdb.connect(str(built.published), read_only=True) as copy:
        assert copy.sql("select distinct build_id, result from rpt_build_log").fetchall() == [
            (build_id, "success")
        ]
    assert f"<code>{build_id}</code>" in render(read_marts(built.database), "en")
    make_workbook(built.database, tmp_path / "book.xlsx", exports=built.exports)
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx", read_only=True).worksheets[0]
    cells = [str(cell) for row in sheet.iter_rows(max_row=5, values_only=True) for cell in row]
    assert any(build_id in cell for cell in cells)


def test_a_build_that_fails_is_logged_and_leaves_the_exports(
    spare: Project, customers: pd.DataFrame, tmp_path: Path
) -> None:
    before = (spare.exports / "build.json").read_bytes()
    few = tmp_path / "few.csv"
    customers.head(5).to_csv(few, index=False)
    assert spare.build(few, variables=BRISK).returncode != 0
    last = spare.query("select * from rpt_build_log order by build_number desc limit 1").iloc[0]
    assert last["stage"] == "all" or last["result"] == "success"
    whole = spare.query("select * from rpt_build_log where result = 'failed' and stage = 'all'")
    assert len(whole) == 1
    assert whole["failures"].iloc[0]
    assert pd.isna(whole["k"].iloc[0])
    assert (spare.exports / "build.json").read_bytes() == before


def test_a_build_that_is_killed_stays_unfinished(spare: Project, sample_file: Path) -> None:
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("dbt")), "run", "--vars", json.dumps(BRISK)],
        cwd=spare.folder,
        env=spare.environment(sample_file),
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if " OK created " in line:
                running.send_signal(signal.SIGKILL)
                break
    with duckdb.connect(str(spare.database)) as connection:
        rows = connection.sql(
            "select stage, result, nodes from builds.stages order by build_number desc limit 1"
        ).fetchall()
    assert rows == [("all", "unfinished", None)]


def test_a_clock_that_was_set_back_changes_no_order(spare: Project) -> None:
    with duckdb.connect(str(spare.database)) as connection:
        connection.execute(
            "insert into builds.stages by name select * replace ('later' as build_id, "
            "build_number + 9 as build_number, started_at - interval 3 days as started_at) "
            "from builds.stages where stage = 'all' and result = 'success'"
        )
    build = read_marts(spare.database).build
    assert build is not None
    assert build["build_id"] == "later"
