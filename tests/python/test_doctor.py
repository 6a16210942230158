"""What is looked at before a long build: every kind of fault is found and says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from seed_samples import edit

from segmentation.database_faults import why_not_opened
from segmentation.dictionary.attributes import load_dictionary
from segmentation.doctor import installation, machine
from segmentation.doctor.cli import doctor_command
from segmentation.doctor.needs import estimate_needs
from segmentation.publish.build import URL_VARIABLE

ROOT = Path(__file__).parents[2]
ROWS = 120
ENVIRONMENT = (
    "CUSTOMER_FILE",
    "DBT_DUCKDB_PATH",
    "DBT_THREADS",
    "DUCKDB_MEMORY_LIMIT",
    "DUCKDB_TEMP_DIRECTORY",
    "EXPORTS_DIR",
    "PSEUDONYM_KEY",
    "PUBLISHED_DIR",
    URL_VARIABLE,
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the doctor reads, all in order, as the current folder."""
    for part in ("macros", "seeds"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for part in ("dbt_project.yml", "requirements.lock"):
        shutil.copy(ROOT / part, tmp_path / part)
    names = [
        item.attribute
        for item in load_dictionary(ROOT / "seeds" / "data_dictionary.csv")
        if not item.derivation
    ]
    (tmp_path / "data").mkdir()
    lines = [
        ",".join(names),
        *(",".join([f"C{row}", *["1"] * (len(names) - 1)]) for row in range(ROWS)),
    ]
    (tmp_path / "data" / "data_revised.csv").write_text("\n".join(lines) + "\n", "utf-8")
    with duckdb.connect(str(tmp_path / "segmentation.duckdb")) as connection:
        connection.execute("create schema crm")
        connection.execute(
            "create table filled as select md5(range::varchar) as text from range(90000)"
        )
    monkeypatch.chdir(tmp_path)
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def examined(*arguments: str) -> tuple[int, dict[str, str]]:
    """Run the command; give its exit code, and what it says by check, the verdict first."""
    result = CliRunner().invoke(doctor_command, arguments, catch_exceptions=False)
    found: dict[str, str] = {}
    check = ""
    for line in result.output.split("\n\nFaults:")[0].splitlines():
        if not line.startswith(" "):
            verdict, _, said = line.partition(" ")
            check, _, text = said.strip().partition(": ")
            found[check] = f"{verdict}: {text}"
        else:
            found[check] += f"\n{line.strip()}"
    return result.exit_code, found


def expect_fault(check: str, *texts: str, arguments: tuple[str, ...] = ()) -> None:
    """Fail unless a check finds a fault and says these texts."""
    code, found = examined(*arguments)
    assert code == 1
    assert found[check].startswith("fault: "), found
    for text in texts:
        assert text in found[check]


def test_a_project_in_order_has_no_fault(project: Path) -> None:
    before = sorted(path for path in project.rglob("*"))
    code, found = examined()
    assert code == 0, found
    assert {text for text in found.values() if text.startswith("fault")} == set()
    assert found["seeds"] == "ok: no fault in seeds."
    assert (
        found["input file"] == "ok: data/data_revised.csv: text in ascii, columns divided by ','."
    )
    assert found["rows"] == f"ok: {ROWS}."
    assert found["database"] == "ok: segmentation.duckdb opens; all 1 tables can be read."
    assert "last build" not in found
    assert sorted(path for path in project.rglob("*")) == before


def test_a_new_database_is_not_made(project: Path) -> None:
    (project / "segmentation.duckdb").unlink()
    code, found = examined()
    assert code == 0
    assert found["database"] == "ok: segmentation.duckdb is not there yet: the build makes it."
    assert not (project / "segmentation.duckdb").exists()


def test_it_runs_in_the_folder_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, found = examined()
    assert code == 1
    assert "There is no dbt_project.yml in this folder" in str(found)


def test_versions(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "duckdb==0.1 \\\n    --hash=sha256:00\n"
        "numpy==0.2 ; python_version < '3'\nno-such-thing==1\n",
        "utf-8",
    )
    found = installation.check_packages(lock)
    assert found.verdict == "warning"
    assert "no-such-thing is not installed, duckdb " in found.text
    assert "instead of 0.1." in found.text
    assert "numpy" not in found.text
    assert installation.check_packages(tmp_path / "none").verdict == "warning"
    assert installation.check_packages(ROOT / "requirements.lock").verdict == "ok"
    assert installation.check_python("3.10.14").verdict == "fault"
    assert installation.check_python("3.14.0").verdict == "ok"


def test_a_package_that_is_needed_and_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_needed_by", lambda _: {"no-such-thing"})
    with (project / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("no-such-thing==1 \\\n    --hash=sha256:00\n")
    expect_fault("packages", "not installed: no-such-thing. Run: pip install --require-hashes")


def test_all_faults_of_the_seeds(project: Path) -> None:
    edit(project / "seeds", "feature_bins", "value,1000\n", "value,1\n")
    edit(
        project / "seeds",
        "category_flags",
        "is_core_category_beauty,top_l2_category,美妆个护",
        "is_core_beauty,top_l2_category,美妆个护",
    )
    expect_fault(
        "seeds",
        "2 faults:",
        "category_flags.csv:4: flag 'is_core_beauty' is unknown",
        "feature_bins.csv:4: spend_level: lower_bound 1 is not above 100",
    )


def test_a_dictionary_that_cannot_be_read(project: Path) -> None:
    (project / "seeds" / "data_dictionary.csv").write_text("attribute\n", "utf-8")
    code, found = examined()
    assert code == 1
    assert found["seeds"].startswith("fault: ")
    assert found["input file"] == "warning: not looked at: mend the seeds first."


@pytest.mark.parametrize(
    ("given", "check", "texts"),
    [
        ("{n_inits: 3, n_init: 0}", "vars", ("did you mean n_init?", "n_init is 0;")),
        ("{value_attribute: main_media}", "value attribute", ("name a number or integer",)),
        ("[1]", "--vars", ("this is no YAML of names and values",)),
        ("{a: ", "--vars", ("this is no YAML of names and values",)),
        ("{pseudonymize: true}", "pseudonyms", ("PSEUDONYM_KEY is not set",)),
        ("{min_customers: 500}", "rows", (f"{ROWS}; at least 500 are needed",)),
        ("{customer_file: none.csv}", "input file", ("none.csv does not exist",)),
    ],
)
def test_vars(project: Path, given: str, check: str, texts: tuple[str, ...]) -> None:
    expect_fault(check, *texts, arguments=("--vars", given))


def test_a_var_that_is_gone(project: Path) -> None:
    path = project / "dbt_project.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("  random_seed:", "  randomseed:"), "utf-8")
    expect_fault("vars", "dbt_project.yml has no var random_seed.")


def test_an_address_to_publish_to(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "mysql://host/db")
    expect_fault("PostgreSQL to publish to", URL_VARIABLE)


@pytest.fixture(params=[False, True], ids=["writes", "reads"])
def holder(project: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the database open."""
    program = (
        "import duckdb, sys; connection = duckdb.connect('segmentation.duckdb', "
        f"read_only={request.param}); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process


def test_a_database_that_is_open_elsewhere(holder: subprocess.Popen[bytes]) -> None:
    expect_fault("database", "segmentation.duckdb: it is open in", f"process {holder.pid} (")


def test_a_build_that_did_not_end(project: Path) -> None:
    with duckdb.connect("segmentation.duckdb") as connection:
        connection.execute("create table crm.unfinished_build as select false as was_unfinished")
    code, found = examined()
    assert code == 0
    assert found["last build"].startswith("warning: it did not end well")


@pytest.mark.parametrize("place", ["nothing", "head", "middle", "cut", "text"])
def test_a_damaged_database(project: Path, place: str) -> None:
    path = project / "segmentation.duckdb"
    content = bytearray(path.read_bytes())
    if place == "text":
        content = bytearray(b"customer_id\n" * 1000)
    elif place == "cut":
        del content[len(content) // 2 :]
    elif place != "nothing":
        begin = 4096 if place == "head" else len(content) // 2
        content[begin : begin + 9000] = b"\xff" * 9000
    path.write_bytes(content)
    if place == "nothing":
        assert examined()[0] == 0
    else:
        expect_fault(
            "database",
            "segmentation.duckdb: it is damaged, or no DuckDB database (",
            "Move it and segmentation.duckdb.wal away",
            "the kept models back with segmentation restore-history",
        )
        assert path.read_bytes() == content


def test_places_where_no_database_can_be(project: Path) -> None:
    for path, check, text in (
        ("nowhere/segmentation.duckdb", "database", "its folder nowhere does not exist"),
        ("select.duckdb", "database name", "no SQL keyword"),
    ):
        expect_fault(check, text, arguments=("--database", path))


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("IO Error: Cannot open file: Permission denied", "Ask for the right to write"),
        ("Trying to read a database file with version number 99", "a newer DuckDB"),
        ("IO Error: Could not set lock on file", "it is open in another program."),
        ("Serialization Error: Failed to deserialize", "Move it and x.duckdb.wal away"),
    ],
)
def test_what_duckdb_says_has_a_remedy(said: str, remedy: str, tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.touch()
    assert remedy in why_not_opened(path, duckdb.Error(said))


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", ("data/data_revised.csv",)),
        (b"corporation_id,\xff\x00\xfe\n1,2\n", ("data/data_revised.csv",)),
        (b"corporation_id,spend\n1,2\n", ("required columns are missing", "month_avg_spend_amt")),
    ],
)
def test_an_input_file_that_cannot_be_used(
    project: Path, content: bytes, texts: tuple[str, ...]
) -> None:
    (project / "data" / "data_revised.csv").write_bytes(content)
    expect_fault("input file", *texts)


def test_columns_and_rows_that_will_be_left_out(project: Path) -> None:
    path = project / "data" / "data_revised.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    text = "\n".join([f"{header},留言", *(f"{row},你好" for row in rows), "C1000,too,few", ""])
    path.write_text(text, "gb18030")
    code, found = examined()
    assert code == 0
    assert "text in gb18030" in found["input file"]
    assert found["columns"].startswith("warning: ")
    assert "Left out: 留言; add them to data_dictionary.csv" in found["columns"]
    assert found["rows"].startswith("warning: 121, of which 1 cannot be split")


def test_a_customer_table_is_looked_for_in_the_database(project: Path) -> None:
    with duckdb.connect("segmentation.duckdb") as connection:
        connection.execute("create table firms as from read_csv('data/data_revised.csv')")
    code, found = examined("--vars", "customer_file: firms")
    assert code == 0
    assert found["input file"] == "ok: firms: table of the database."


def test_threads_and_memory_limit(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_cores", lambda: 2)
    monkeypatch.setenv("DBT_THREADS", "64")
    monkeypatch.setenv("DUCKDB_MEMORY_LIMIT", "plenty")
    expect_fault("memory limit", "DUCKDB_MEMORY_LIMIT is 'plenty'", "such as 80% or 8GB")
    assert examined()[1]["cores"].startswith("warning: 2 for 64 threads of dbt")
    monkeypatch.setenv("DBT_THREADS", "two")
    expect_fault("cores", "DBT_THREADS is 'two'")


@pytest.mark.parametrize(
    ("gib", "verdict"), [(None, "warning"), (1, "fault"), (4, "warning"), (8, "ok")]
)
def test_memory(gib: int | None, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    free = None if gib is None else gib * 2**30
    monkeypatch.setattr(machine, "available_memory", lambda: free)
    assert machine.check_memory(estimate_needs(100_000)).verdict == verdict


def test_a_limit_of_the_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine.available_memory() is None
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   5000 kB\n", "ascii")
    (tmp_path / "memory.current").write_text("1000\n", "ascii")
    for limit, free in (("max", 5_120_000), ("3000", 2000), ("500", 0)):
        (tmp_path / "memory.max").write_text(f"{limit}\n", "ascii")
        assert machine.available_memory() == free


@pytest.mark.parametrize(("free", "verdict"), [(10, "fault"), (30, "warning"), (40, "ok")])
def test_a_full_disk(
    tmp_path: Path, free: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    (found,) = machine.check_disks({"exports": (tmp_path / "a" / "b", 15), "spill": (tmp_path, 5)})
    assert found.verdict == verdict
    assert "(exports, spill)" in found.text


def test_folders_that_cannot_be_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPORTS_DIR", "dbt_project.yml/exports")
    expect_fault("exports folder", "dbt_project.yml is a file")
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    (found,) = machine.check_disks({"spill": (project, 5)})
    assert found.verdict == "fault"
    assert "cannot be written to" in found.text


def test_no_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(machine.tempfile, "gettempdir", none)
    assert machine.check_temporary_folder().verdict == "fault"


def test_a_folder_for_temporary_files_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert machine.check_temporary_folder().verdict == "ok"
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    finding = machine.check_temporary_folder()
    assert (finding.verdict, "missing, where no file can be written" in finding.text) == (
        "fault",
        True,
    )


def test_needs_are_those_measured_and_grow() -> None:
    assert estimate_needs(100_000).minutes == pytest.approx(3.7)
    assert estimate_needs(1_000_000).database == pytest.approx(1.16 * 2**30)
    assert estimate_needs(10).memory == pytest.approx(1.8 * 2**30)
    # docs/scaling.md: 10 million customers are 13 GB of database and 1.2 core-hours of SQL.
    assert estimate_needs(10_000_000).database == pytest.approx(12.5e9, rel=0.02)
    assert estimate_needs(10_000_000).minutes == pytest.approx(6.4 + 33, rel=0.02)
