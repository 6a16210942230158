"""Cores, memory and disks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from segmentation.doctor.findings import FAULT, OK, WARNING, Finding
from segmentation.doctor.needs import LEAST_MEMORY, Needs

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def check_cores(needs: Needs, threads: str) -> Finding:
    """Say how many cores there are, and whether dbt's threads fit them.

    Parameters
    ----------
    needs : Needs
    threads : str
        As DBT_THREADS says.
    """
    cores = _cores()
    if not threads.isascii() or not threads.isdigit() or int(threads) < 1:
        return Finding(
            FAULT, "cores", f"DBT_THREADS is {threads!r}. Write a whole number from 1, such as 2."
        )
    time = f"A build took about {needs.minutes:.0f} minutes on two cores."
    if int(threads) > cores:
        return Finding(
            WARNING,
            "cores",
            f"{cores} for {threads} threads of dbt, which wait for each other. Set DBT_THREADS="
            f"{cores}. {time}",
        )
    return Finding(OK, "cores", f"{cores}. {time}")


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_memory(needs: Needs) -> Finding:
    """Compare the memory that is free with what a build takes where it need not spill."""
    available = available_memory()
    if available is None:
        return Finding(
            WARNING,
            "memory",
            f"the system does not say how much is free. A build takes {gib(needs.memory)}.",
        )
    if available < LEAST_MEMORY:
        return Finding(
            FAULT,
            "memory",
            f"{gib(available)} free; the smallest build that was measured took "
            f"{gib(LEAST_MEMORY)}. Close other programs, or use a larger machine.",
        )
    if available < needs.memory:
        return Finding(
            WARNING,
            "memory",
            f"{gib(available)} free; a build of this size takes {gib(needs.memory)} where it may. "
            "Close other programs; else DuckDB spills to the disk, which takes longer.",
        )
    return Finding(OK, "memory", f"{gib(available)} free, {gib(needs.memory)} needed.")


def available_memory() -> int | None:
    """Give the bytes that a program could still get here; None where the system does not tell."""
    try:
        fields = dict(line.split(":") for line in _MEMINFO.read_text("ascii").splitlines())
        available = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit = int((_CGROUP / "memory.max").read_text("ascii"))
        used = int((_CGROUP / "memory.current").read_text("ascii"))
    except (OSError, ValueError):  # no container, or one without a limit
        return available
    return min(available, max(limit - used, 0))


def check_memory_limit(limit: str) -> Finding:
    """Check that DuckDB takes the limit of its memory.

    Parameters
    ----------
    limit : str
        As DUCKDB_MEMORY_LIMIT says.
    """
    try:
        duckdb.connect(config={"memory_limit": limit}).close()
    except duckdb.Error as error:
        return Finding(
            FAULT,
            "memory limit",
            f"DUCKDB_MEMORY_LIMIT is {limit!r} ({first_line(error)}). Write a share or a size, "
            "such as 80% or 8GB.",
        )
    return Finding(OK, "memory limit", f"DuckDB takes at most {limit}.")


def check_disks(folders: Mapping[str, tuple[Path, float]]) -> list[Finding]:
    """Check that folders can be written to and that their disks have room.

    Parameters
    ----------
    folders : mapping
        For each use its folder, which may have to be made, and the bytes that it needs.

    Returns
    -------
    list of Finding
        One for each folder that cannot be used, and one for each disk.
    """
    findings = []
    disks: dict[int, list[str]] = {}
    for use, (folder, _) in folders.items():
        existing = _existing(folder)
        if not existing.is_dir():
            findings.append(
                Finding(
                    FAULT,
                    f"{use} folder",
                    f"{folder} cannot be made: {existing} is a file. Rename it, or choose another "
                    "folder.",
                )
            )
        elif not os.access(existing, os.W_OK | os.X_OK):
            findings.append(
                Finding(
                    FAULT,
                    f"{use} folder",
                    f"{existing} cannot be written to. Ask for the right to write, or choose "
                    "another folder.",
                )
            )
        else:
            disks.setdefault(existing.stat().st_dev, []).append(use)
    for uses in disks.values():
        needed = sum(folders[use][1] for use in uses)
        free = shutil.disk_usage(_existing(folders[uses[0]][0])).free
        text = f"{gib(free)} free, about {gib(needed)} needed ({', '.join(uses)})."
        if free < needed:
            text += " Make room, or put the folders on another disk."
            findings.append(Finding(FAULT, "disk", text))
        elif free < 2 * needed:
            text += " That is close: make room."
            findings.append(Finding(WARNING, "disk", text))
        else:
            findings.append(Finding(OK, "disk", text))
    return findings


def check_temporary_folder() -> Finding:
    """Check that there is a folder for the copies of files that cannot be read as they are."""
    named = os.environ.get("TMPDIR")
    try:
        folder = tempfile.gettempdir()
        if named and Path(named).absolute() != Path(folder).absolute():
            return Finding(
                FAULT,
                "temporary files",
                f"TMPDIR is {named}, where no file can be written. Make that folder, make room on "
                "its disk, or name another one.",
            )
        return Finding(OK, "temporary files", f"{folder}.")
    except FileNotFoundError:
        return Finding(
            FAULT,
            "temporary files",
            "no folder for temporary files can be written to. Name one in the environment variable "
            "TMPDIR.",
        )


def _existing(folder: Path) -> Path:
    """Give the folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def gib(size: float) -> str:
    """Write bytes for people."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 / 10 else f"{size / 2**20:,.0f} MiB"


def first_line(error: Exception) -> str:
    """Keep what a message says first."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
