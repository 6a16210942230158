"""Checks of conditions on the profile of a segment, which triggers and phrases are made of."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from segmentation.dictionary.seed_checks import check_effects, nearest, read_bound
from segmentation.dictionary.words import NUMERIC_TYPES, VALUE_ATTRIBUTE

if TYPE_CHECKING:
    from segmentation.dictionary.attributes import Attribute

UNKNOWN_LEVEL = "unknown"
"""The level of a missing value, which every category has."""
NOT_PROFILED = ("id", "excluded")
"""Roles of attributes that no profile shows."""

_EFFECTS = ("min_effect", "max_effect")
_SHARES = ("min_share", "min_lift")


def check_condition(
    row: dict[str, str],
    by_name: Mapping[str, Attribute],
    levels: Mapping[str, tuple[str, ...]],
    fault: Callable[[str], None],
) -> None:
    """Check a row that compares an attribute of a segment with everyone's.

    Parameters
    ----------
    row : dict
        attribute, level, min_effect, max_effect, min_share, min_lift. A number is compared by its
        effect, a level by its share.
    by_name : mapping of str to Attribute
        The attributes of the dictionary.
    levels : mapping of str to tuple of str
        The levels of the attributes that declare them.
    fault : callable
        Notes what is wrong.
    """
    name = row["attribute"]
    check_effects(row, fault)
    check_shares(row, fault)
    if name == VALUE_ATTRIBUTE:
        _check_kind(row, True, fault)
    elif name not in by_name:
        fault(f"attribute {name!r} is unknown. {nearest(name, by_name)}")
    elif by_name[name].role in NOT_PROFILED or by_name[name].data_type == "date":
        fault(
            f"{name} is not profiled: its role is {by_name[name].role}, its data_type "
            f"{by_name[name].data_type}. Name a number, a flag or a category of another role."
        )
    else:
        _check_kind(row, by_name[name].data_type in NUMERIC_TYPES, fault)
        check_level(name, row["level"], levels, fault)


def check_shares(row: dict[str, str], fault: Callable[[str], None]) -> None:
    """Report a share that is none, and a lift that every level or none would reach."""
    share = read_bound(row, "min_share", fault, "0.3")
    lift = read_bound(row, "min_lift", fault, "1.5")
    if share is not None and not 0 <= share <= 1:
        fault(f"min_share {row['min_share']} is no share. Write a number from 0 to 1.")
    if lift is not None and lift <= 0:
        fault(f"min_lift {row['min_lift']} is not above 0. Write a lift such as 1.5, or clear it.")


def _check_kind(row: dict[str, str], is_number: bool, fault: Callable[[str], None]) -> None:
    """Report a condition on a number that asks for a level, or the other way round, or nothing."""
    name = row["attribute"]
    own, other = (_EFFECTS, _SHARES) if is_number else (_SHARES, _EFFECTS)
    foreign = [column for column in other if row[column]]
    if is_number and row["level"]:
        fault(
            f"{name} is a number and has no level {row['level']!r}. Clear level, and set "
            "min_effect or max_effect."
        )
    if not is_number and not row["level"]:
        fault(
            f"{name} has levels. Write one into level, and set min_share or min_lift; only a "
            "number has effects."
        )
    if foreign:
        kind = "a number, which has no shares" if is_number else "no number, which has no effects"
        fault(f"{name} is {kind}. Clear {' and '.join(foreign)}, and set {' or '.join(own)}.")
    elif not any(row[column] for column in own):
        fault(f"{name} has no bound, so nothing is asked of it. Set {' or '.join(own)}.")


def check_level(
    name: str, level: str, levels: Mapping[str, tuple[str, ...]], fault: Callable[[str], None]
) -> None:
    """Report a level that an attribute does not have; one that declares none may have any."""
    known = levels.get(name)
    if level and known and level not in (*known, UNKNOWN_LEVEL):
        near = difflib.get_close_matches(level, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
        fault(f"{name} has no level {level!r}. {hint}Write one of: {listed}.")
