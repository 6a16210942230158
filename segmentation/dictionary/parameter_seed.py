"""Checks of the seed that says what the settings of a build and its libraries are called."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from segmentation.dictionary.seed_checks import Seed
from segmentation.dictionary.seed_csv import Fault
from segmentation.dictionary.words import PARAMETER_COLUMNS, SETTINGS

_ORDER = re.compile(r"[1-9][0-9]{0,2}")


def check_parameters(folder: Path, faults: list[Fault]) -> None:
    """Check ``build_parameters.csv``, which may be missing in a folder of proposed seeds.

    Parameters
    ----------
    folder : Path
        The folder of the seeds.
    faults : list of Fault
        Receives every fault.
    """
    path = folder / "build_parameters.csv"
    if not path.exists():
        return
    seed = Seed(path, PARAMETER_COLUMNS, faults)
    seed.check_filled("parameter", "label_zh", "label_en")
    seed.check_unique("parameter")
    seed.check_unique("parameter_order")
    seed.check_words("kind")
    for line, row in seed.rows:
        if not _ORDER.fullmatch(row["parameter_order"]):
            seed.fault(
                line,
                f"parameter_order is {row['parameter_order']!r}. Write a whole number from 1 to "
                "999.",
            )
    if seed.is_read:
        _check_settings(seed)


def _check_settings(seed: Seed) -> None:
    """Report rows of settings that there are none of, and settings that have no row."""
    lines = {row["parameter"]: line for line, row in seed.rows if row["kind"] != "version"}
    missing = [name for name in SETTINGS if name not in lines]
    for name, line in lines.items():
        if name and name not in SETTINGS:
            near = difflib.get_close_matches(name.lower(), missing, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Remove the row."
            seed.fault(line, f"parameter {name!r} is no setting of the project. {hint}")
            missing = [other for other in missing if other not in near]
    for name in missing:
        seed.fault(1, f"the setting {name} has no row. Add one, of the kind setting.")
