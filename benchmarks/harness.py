"""What the benchmarks share: interleaved runs, the lines of a table, the machine, builds."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import psutil

from segmentation.sample.generate import DEFAULT_ROWS, DEFAULT_SEED, write_sample

PROJECT = Path(__file__).resolve().parent.parent
BINARIES = Path(sys.executable).parent
FOLDER = PROJECT / "target" / "bench"
SEED = DEFAULT_SEED
SHORTEST = 0.2
"""Seconds of a run, at least: the mean of as many calls as fill them."""

PACKAGES = ("numpy", "numba", "scikit-learn", "kmodes", "prince", "pandas", "duckdb", "dbt-core")


# ---- Runs ----


class Times(NamedTuple):
    """Seconds of repeated runs."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.runs)

    def scaled(self, factor: float) -> Times:
        """Give the seconds of so many times the work."""
        return Times(tuple(run * factor for run in self.runs))

    def __str__(self) -> str:
        """Write median, and lowest to highest, in a fitting unit."""
        unit, name = next(
            (unit, name)
            for unit, name in ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"))
            if self.median >= unit * (1.5 if unit > 1 else 1) or unit == 1e-6
        )
        low, high = min(self.runs) / unit, max(self.runs) / unit
        spread = f" ({digits(low)}–{digits(high)})" if len(self.runs) > 1 else ""
        return f"{digits(self.median / unit)} {name}{spread}"


def interleave(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Time every side once a round, so that all of them meet the same machine."""
    runs: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            runs[name].append(_seconds_a_call(side))
    return {name: Times(tuple(of_side)) for name, of_side in runs.items()}


def _seconds_a_call(side: Callable[[], object]) -> float:
    calls, began = 0, time.perf_counter()
    while True:
        side()
        calls += 1
        elapsed = time.perf_counter() - began
        if elapsed >= SHORTEST:
            return elapsed / calls


# ---- Tables ----

HEADER = ("work", "ours", "against", "theirs", "theirs ÷ ours", "quality, ours and theirs")


def digits(number: float) -> str:
    """Write a number with three digits, or as a whole one."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def line(*cells: object) -> str:
    """Write a line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(line(*header), line(*["---"] * len(header)), *(line(*row) for row in rows), sep="\n")
    print(flush=True)


def compared(
    work: str, ours: Times, against: str, theirs: Times, quality: str
) -> tuple[str, Times, str, Times, str, str]:
    """Give the cells under `HEADER`."""
    return work, ours, against, theirs, f"{digits(theirs.median / ours.median)} ×", quality


def describe_machine() -> str:
    """Name processor, memory, versions and what else was running."""
    model = platform.processor() or platform.machine()
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [text for text in cpuinfo.read_text().splitlines() if text.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{datetime.now():%Y-%m-%d %H:%M}; {model}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}; Python {platform.python_version()}, "
        f"{versions}; load average at the start {os.getloadavg()[0]:.1f}"
    )


# ---- Builds ----


class Stage(NamedTuple):
    """A command: its wall time, and the peaks of memory and of what was spilled to disk.

    Memory is that of the command and of all processes that it started; on Linux, pages that several
    share count once (proportional set size).
    """

    name: str
    seconds: float
    peak_bytes: int
    spilled_bytes: int


def make_build(folder: Path = FOLDER) -> list[Stage]:
    """Run the commands of `make build` on the sample, from nothing, in a folder of their own."""
    customer_file = sample_file(folder)
    clear(folder)
    return [
        run_stage(command, environment(folder, customer_file), folder / "output.txt")
        for command in (
            ("dbt", "build"),
            ("segmentation", "summary"),
            ("segmentation", "report"),
            ("segmentation", "workbook"),
        )
    ]


def clear(folder: Path) -> None:
    """Remove what builds made in a folder; the customers stay."""
    for made in ("segmentation.duckdb", "exports", "reports", "published", "dbt", "logs", "spill"):
        path = folder / made
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def sample_file(folder: Path) -> Path:
    """Make the sample of 9,999 customers where it is missing."""
    path = folder / "customers.csv"
    if not path.exists():
        write_sample(path, DEFAULT_ROWS, DEFAULT_SEED)
    return path


def environment(folder: Path, customer_file: Path) -> dict[str, str]:
    """Give the environment that keeps a build in its folder."""
    return os.environ | {
        "CUSTOMER_FILE": str(customer_file),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_DUCKDB_PATH": str(folder / "segmentation.duckdb"),
        "DBT_TARGET_PATH": str(folder / "dbt"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "EXPORTS_DIR": str(folder / "exports"),
        "REPORTS_DIR": str(folder / "reports"),
        "PUBLISHED_DIR": str(folder / "published"),
        "DUCKDB_TEMP_DIRECTORY": str(folder / "spill"),
        "PUBLISH_POSTGRES_URL": "",
    }


def run_stage(
    command: Sequence[str], env: Mapping[str, str], output: Path, spill: Path | None = None
) -> Stage:
    """Run a command of the environment, and see how long it took and how much memory and disk.

    Parameters
    ----------
    command, env : what to run
    output : file for what it says
    spill : folder in which DuckDB puts what does not fit into memory
    """
    began = time.perf_counter()
    with output.open("w", encoding="utf-8") as file:
        process = psutil.Popen(
            [BINARIES / command[0], *command[1:]],
            cwd=PROJECT,
            env=dict(env),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        most = peaks(
            process,
            {
                "memory": lambda: memory_bytes(family(process)),
                "spilled": lambda: _disk_bytes(spill) if spill is not None else 0,
            },
        )
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{output.read_text(encoding='utf-8')[-3000:]}")
    return Stage(" ".join(command), seconds, most["memory"], most["spilled"])


def peaks(
    process: psutil.Popen, measures: Mapping[str, Callable[[], int]], every: float = 0.25
) -> dict[str, int]:
    """Wait for a process, and give the highest of each measure, taken every so many seconds."""
    found = dict.fromkeys(measures, 0)
    while process.poll() is None:
        for name, measure in measures.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                found[name] = max(found[name], measure())
        time.sleep(every)
    return found


def family(process: psutil.Process) -> list[psutil.Process]:
    """Give a process and those that it started."""
    return [process, *process.children(recursive=True)]


def memory_bytes(processes: Iterable[psutil.Process]) -> int:
    """Memory of processes; pages that they share count once."""
    taken = 0
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = one.memory_full_info()
            taken += getattr(memory, "pss", memory.rss)  # Linux alone tells the first
    return taken


def _disk_bytes(folder: Path) -> int:
    found = 0
    with contextlib.suppress(FileNotFoundError):  # DuckDB removes what it no longer needs
        for path in folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                found += path.stat().st_size
    return found


class PythonModels(NamedTuple):
    """The Python models of a build: the time in which at least one ran, and that of each, added."""

    wall: float
    added: float


def python_models(folder: Path = FOLDER) -> PythonModels:
    """Read from dbt's results how long the Python models of the last build took."""
    results = json.loads((folder / "dbt" / "run_results.json").read_text(encoding="utf-8"))
    spans = sorted(
        (_moment(timing["started_at"]), _moment(timing["completed_at"]))
        for result in results["results"]
        if result["unique_id"].split(".")[-1].startswith("ml_")
        and result["unique_id"].startswith("model.")
        for timing in result["timing"]
        if timing["name"] == "execute"
    )
    wall, until = 0.0, 0.0
    for begin, end in spans:
        wall += max(0.0, end - max(begin, until))
        until = max(until, end)
    return PythonModels(wall, sum(end - begin for begin, end in spans))


def sizes(usage: str | None) -> list[int]:
    """Read the numbers of customers of the command line; without any, say how it is used."""
    found = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    if not found or len(found) != len(sys.argv) - 1:
        sys.exit(usage)
    return found


def keep(path: Path, measured: Mapping[str, Any]) -> None:
    """Put a measurement in the place of the last one of as many customers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    others = [one for one in before if one["rows"] != measured["rows"]]
    found = sorted([*others, measured], key=lambda one: one["rows"])
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def built_database() -> Path:
    """Give the database of the sample, built where it is missing."""
    path = FOLDER / "segmentation.duckdb"
    if not (FOLDER / "reports" / "segmentation_workbook.xlsx").exists():  # what is made last
        print(f"Building the sample in {FOLDER.relative_to(PROJECT)} first.", flush=True)
        make_build()
    return path


def query(database: Path, sql: str) -> Any:
    """Read from a database as a DataFrame."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.sql(sql).df()
