"""The search for faults that no test notices: `make mutants`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MUTATION = Path(__file__).parents[1] / "mutation"
ADULT = "def is_adult(age):\n    return age >= 18\n"
TEST = """
from segmentation.identities import is_adult

def test_is_adult():
    assert is_adult(18)
    assert not is_adult(5)
"""


def test_a_planted_survivor_is_found(tmp_path: Path) -> None:
    for path, text in (
        ("segmentation/__init__.py", ""),
        ("segmentation/identities.py", ADULT),
        ("tests/python/test_identities.py", TEST),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    command = [sys.executable, str(MUTATION / "run.py"), "python", "--only", "identities"]
    said = subprocess.run(
        [*command, "--root", str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said == [
        "4 of 4 mutants",
        "passed: segmentation/identities.py:2: 18  ->  (17)",
        "{'failed': 3, 'passed': 1}",
    ]


def test_sql_is_changed_where_it_calculates(tmp_path: Path) -> None:
    (tmp_path / "model.sql").write_text(
        "{%- set weight = 2 * 3 -%}\n"
        "-- a < b\n"
        "select coalesce(a, 0), 'x > 1' from {{ ref('t') }} where a <= {{ weight + 1 }} and b = c",
        encoding="utf-8",
    )
    script = f"import mutants, pathlib; print(*mutants.mutants_of(pathlib.Path({str(tmp_path)!r})"
    said = subprocess.run(
        [sys.executable, "-c", script + ", 'model.sql'), sep='\\n')"],
        cwd=MUTATION,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said == [
        "model.sql:1: 2  ->  3",
        "model.sql:1: *  ->  /",
        "model.sql:1: 3  ->  4",
        "model.sql:3: 0  ->  1",
        "model.sql:3: <=  ->  <",
        "model.sql:3: +  ->  -",
        "model.sql:3: 1  ->  2",
        "model.sql:3: and  ->  or",
        "model.sql:3: =  ->  !=",
    ]
