"""Checks of the seeds that words about segments are built from: phrases and indicators."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.dictionary.conditions import NOT_PROFILED, check_level
from segmentation.dictionary.seed_checks import Seed, nearest
from segmentation.dictionary.seed_csv import Fault
from segmentation.dictionary.words import INDICATOR_COLUMNS, NUMERIC_TYPES, THEMES

if TYPE_CHECKING:
    from segmentation.dictionary.attributes import Attribute


def check_segment_seeds(
    folder: Path,
    by_name: Mapping[str, Attribute],
    levels: Mapping[str, tuple[str, ...]],
    faults: list[Fault],
) -> None:
    """Check the seeds that words about segments are built from.

    Parameters
    ----------
    folder : Path
        The folder of ``theme_indicators.csv``.
    by_name : mapping of str to Attribute
        The attributes of the dictionary.
    levels : mapping of str to tuple of str
        The levels of the attributes that declare them.
    faults : list of Fault
        Receives every fault.
    """
    indicators = Seed(folder / "theme_indicators.csv", INDICATOR_COLUMNS, faults)
    _check_indicators(indicators, by_name, levels)


def _check_indicators(
    indicators: Seed, by_name: Mapping[str, Attribute], levels: Mapping[str, tuple[str, ...]]
) -> None:
    """Check ``theme_indicators.csv``."""
    indicators.check_filled("theme")
    indicators.check_unique("attribute")
    for line, row in indicators.rows:
        fault = partial(indicators.fault, line)
        theme, name = row["theme"], row["attribute"]
        if theme and theme not in THEMES:
            near = difflib.get_close_matches(theme.lower(), THEMES, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            fault(f"theme {theme!r} is not known. {hint}Write one of: {', '.join(THEMES)}.")
        item = by_name.get(name)
        if item is None:
            fault(f"attribute {name!r} is unknown. {nearest(name, by_name)}")
        elif item.data_type not in NUMERIC_TYPES or item.role in NOT_PROFILED:
            fault(
                f"{name} has no mean to compare: its role is {item.role}, its data_type "
                f"{item.data_type}. Name a number or integer of another role."
            )
        elif item.direction == "neutral":
            fault(
                f"{name} is neutral: more of it is neither better nor worse. Give it a direction "
                "in data_dictionary.csv, or remove the row."
            )
        elif theme in THEMES and item.theme != theme:
            fault(
                f"{name} has the theme {item.theme or '(blank)'} in data_dictionary.csv, not "
                f"{theme}. Change one of the two."
            )
        _check_exception(row, by_name, levels, fault)


def _check_exception(
    row: Mapping[str, str],
    by_name: Mapping[str, Attribute],
    levels: Mapping[str, tuple[str, ...]],
    fault: Callable[[str], None],
) -> None:
    """Report an exception of an indicator that names no level of a profiled category."""
    name, level = row["except_attribute"], row["except_level"]
    if bool(name) != bool(level):
        fault(
            "except_attribute and except_level go together. Name a category and the level of it "
            "for which the number says nothing, or clear both."
        )
    elif name and name not in by_name:
        fault(f"except_attribute {name!r} is unknown. {nearest(name, by_name)}")
    elif name and (
        by_name[name].data_type not in ("text", "flag") or by_name[name].role in NOT_PROFILED
    ):
        fault(
            f"except_attribute {name} has no levels in profiles: its role is {by_name[name].role}, "
            f"its data_type {by_name[name].data_type}. Name a category or a flag."
        )
    elif name:
        check_level(name, level, levels, fault)
