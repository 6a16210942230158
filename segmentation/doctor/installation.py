"""Versions of Python and of the packages."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from segmentation.doctor.findings import FAULT, OK, WARNING, Finding

_INSTALL = "pip install --require-hashes --requirement requirements.lock"


def check_python(version: str = platform.python_version()) -> Finding:
    """Check the version of Python against what the package asks for."""
    wanted = metadata.metadata("segmentation")["Requires-Python"] or ""
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return Finding(OK, "python", f"{version} ({sys.executable}).")
    return Finding(
        FAULT,
        "python",
        f"{version}; needed is {wanted}. Name another one: make PYTHON=python3.12, after the "
        "folder .venv is removed.",
    )


def check_packages(lock: Path) -> Finding:
    """Check the installed packages against the lock file.

    Parameters
    ----------
    lock : Path
        ``requirements.lock``.
    """
    if not lock.exists():
        return Finding(
            WARNING, "packages", f"{lock} is missing, so versions are not compared. Fetch it again."
        )
    pinned = _pinned(lock)
    needed = _needed_by("segmentation")
    missing, other = [], []
    for name, version in pinned.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed != version:
            other.append(f"{name} {installed} instead of {version}")
    if needed.intersection(missing):
        names = ", ".join(sorted(needed.intersection(missing)))
        return Finding(FAULT, "packages", f"not installed: {names}. Run: {_INSTALL}")
    if missing or other:
        listed = [f"{name} is not installed" for name in missing] + other
        return Finding(
            WARNING,
            "packages",
            f"not those of {lock.name}: {', '.join(listed)}. Numbers may differ in their last "
            f"digits. Run: {_INSTALL}",
        )
    return Finding(OK, "packages", f"{len(pinned)} as in {lock.name}.")


def _pinned(lock: Path) -> dict[str, str]:
    """Read the versions that hold for this Python and system."""
    pinned = {}
    for line in lock.read_text("utf-8").splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is None or requirement.marker.evaluate():
            pinned[requirement.name] = next(iter(requirement.specifier)).version
    return pinned


def _needed_by(distribution: str) -> set[str]:
    """Name what a distribution needs without its extras."""
    requirements = map(Requirement, metadata.requires(distribution) or ())
    return {
        item.name
        for item in requirements
        if item.marker is None or item.marker.evaluate({"extra": ""})
    }
