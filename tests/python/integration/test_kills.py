"""Killed at any moment, a build leaves what people read whole, and the next one succeeds.

`make test-hard` runs it; HARD_KILLS (50) and HARD_SEED (1) are environment variables.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from project import BRISK, Project, expect_success
from whole_builds import expect_whole_copy, expect_whole_exports

from segmentation.builds import NOTE, file_hash

pytestmark = pytest.mark.hard
DBT = str(Path(sys.executable).with_name("dbt"))


def start(project: Project, customer_file: Path, seed: int) -> subprocess.Popen[bytes]:
    """Start a build in a process group of its own, with a seed that makes it another one."""
    return subprocess.Popen(
        [DBT, "build", "--exclude-resource-type", "unit_test", "--vars", variables(seed)],
        cwd=project.folder,
        env=project.environment(customer_file),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def variables(seed: int) -> str:
    return json.dumps({**BRISK, "random_seed": seed})


def test_a_kill_at_a_random_moment(
    built: Project, sample_file: Path, new_project: Callable[..., Project], tmp_path: Path
) -> None:
    project = new_project("kills", parent=tmp_path, TZ=built.env["TZ"])
    shutil.copy(built.database, project.database)
    shutil.copytree(built.exports, project.exports)
    shutil.copytree(built.published.parent, project.published.parent)
    began = time.monotonic()
    assert start(project, sample_file, 1).wait() == 0
    whole = time.monotonic() - began
    published = [expect_whole_copy(project)]

    rng = np.random.default_rng(int(os.environ.get("HARD_SEED", "1")))
    kills = int(os.environ.get("HARD_KILLS", "50"))
    # One moment in each part of the build, so that every stage has its share.
    moments = rng.permutation((np.arange(kills) + rng.random(kills)) / kills * 1.02 * whole)
    for trial, moment in enumerate(moments):
        process = start(project, sample_file, 2 + trial)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        duckdb.connect(str(project.database)).close()
        published.append(expect_whole_copy(project))
        expect_whole_exports(project, 4_500)

    last = project.dbt(
        "build",
        "--exclude-resource-type",
        "unit_test",
        customer_file=sample_file,
        variables={**BRISK, "random_seed": 1},
    )
    expect_success(last)
    assert expect_whole_copy(project) not in published
    note = json.loads((project.exports / NOTE).read_text(encoding="utf-8"))
    for name, file in note["files"].items():
        assert file_hash(project.exports / name) == file["sha256"]
    log = project.query("select build_id, result from rpt_build_log where stage = 'all'")
    assert (log["result"] == "unfinished").sum() > kills / 2
