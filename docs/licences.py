"""Write docs/licences.md: every locked dependency with its version and licence.

``make licences`` runs it. The licences are what the installed packages say of themselves.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
SAID_BY_THE_LICENCE_FILE = {"axe-playwright-python": "MIT", "kneed": "BSD-3-Clause"}
"""Packages whose metadata do not name their licence, read by a person."""

HEAD = """\
# Licences of the dependencies

Every package of `requirements.lock`, development tools included, as it describes itself.
Written by `make licences`.

| package | version | licence |
|---|---|---|
"""


def licence(package: str) -> str:
    """Read the licence of an installed package: its expression, its classifiers or its text."""
    try:
        about = metadata(package)
    except PackageNotFoundError:
        return "(not installed on this system)"
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or []
        if text.startswith("License :: ") and text != "License :: OSI Approved"
    ]
    first_line = next(iter((about.get("License") or "").strip().splitlines()), "")
    stated = about.get("License-Expression") or ", ".join(classifiers) or first_line
    return stated or SAID_BY_THE_LICENCE_FILE.get(package, "unknown")


def table() -> str:
    """Give the whole page."""
    locked = LOCKED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    rows = [f"| {name} | {version} | {licence(name)} |\n" for name, version in locked]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    (ROOT / "docs" / "licences.md").write_text(table(), encoding="utf-8")
