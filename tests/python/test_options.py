"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from segmentation.cli import main


@pytest.mark.parametrize(
    "command", ["personas", "publish", "report", "review-sheet", "summary", "workbook"]
)
@pytest.mark.parametrize("is_option", [True, False])
def test_the_database_is_an_option_or_that_of_dbt(
    command: str, is_option: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest.json").write_text(
        '{"nodes": {"model.p.m": {"resource_type": "model", "access": "public", "alias": "m", '
        '"unique_id": "model.p.m", "config": {"meta": {}, "materialized": "table"}, '
        '"columns": {}, "description": "", "database": "d", "schema": "s"}}}',
        encoding="utf-8",
    )
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    monkeypatch.setenv("DBT_DUCKDB_PATH", str(tmp_path / "dbt.duckdb"))
    name = "mine.duckdb" if is_option else "dbt.duckdb"
    options = ["--database", str(tmp_path / name)] if is_option else []
    result = CliRunner().invoke(main, [command, *options])
    assert result.exit_code == 1
    assert name in "".join(result.output.split())
