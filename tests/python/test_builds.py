"""What a build says of itself."""

from __future__ import annotations

import hashlib
import json
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from segmentation.builds import (
    NOTE,
    code_version,
    describe_build,
    renew_build_note,
    write_build_note,
)
from segmentation.errors import InputError
from segmentation.ingest.customer_file import CustomerFile


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_code_is_the_commit_and_whether_files_have_changed(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "model.sql").write_text("select 1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    commit = code_version(tmp_path)
    assert git(tmp_path, "rev-parse", "HEAD").startswith(commit)
    (tmp_path / "model.sql").write_text("select 2")
    assert code_version(tmp_path) == f"{commit}-dirty"


def test_outside_a_repository_the_code_is_the_version_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code_version(tmp_path) == metadata.version("segmentation")


def test_a_file_has_a_hash_and_a_table_none(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    path.write_bytes(b"customers")
    described = describe_build(CustomerFile("a file", (), None, path), tmp_path)
    assert described["input_file"] == "a file"
    assert described["input_hash"] == hashlib.sha256(b"customers").hexdigest()
    peak = described["peak_memory_bytes"]
    assert isinstance(peak, int)
    assert 2**24 < peak < 2**36
    table = describe_build(CustomerFile("shop.customers", (), None, '"customers"'), tmp_path)
    assert table["input_hash"] is None
    nothing = describe_build(None, tmp_path)
    assert nothing["input_file"] is nothing["input_hash"] is None


def test_the_note_names_the_build_and_what_is_in_the_exports(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_bytes(b"a")
    (tmp_path / "customers.parquet").write_bytes(b"bc")
    (tmp_path / "other.txt").write_bytes(b"d")
    note = write_build_note(tmp_path, "id", "2026-01-28", "v")
    written = json.loads(note.read_text())
    files = written.pop("files")
    assert written == {"build_id": "id", "as_of_date": "2026-01-28", "model_version": "v"}
    assert files == {
        "customers.csv": {"bytes": 1, "sha256": hashlib.sha256(b"a").hexdigest()},
        "customers.parquet": {"bytes": 2, "sha256": hashlib.sha256(b"bc").hexdigest()},
    }
    (tmp_path / "customers.csv").write_bytes(b"other")
    renew_build_note(tmp_path)
    renewed = json.loads(note.read_text())
    assert renewed["build_id"] == "id"
    assert renewed["files"]["customers.csv"]["bytes"] == 5


def test_without_a_note_there_is_none_to_renew(tmp_path: Path) -> None:
    renew_build_note(tmp_path)
    assert not (tmp_path / NOTE).exists()


def test_a_note_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / NOTE).mkdir()
    with pytest.raises(InputError, match=r"build\.json"):
        write_build_note(tmp_path, "id", "2026-01-28", "v")
