"""Checks of the seeds that words about segments are built from: phrases, names, indicators."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.dictionary.conditions import (
    NOT_PROFILED,
    UNKNOWN_LEVEL,
    check_condition,
    check_level,
    check_shares,
)
from segmentation.dictionary.seed_checks import Seed, nearest, segmentation_fault
from segmentation.dictionary.seed_csv import Fault
from segmentation.dictionary.words import (
    INDICATOR_COLUMNS,
    LONGEST_NAMES,
    NAME_COLUMNS,
    NUMERIC_TYPES,
    THEMES,
    TRAIT_COLUMNS,
    VALUE_ATTRIBUTE,
)

if TYPE_CHECKING:
    from segmentation.dictionary.attributes import Attribute

_SEGMENT_ID = re.compile(r"S(0[1-9]|[1-9][0-9]+)")
_ENDS_IN_ID = re.compile(r"S[0-9]{2,}$")


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
        The folder of ``segment_traits.csv``, ``segment_names.csv`` and ``theme_indicators.csv``.
    by_name : mapping of str to Attribute
        The attributes of the dictionary.
    levels : mapping of str to tuple of str
        The levels of the attributes that declare them.
    faults : list of Fault
        Receives every fault.
    """
    _check_traits(Seed(folder / "segment_traits.csv", TRAIT_COLUMNS, faults), by_name, levels)
    _check_names(Seed(folder / "segment_names.csv", NAME_COLUMNS, faults))
    indicators = Seed(folder / "theme_indicators.csv", INDICATOR_COLUMNS, faults)
    _check_indicators(indicators, by_name, levels)


def _check_traits(
    traits: Seed, by_name: Mapping[str, Attribute], levels: Mapping[str, tuple[str, ...]]
) -> None:
    """Check ``segment_traits.csv``."""
    traits.check_words("slot")
    traits.check_unique("slot", "phrase_en", "attribute", "level")
    chinese: dict[tuple[str, str], tuple[int, str]] = {}
    for line, row in traits.rows:
        fault = partial(traits.fault, line)
        slot = row["slot"]
        if slot == "level":
            _check_level_phrase(row, by_name, levels, fault)
            continue
        for column in ("phrase_zh", "phrase_en"):
            if not row[column]:
                fault(f"{column} is blank. Fill it in.")
        first, phrase = chinese.setdefault((slot, row["phrase_en"]), (line, row["phrase_zh"]))
        if row["phrase_zh"] != phrase:
            fault(
                f"{row['phrase_en']!r} is {phrase!r} in line {first} and {row['phrase_zh']!r} "
                "here. Conditions of one phrase have the same words in each row."
            )
        if row["level"] == UNKNOWN_LEVEL:
            fault("a segment is not named by what is unknown. Name another level.")
        elif slot == "core":
            _check_core(row, fault)
        else:
            check_condition(row, by_name, levels, fault)


def _check_level_phrase(
    row: dict[str, str],
    by_name: Mapping[str, Attribute],
    levels: Mapping[str, tuple[str, ...]],
    fault: Callable[[str], None],
) -> None:
    """Report a row that calls a level by a phrase, or by none, and does not name one."""
    name, level = row["attribute"], row["level"]
    bounds = [name for name in ("min_effect", "max_effect", "min_share", "min_lift") if row[name]]
    if bool(row["phrase_zh"]) != bool(row["phrase_en"]):
        fault(
            "phrase_zh and phrase_en go together. Write what names call the level, or clear both "
            "so that no name speaks of it."
        )
    if bounds:
        fault(f"{', '.join(bounds)}: the bounds of levels are the same for all. Clear them.")
    if name not in by_name:
        fault(f"attribute {name!r} is unknown. {nearest(name, by_name)}")
    elif by_name[name].data_type not in ("text", "flag"):
        fault(f"{name} has no levels: its data_type is {by_name[name].data_type}. Name a category.")
    elif not level or level == UNKNOWN_LEVEL:
        fault(f"level is {level!r}. Write a level of {name}: what is unknown is never in a name.")
    else:
        check_level(name, level, levels, fault)


def _check_core(row: dict[str, str], fault: Callable[[str], None]) -> None:
    """Report a phrase of the slot core that does not ask for a share of the value attribute."""
    check_shares(row, fault)
    if row["attribute"] != VALUE_ATTRIBUTE or row["level"]:
        fault(
            f"the slot core is about the share of the business. Write {VALUE_ATTRIBUTE} as the "
            "attribute, and no level."
        )
    if row["min_effect"] or row["max_effect"] or not row["min_share"]:
        fault(
            "the slot core asks for a share of the value of all customers. Set min_share, such as "
            "0.5, and clear min_effect and max_effect."
        )


def _check_names(names: Seed) -> None:
    """Check ``segment_names.csv``."""
    names.check_filled(*LONGEST_NAMES)
    names.check_unique("segmentation_id", "segment_id")
    for column in LONGEST_NAMES:
        names.check_unique("segmentation_id", column)
    for line, row in names.rows:
        fault = partial(names.fault, line)
        if message := segmentation_fault(row["segmentation_id"]):
            fault(message)
        if not _SEGMENT_ID.fullmatch(row["segment_id"]):
            fault(
                f"segment_id {row['segment_id']!r} is none. Write S and two digits, such as S01, "
                "as dim_segments does."
            )
        for column, longest in LONGEST_NAMES.items():
            name = row[column]
            if len(name) > longest:
                fault(f"{column} has {len(name)} characters. Write at most {longest}.")
            if not name.isprintable():
                fault(f"{column} {name!r} has a line break or a control character. Remove it.")
            if _ENDS_IN_ID.search(name):
                fault(
                    f"{column} {name!r} ends in a segment id, which is what computed names that "
                    "would be the same get. Leave it out."
                )


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
