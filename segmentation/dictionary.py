"""The data dictionary: what each attribute is, and whether the seeds say so without a fault."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from segmentation.errors import InputError
from segmentation.seed_csv import read_rows

DATA_TYPES = ("text", "number", "integer", "flag", "date")
ROLES = (
    "id",
    "performance",
    "ordinal",
    "nominal",
    "high_cardinality",
    "flag",
    "profile_only",
    "binned",
    "excluded",
)
TRANSFORMS = ("log1p", "signed_log1p", "none")
THEMES = (
    "spending_power",
    "activity",
    "loyalty",
    "scale",
    "category",
    "channel",
    "region",
    "background",
    "risk",
)
DIRECTIONS = ("higher_is_better", "lower_is_better", "neutral")
UNITS = (
    "usd",
    "usd_per_month",
    "count",
    "count_per_month",
    "days",
    "months",
    "ratio",
    "index",
    "flag",
)
MISSING_POLICIES = ("median", "zero", "unknown_level", "none")
OUT_OF_RANGE_POLICIES = ("set_null", "clip", "reject")
BOOLEANS = ("true", "false")

DICTIONARY_COLUMNS = (
    "attribute",
    "aliases",
    "label_zh",
    "label_en",
    "definition_zh",
    "definition_en",
    "data_type",
    "role",
    "transform",
    "theme",
    "direction",
    "unit",
    "is_required",
    "missing_policy",
    "missing_tokens",
    "valid_min",
    "valid_max",
    "out_of_range_policy",
    "derivation",
)


@dataclass(frozen=True)
class Attribute:
    """One row of ``data_dictionary.csv``.

    Blank text is ``""``, a blank bound None; `line` is the row's line in the file, from 1. The
    meaning of each field is described in ``seeds/_seeds__models.yml``.
    """

    attribute: str
    aliases: tuple[str, ...]
    label_zh: str
    label_en: str
    definition_zh: str
    definition_en: str
    data_type: str
    role: str
    transform: str
    theme: str
    direction: str
    unit: str
    is_required: bool
    missing_policy: str
    missing_tokens: tuple[str, ...]
    valid_min: float | None
    valid_max: float | None
    out_of_range_policy: str
    derivation: str
    line: int


def normalise_header(text: str) -> str:
    """Give the form in which two headers are compared.

    Parameters
    ----------
    text : str
        A header as it stands in a file, a label or an alias.

    Returns
    -------
    str
        Full-width forms made half-width (NFKC), case folded, all white space and invisible
        characters (byte order mark, zero-width space) removed.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(
        char for char in folded if not char.isspace() and unicodedata.category(char) != "Cf"
    )


def load_dictionary(path: Path | str) -> list[Attribute]:
    """Read ``data_dictionary.csv``.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    list of Attribute
        In file order. Names, words and references are checked by `check_seeds`, not here.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing, or a boolean or a bound is not one; every
        such fault with its line.
    """
    faults: list[str] = []
    attributes = _read_attributes(Path(path), faults.append)
    _raise(faults)
    return attributes


def _raise(faults: list[str]) -> None:
    """Raise all `faults` as one error, if there are any."""
    if faults:
        raise InputError("\n".join(faults))


def _read_attributes(path: Path, on_fault: Callable[[str], None]) -> list[Attribute]:
    """Read the dictionary; a value that cannot be read is a fault and counts as blank."""
    attributes = []
    for line, row in read_rows(path, DICTIONARY_COLUMNS, on_fault):

        def fault(message: str, at: str = f"{path}:{line}: {row['attribute']}") -> None:
            on_fault(f"{at}: {message}")

        if row["is_required"] not in BOOLEANS:
            fault(f"is_required is {row['is_required']!r}. Write true or false.")
        attributes.append(
            Attribute(
                attribute=row["attribute"],
                aliases=_split(row["aliases"]),
                label_zh=row["label_zh"],
                label_en=row["label_en"],
                definition_zh=row["definition_zh"],
                definition_en=row["definition_en"],
                data_type=row["data_type"],
                role=row["role"],
                transform=row["transform"],
                theme=row["theme"],
                direction=row["direction"],
                unit=row["unit"],
                is_required=row["is_required"] == "true",
                missing_policy=row["missing_policy"],
                missing_tokens=_split(row["missing_tokens"]),
                valid_min=_bound(row, "valid_min", fault),
                valid_max=_bound(row, "valid_max", fault),
                out_of_range_policy=row["out_of_range_policy"],
                derivation=row["derivation"],
                line=line,
            )
        )
    return attributes


def _split(text: str) -> tuple[str, ...]:
    """Split a ``|``-separated list, without blanks."""
    return tuple(part for part in map(str.strip, text.split("|")) if part)


def _bound(row: dict[str, str], column: str, fault: Callable[[str], None]) -> float | None:
    """Read a finite number; blank is None."""
    text = row[column]
    if not text:
        return None
    number = _number(text)
    if number is None:
        fault(f"{column} is {text!r}. Write a plain number such as 0 or 12.5, or leave it blank.")
    return number


def _number(text: str) -> float | None:
    """Read a finite number as SQL would (no blanks, no underscores); None when it is not one."""
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
