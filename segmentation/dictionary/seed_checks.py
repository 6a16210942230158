"""Checks that any seed may need; each notes what is wrong and what to do."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from segmentation.dictionary.seed_csv import Fault, read_rows
from segmentation.dictionary.words import SEGMENTATION_METHODS, WORDS

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_SEGMENTATION_ID = re.compile(r"(.+)_k(0|[1-9][0-9]{0,3})")
_ORDER = re.compile(r"[1-9][0-9]{0,8}")

Row = tuple[int, dict[str, str]]
"""A row's line in the file, from 1, and its values by column name."""
NoteFault = Callable[[int, str], None]
"""Notes what is wrong in a line."""


class Seed:
    """The rows of one seed, with the checks that any seed may need.

    `is_read` is False where faults left no row to hold another seed against.
    """

    def __init__(self, path: Path, columns: tuple[str, ...], faults: list[Fault]) -> None:
        before = len(faults)
        self.rows = read_rows(path, columns, faults)
        self.is_read = bool(self.rows) or len(faults) == before
        self.fault = noting(faults, path)

    def by(self, column: str) -> dict[str, list[Row]]:
        """Group the rows by the value of a column, in file order."""
        groups: dict[str, list[Row]] = {}
        for line, row in self.rows:
            groups.setdefault(row[column], []).append((line, row))
        return groups

    def check_filled(self, *columns: str) -> None:
        """Report each of `columns` that is blank in a row."""
        for line, row in self.rows:
            for column in columns:
                if not row[column]:
                    self.fault(line, f"{column} is blank. Fill it in.")

    def check_unique(self, *columns: str) -> None:
        """Report a row whose `columns` together repeat those of an earlier row."""
        check_unique(self.rows, columns, self.fault)

    def check_words(self, column: str) -> None:
        """Report each value that is none of the words of `column`."""
        for line, row in self.rows:
            check_word(row[column], column, partial(self.fault, line))

    def check_orders(self) -> None:
        """Report a ``level_order`` that is not a whole number from 1."""
        for line, row in self.rows:
            if not _ORDER.fullmatch(row["level_order"]):
                self.fault(
                    line, f"level_order is {row['level_order']!r}. Write a whole number from 1."
                )


def noting(faults: list[Fault], path: Path) -> NoteFault:
    """Give a function that notes a fault of a line of one file."""
    return lambda line, message: faults.append(Fault(path, line, message))


def parse_number(text: str) -> float | None:
    """Read a number written as SQL reads it; None when it is not one."""
    return float(text) if _NUMBER.fullmatch(text) else None


def read_bound(
    row: dict[str, str], column: str, fault: Callable[[str], None], example: str = "0 or 12.5"
) -> float | None:
    """Read a bound; blank is None."""
    number = parse_number(row[column])
    if row[column] and number is None:
        fault(
            f"{column} is {row[column]!r}. Write a plain number such as {example}, "
            "or leave it blank."
        )
    return number


def check_effects(row: dict[str, str], fault: Callable[[str], None]) -> None:
    """Report effect bounds that are no numbers, or between which nothing lies."""
    low = read_bound(row, "min_effect", fault, "0.4")
    high = read_bound(row, "max_effect", fault, "0.4")
    if low is not None and high is not None and low >= high:
        fault(
            f"min_effect {row['min_effect']} is not below max_effect {row['max_effect']}. "
            "Swap them, or clear one."
        )


def check_unique(rows: list[Row], columns: tuple[str, ...], fault: NoteFault) -> None:
    """Report a row whose `columns` together repeat those of an earlier row."""
    first: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        key = tuple(row[column] for column in columns)
        if first.setdefault(key, line) != line:
            text = ", ".join(map("{} {!r}".format, columns, key))
            fault(line, f"{text} stands in line {first[key]} already. Change or remove one.")


def check_word(word: str, column: str, fault: Callable[[str], None]) -> None:
    """Report a word that `column` does not know, with the nearest that it does."""
    words = WORDS[column]
    if word not in words:
        near = difflib.get_close_matches(word.lower(), words, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        listed = ", ".join(option or "(blank)" for option in words)
        fault(f"{column} {word!r} is not known. {hint}Write one of: {listed}.")


def nearest(name: str, names: Iterable[str], file: str = "data_dictionary.csv") -> str:
    """Say which of `names` may have been meant by one that is unknown, or where to add it."""
    near = difflib.get_close_matches(name.lower(), list(names), n=1)
    return f"Did you mean {near[0]}?" if near else f"Add it to {file}."


def segmentation_fault(text: str) -> str | None:
    """Say why a text names no candidate segmentation."""
    match = _SEGMENTATION_ID.fullmatch(text)
    method, k = (match[1], int(match[2])) if match else (text, 2)
    if match and method in SEGMENTATION_METHODS and k >= 2:
        return None
    near = difflib.get_close_matches(method.lower(), SEGMENTATION_METHODS, n=1)
    hint = f"Did you mean {near[0]}_k{max(k, 2)}? " if match and near else ""
    return (
        f"segmentation_id {text!r} is none. {hint}Write <method>_k<K>, such as kprototypes_k5: the "
        f"method one of {', '.join(SEGMENTATION_METHODS)}, K from 2."
    )


def row_order(line_and_row: Row) -> int:
    """Sort rows by ``level_order``, those without one last."""
    text = line_and_row[1]["level_order"]
    return int(text) if _ORDER.fullmatch(text) else sys.maxsize
