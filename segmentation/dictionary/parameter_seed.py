"""Checks of the seed that says what the settings of a build and its libraries are called."""

from __future__ import annotations

import re
from pathlib import Path

from segmentation.dictionary.seed_checks import Seed
from segmentation.dictionary.seed_csv import Fault
from segmentation.dictionary.words import PARAMETER_COLUMNS

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
