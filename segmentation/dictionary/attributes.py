"""The data dictionary: what each attribute is, and whether the seeds say so without a fault."""

from __future__ import annotations

import difflib
import json
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from segmentation.dictionary.business_seeds import check_business_seeds
from segmentation.dictionary.parameter_seed import check_parameters
from segmentation.dictionary.persona_seeds import check_persona_seeds
from segmentation.dictionary.seed_checks import (
    SNAKE_CASE,
    NoteFault,
    Row,
    Seed,
    check_unique,
    check_word,
    nearest,
    noting,
    parse_number,
    read_bound,
    row_order,
)
from segmentation.dictionary.seed_csv import Fault, read_rows
from segmentation.dictionary.segment_seeds import check_segment_seeds
from segmentation.dictionary.words import (
    BIN_COLUMNS,
    DATA_TYPES,
    DICTIONARY_COLUMNS,
    FLAG_COLUMNS,
    LEVEL_COLUMNS,
    MISSING_POLICIES,
    MISSING_TOKENS,
    NUMERIC_TYPES,
    OUT_OF_RANGE_POLICIES,
    VALUE_ATTRIBUTE,
    WORDS,
)
from segmentation.errors import InputError

SQL_TYPES = {
    "text": "varchar",
    "number": "double",
    "integer": "bigint",
    "flag": "integer",
    "date": "date",
}
"""The column types of staging (macro ``column_type``)."""

_TYPES_OF_ROLE = {
    "id": ("text",),
    "performance": NUMERIC_TYPES,
    "ordinal": ("text",),
    "nominal": ("text",),
    "high_cardinality": ("text",),
    "flag": ("flag",),
    "profile_only": ("text", "number", "integer", "flag"),
    "binned": ("text",),
}
_POLICIES_OF_ROLE = {
    "id": ("none",),
    "performance": ("median", "zero"),
    "ordinal": ("median",),
    "nominal": ("unknown_level",),
    "high_cardinality": ("unknown_level",),
    "flag": ("zero",),
    "profile_only": ("none",),
    "binned": ("none",),
    "excluded": ("none",),
}
_NUMBERS = (
    "BIGINT",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "HUGEINT",
    "INTEGER",
    "SMALLINT",
    "TINYINT",
    "UBIGINT",
    "UINTEGER",
)
_DERIVED_TYPES = {
    "text": ("VARCHAR",),
    "number": _NUMBERS,
    "integer": _NUMBERS,
    "flag": ("BOOLEAN", *_NUMBERS),
    "date": ("DATE", "TIMESTAMP"),
}
"""The SQL types of a derivation that staging may cast to the declared data type."""
_CLOCK_NAMES = ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp")
"""Values of SQL that are written like a column."""
TAKEN_NAMES = (
    "customer_id",
    "row_number",
    "read_error",
    "value_issues",
    "refused_values",
    "known_values",
    "row_hash",
    "row_reason",
    "kept_row_number",
    "rejection_reason",
    "rejection_detail",
    "disagreeing_flags",
    "training_order",
    "fold",
    "proxy_value",
    "is_training_customer",
    "segmentation_id",
    "cluster",
    VALUE_ATTRIBUTE,
)
"""Columns that the models add beside the attributes; the id becomes ``customer_id``."""


@dataclass(frozen=True)
class Attribute:
    """One row of ``data_dictionary.csv``.

    Blank text is ``""``, a blank bound None; `line` is the row's line in the file, from 1. The
    meaning of each field is described in ``seeds/_seeds.yml``.
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


def without_joints(header: str) -> str:
    """Drop what joins words in a normalised header, so that "Corporation ID" is "corporation_id".

    Parameters
    ----------
    header : str
        What `normalise_header` gave.
    """
    return header.replace("_", "").replace("-", "")


def column_name(attribute: Attribute) -> str:
    """Name an attribute's column in the models: its own name, but ``customer_id`` for the id."""
    return "customer_id" if attribute.role == "id" else attribute.attribute


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
    faults: list[Fault] = []
    attributes = _read_attributes(Path(path), faults)
    _raise(faults)
    return attributes


def _raise(faults: list[Fault]) -> None:
    """Raise all faults as one error, a line each; do nothing when there is none."""
    if faults:
        raise InputError("\n".join(map(str, faults)))


def _read_attributes(path: Path, faults: list[Fault]) -> list[Attribute]:
    """Read the dictionary; a value that cannot be read is a fault and counts as blank."""
    attributes = []
    for line, row in read_rows(path, DICTIONARY_COLUMNS, faults):
        fault = partial(noting(faults, path), line)
        check_word(row["is_required"], "is_required", fault)
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
                valid_min=read_bound(row, "valid_min", fault),
                valid_max=read_bound(row, "valid_max", fault),
                out_of_range_policy=row["out_of_range_policy"],
                derivation=row["derivation"],
                line=line,
            )
        )
    return attributes


def _split(text: str) -> tuple[str, ...]:
    """Split a ``|``-separated list, without blanks."""
    return tuple(part for part in map(str.strip, text.split("|")) if part)


def check_seeds(seeds_dir: Path | str) -> None:
    """Check the dictionary, the seeds that speak of its attributes and those of the business.

    Parameters
    ----------
    seeds_dir : Path or str
        The folder of ``data_dictionary.csv``, ``attribute_levels.csv``, ``feature_bins.csv``,
        ``category_flags.csv``, ``segment_traits.csv``, ``playbooks.csv``,
        ``playbook_triggers.csv``, ``business_review.csv`` and, where they are there,
        ``selection_criteria.csv``, ``persona_dimensions.csv``, ``persona_phrases.csv`` and
        ``build_parameters.csv``, which go with any dictionary; other files are not read.

    Raises
    ------
    InputError
        Every fault found, a line each: file, line, what is wrong, what to do.
    """
    _raise(find_faults(seeds_dir))


def find_faults(seeds_dir: Path | str) -> list[Fault]:
    """Find the faults that `check_seeds` raises, by file and line."""
    folder = Path(seeds_dir)
    faults: list[Fault] = []
    path = folder / "data_dictionary.csv"
    fault = noting(faults, path)
    attributes = _read_attributes(path, faults)
    levels = Seed(folder / "attribute_levels.csv", LEVEL_COLUMNS, faults)
    bins = Seed(folder / "feature_bins.csv", BIN_COLUMNS, faults)
    flags = Seed(folder / "category_flags.csv", FLAG_COLUMNS, faults)
    if attributes:
        by_name = {item.attribute: item for item in reversed(attributes)}
        _check_attributes(attributes, by_name, fault)
        _check_sql(attributes, fault)
        _check_levels(levels, by_name, fault)
        _check_bins(bins, by_name, fault)
        _check_category_flags(flags, levels, by_name)
        known_levels = _known_levels(by_name, levels, bins)
        check_segment_seeds(folder, by_name, known_levels, faults)
        check_business_seeds(folder, by_name, known_levels, faults)
    else:
        fault(1, "there is no attribute to hold the other seeds against. Add its rows.")
    check_persona_seeds(folder, faults)
    check_parameters(folder, faults)
    return sorted(faults)


def _known_levels(
    by_name: dict[str, Attribute], levels: Seed, bins: Seed
) -> dict[str, tuple[str, ...]]:
    """List the levels of each attribute that declares them; a flag has 0 and 1."""
    known: dict[str, tuple[str, ...]] = {
        name: ("0", "1") for name, item in by_name.items() if item.data_type == "flag"
    }
    for seed, column in ((levels, "attribute"), (bins, "feature")):
        for name, rows in seed.by(column).items():
            known[name] = tuple(row["level"] for _, row in rows)
    return known


def _check_attributes(
    attributes: list[Attribute], by_name: dict[str, Attribute], fault: NoteFault
) -> None:
    """Check the rows of the dictionary, but for what DuckDB must judge."""
    for item in attributes:
        first = by_name[item.attribute].line
        if first != item.line:
            fault(
                item.line,
                f"attribute {item.attribute!r} stands in line {first} already. Remove one of them.",
            )
        for message in _attribute_faults(item):
            fault(item.line, f"{item.attribute}: {message}")
    _check_headers(attributes, fault)
    ids = [item for item in attributes if item.role == "id"]
    if not ids:
        fault(1, "no attribute has the role id. Give it to the column that names the customer.")
    for item in ids[1:]:
        fault(
            item.line,
            f"{item.attribute}: {ids[0].attribute} (line {ids[0].line}) has the role id already. "
            "Only one attribute names the customer: make the other one excluded.",
        )


def _attribute_faults(item: Attribute) -> list[str]:
    """List what is wrong in one row of the dictionary, seen by itself."""
    messages: list[str] = []
    for column in DICTIONARY_COLUMNS:
        if column in WORDS and column != "is_required":
            check_word(getattr(item, column), column, messages.append)
    types = _TYPES_OF_ROLE.get(item.role, DATA_TYPES)
    policies = _POLICIES_OF_ROLE.get(item.role, MISSING_POLICIES)
    may_be_numeric = item.data_type in NUMERIC_TYPES or item.data_type not in DATA_TYPES
    low, high = item.valid_min, item.valid_max
    has_range = low is not None or high is not None
    rules = (
        (
            not SNAKE_CASE.fullmatch(item.attribute),
            "the name is not snake_case. Write lower-case words and digits joined by single _, a "
            "letter first.",
        ),
        (
            item.attribute in TAKEN_NAMES and item.role != "id",
            "the models have a column of this name. Name the attribute otherwise and keep the "
            "name as an alias.",
        ),
        (not item.label_zh, "label_zh is blank. Write the label a Chinese reader sees."),
        (not item.label_en, "label_en is blank. Write the label an English reader sees."),
        (
            item.data_type in DATA_TYPES and item.data_type not in types,
            f"the role {item.role} does not go with data_type {item.data_type}. Write data_type "
            f"{_either(types)}, or change the role.",
        ),
        (
            item.missing_policy in MISSING_POLICIES and item.missing_policy not in policies,
            f"missing_policy {item.missing_policy} does not go with the role {item.role}. Write "
            f"{_either(policies)}.",
        ),
        (
            item.transform != "none" and not may_be_numeric,
            f"transform {item.transform} needs numbers. Write none.",
        ),
        (
            item.transform == "log1p" and may_be_numeric and (low is None or low < 0),
            "log1p needs values from 0 upwards. Set valid_min to 0 or more, or write signed_log1p.",
        ),
        (
            has_range and not may_be_numeric,
            f"a range needs numbers, and data_type is {item.data_type}. Clear valid_min and "
            "valid_max.",
        ),
        (
            low is not None and high is not None and low > high,
            f"valid_min {low} is above valid_max {high}. Swap them.",
        ),
        (
            has_range and not item.out_of_range_policy,
            f"there is a range and no out_of_range_policy. Write {_either(OUT_OF_RANGE_POLICIES)}.",
        ),
        (
            bool(item.out_of_range_policy) and not has_range,
            "there is an out_of_range_policy and no range. Set valid_min or valid_max, or clear "
            "the policy.",
        ),
    )
    return messages + [message for is_broken, message in rules if is_broken]


def _either(words: tuple[str, ...]) -> str:
    """Join words with commas and an "or"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _check_headers(attributes: list[Attribute], fault: NoteFault) -> None:
    """Report two attributes that the same header of a file would match, and repeated aliases."""
    owners: dict[str, tuple[Attribute, str]] = {}
    for item in attributes:
        aliases = [normalise_header(alias) for alias in item.aliases]
        for place, alias in enumerate(aliases):
            if alias in aliases[:place]:
                fault(
                    item.line,
                    f"{item.attribute}: the alias {item.aliases[place]!r} stands there twice. "
                    "Remove one.",
                )
        texts = (item.attribute, item.label_zh, item.label_en, *item.aliases)
        for text in filter(normalise_header, texts):
            owner, other = owners.setdefault(without_joints(normalise_header(text)), (item, text))
            if owner.attribute != item.attribute:
                fault(
                    item.line,
                    f"{item.attribute}: the header {text!r} means {owner.attribute} already "
                    f"({other!r}, line {owner.line}). Change one of the labels or aliases.",
                )


def _check_sql(attributes: list[Attribute], fault: NoteFault) -> None:
    """Report names that SQL keeps for itself, and derivations that DuckDB cannot bind.

    A derivation sees the attributes that are neither derived nor binned, so there is no order to
    get wrong and no cycle.
    """
    derived = [item for item in attributes if item.derivation and item.role != "binned"]
    from_file = [item for item in attributes if not item.derivation]
    with duckdb.connect() as connection:
        reserved = reserved_words(connection)
        for item in attributes:
            if item.attribute in reserved:
                fault(
                    item.line,
                    f"{item.attribute}: this is a reserved word of SQL. Name the attribute "
                    f"otherwise (say {item.attribute}_value) and keep the word as an alias.",
                )
        _create_table(connection, "from_file", from_file)
        _create_table(connection, "with_derived", from_file + derived)
        for item in derived:
            for message in _reach_faults(connection, item.derivation):
                fault(item.line, f"{item.attribute}: {message}")
            try:
                found = _bind(connection, item.derivation, "from_file")
            except duckdb.Error as error:
                fault(item.line, f"{item.attribute}: {_derivation_fault(connection, item, error)}")
                continue
            if found.split("(")[0] not in _DERIVED_TYPES.get(item.data_type, (found,)):
                fault(
                    item.line,
                    f"{item.attribute}: the derivation gives {found}, and data_type is "
                    f"{item.data_type}. Change one of them.",
                )


def reserved_words(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """List the words that SQL does not take for the name of a column without quotes."""
    rows = connection.execute(
        "select keyword_name from duckdb_keywords() "
        "where keyword_category in ('reserved', 'type_function')"
    ).fetchall()
    return {str(word) for (word,) in rows}


def _create_table(
    connection: duckdb.DuckDBPyConnection, table: str, attributes: list[Attribute]
) -> None:
    """Create an empty table with the columns that staging has for these attributes."""
    types = {
        column_name(item).lower().replace('"', '""'): SQL_TYPES.get(item.data_type, "varchar")
        for item in attributes
    }
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in types.items())
    connection.execute(f"create table {table} ({columns or '_none integer'})")


def _bind(connection: duckdb.DuckDBPyConnection, expression: str, table: str) -> str:
    """Give the type of a row-wise SQL expression over a table; raises duckdb.Error."""
    duckdb.SQLExpression(expression)  # one expression, and no way out of the brackets below
    (column,) = connection.execute(
        f"describe select ({expression}) as value from (from {table}) where ({expression}) is null"
    ).fetchall()
    return str(column[1])


def _reach_faults(connection: duckdb.DuckDBPyConnection, expression: str) -> list[str]:
    """List why an expression says more than the row does; none where it cannot be parsed."""
    (text,) = connection.execute(
        "select json_serialize_sql($1)", [f"select ({expression})"]
    ).fetchall()[0]
    parsed = list(_expressions(json.loads(text).get("statements")))
    called = {part["function_name"] for part in parsed if part["class"] == "FUNCTION"}
    named = {
        part["column_names"][0].lower()
        for part in parsed
        if part["class"] == "COLUMN_REF" and len(part["column_names"]) == 1
    }
    changing = connection.execute(
        "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT' "
        "and list_contains($1, function_name) order by 1",
        [list(called)],
    ).fetchall()
    unsteady = [*(name for (name,) in changing), *sorted(named.intersection(_CLOCK_NAMES))]
    messages = []
    if any(part["class"] == "SUBQUERY" for part in parsed):
        messages.append(
            "the derivation has a query in it, which may read other rows, tables or files. Write "
            "an expression over the attributes of the same row."
        )
    if unsteady:
        messages.append(
            f"the derivation uses {', '.join(unsteady)}, so the same file would give other values "
            "another day. Compute it from attributes of the file alone."
        )
    return messages


def _expressions(tree: Any) -> Iterator[dict[str, Any]]:
    """Walk through what DuckDB parsed."""
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _expressions(part)


def _derivation_fault(
    connection: duckdb.DuckDBPyConnection, item: Attribute, error: duckdb.Error
) -> str:
    """Say why a derivation does not bind to the columns of the file."""
    try:
        _bind(connection, item.derivation, "with_derived")
    except duckdb.Error:
        reason = " ".join(str(error).split("\n\nLINE")[0].split())
        return (
            f"DuckDB does not accept the derivation ({reason}). Write one SQL expression over the "
            "attributes of the same row."
        )
    return (
        "the derivation uses an attribute that is derived itself. Write that attribute's own "
        "derivation in its place, in brackets."
    )


def _check_levels(levels: Seed, by_name: dict[str, Attribute], fault: NoteFault) -> None:
    """Check ``attribute_levels.csv``."""
    levels.check_filled("level", "label_zh", "label_en")
    levels.check_orders()
    levels.check_unique("attribute", "level")
    groups = levels.by("attribute")
    for name, rows in groups.items():
        line = rows[0][0]
        if name not in by_name:
            levels.fault(line, f"attribute {name!r} is unknown. {nearest(name, by_name)}")
            continue
        item = by_name[name]
        if item.role == "binned" or item.data_type in (*NUMERIC_TYPES, "date"):
            levels.fault(
                line,
                f"{name} has no levels: its role is {item.role}, its data_type {item.data_type}. "
                "Remove the row, or make the attribute text.",
            )
        if item.role == "ordinal":
            check_unique(rows, ("attribute", "level_order"), levels.fault)
        missing = {normalise_header(token) for token in (*MISSING_TOKENS, *item.missing_tokens)}
        for row_line, row in rows:
            if row["level"] and normalise_header(row["level"]) in missing:
                levels.fault(
                    row_line,
                    f"{name}: {row['level']!r} means missing, which is no level. Remove the row, "
                    "or take the word out of the attribute's missing_tokens.",
                )
    for item in by_name.values():
        if item.role == "ordinal" and item.attribute not in groups:
            fault(
                item.line,
                f"{item.attribute}: an ordinal attribute needs its levels in order. Add them to "
                "attribute_levels.csv, or make it nominal.",
            )


def _check_bins(bins: Seed, by_name: dict[str, Attribute], fault: NoteFault) -> None:
    """Check ``feature_bins.csv`` and the binned attributes."""
    bins.check_filled("label_zh", "label_en")
    bins.check_orders()
    bins.check_unique("feature", "level")
    bins.check_unique("feature", "level_order")
    bins.check_words("bound_type")
    for line, row in bins.rows:
        if row["level"] == "unknown" or not SNAKE_CASE.fullmatch(row["level"]):
            bins.fault(
                line,
                f"level is {row['level']!r}. Write a snake_case code other than unknown, which "
                "stands for a missing value by itself.",
            )
    groups = bins.by("feature")
    for name, rows in groups.items():
        _check_bounds(name, rows, bins.fault)
        if name not in by_name:
            bins.fault(rows[0][0], f"feature {name!r} is unknown. {nearest(name, by_name)}")
        elif by_name[name].role != "binned":
            bins.fault(
                rows[0][0],
                f"{name} has the role {by_name[name].role}. Bins need an attribute of the role "
                "binned, with the attribute to cut in its derivation.",
            )
    for item in by_name.values():
        if item.role != "binned":
            continue
        at = f"{item.attribute}: "
        source = by_name.get(item.derivation)
        if item.attribute not in groups:
            fault(item.line, f"{at}a binned attribute needs bins. Add them to feature_bins.csv.")
        if not item.derivation:
            fault(item.line, f"{at}which attribute is cut? Write its name into derivation.")
        elif source is None:
            near = nearest(item.derivation, by_name)
            fault(item.line, f"{at}the attribute to cut, {item.derivation!r}, is unknown. {near}")
        elif source.data_type not in NUMERIC_TYPES:
            fault(
                item.line,
                f"{at}{source.attribute} cannot be cut: its data_type is {source.data_type}. "
                "Name a number or integer in derivation.",
            )


def _check_bounds(feature: str, rows: list[Row], fault: NoteFault) -> None:
    """Check the bounds of one feature: one lowest, then values or quantiles that increase."""
    lowest = [line for line, row in rows if row["bound_type"] == "lowest"]
    kinds = {row["bound_type"] for _, row in rows} & {"value", "quantile"}
    begin = rows[0][0]
    if len(lowest) != 1:
        fault(
            begin,
            f"{feature} has {len(lowest)} levels of bound_type lowest. It needs exactly one: the "
            "level below all bounds.",
        )
    if len(rows) == 1:
        fault(begin, f"{feature} has one level only, so it cuts nothing. Add another.")
    if len(kinds) > 1:
        fault(begin, f"{feature} mixes value and quantile bounds. Use one kind in a feature.")
    previous = -math.inf
    for line, row in sorted(rows, key=row_order):
        text, kind = row["lower_bound"], row["bound_type"]
        bound = parse_number(text)
        if kind == "lowest":
            if text:
                fault(line, f"lower_bound is {text!r} at bound_type lowest. Leave it blank.")
            if previous > -math.inf:
                fault(line, f"{feature}: lowest is not the first level. Give it level_order 1.")
        elif kind in kinds and bound is None:
            fault(line, f"lower_bound is {text!r}. Write a plain number such as 0.8 or 500.")
        elif kind in kinds and bound is not None:
            if kind == "quantile" and not 0 < bound < 1:
                fault(line, f"lower_bound {text} is no quantile. Write a share between 0 and 1.")
            if bound <= previous:
                fault(
                    line,
                    f"{feature}: lower_bound {text} is not above {previous:g}, the bound of the "
                    "level before. Bounds must increase with level_order.",
                )
            previous = bound


def _check_category_flags(flags: Seed, levels: Seed, by_name: dict[str, Attribute]) -> None:
    """Check ``category_flags.csv``."""
    flags.check_filled("level")
    flags.check_unique("flag", "attribute", "level")
    known = {
        name: [row["level"] for _, row in rows] for name, rows in levels.by("attribute").items()
    }
    for line, row in flags.rows:
        flag, attribute, level = row["flag"], row["attribute"], row["level"]
        if flag not in by_name:
            flags.fault(line, f"flag {flag!r} is unknown. {nearest(flag, by_name)}")
        elif by_name[flag].role != "flag":
            flags.fault(
                line, f"{flag} has the role {by_name[flag].role}. Only a flag can be raised."
            )
        elif by_name[flag].derivation:
            flags.fault(
                line, f"{flag} has a derivation too. Clear it, or remove its rows from this file."
            )
        if attribute not in by_name:
            flags.fault(line, f"attribute {attribute!r} is unknown. {nearest(attribute, by_name)}")
        elif by_name[attribute].data_type != "text" or by_name[attribute].role == "binned":
            flags.fault(line, f"{attribute} is not a category. Name a text attribute.")
        elif level and level not in known.get(attribute, [level]):
            near = difflib.get_close_matches(level, known[attribute], n=1)
            hint = f"Did you mean {near[0]}?" if near else "Add it to attribute_levels.csv."
            flags.fault(line, f"{attribute} has no level {level!r}. {hint}")
