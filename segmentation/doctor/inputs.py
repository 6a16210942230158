"""What a build reads: vars, seeds, the customer file; and the secrets that it publishes with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from segmentation.dictionary.attributes import Attribute, find_faults, load_dictionary
from segmentation.dictionary.seed_csv import read_rows
from segmentation.dictionary.words import FLAG_COLUMNS
from segmentation.doctor.findings import FAULT, OK, WARNING, Finding
from segmentation.doctor.macros import check_by_macro
from segmentation.errors import InputError
from segmentation.ingest.customer_file import CustomerFile, open_customers, read_customers
from segmentation.ingest.delimited import TextFormat
from segmentation.ingest.location import find_location
from segmentation.ingest.postgres_table import PostgresTable
from segmentation.pseudonyms import key_from_environment
from segmentation.publish.build import postgres_from_environment

_SHOWN = 8


def check_database_name(database: Path) -> Finding:
    """Check that dbt can write the name of the database in SQL."""
    target = SimpleNamespace(type="duckdb", database=database.stem, path=str(database))
    return _refusal("database name", lambda: check_by_macro("check_database_name", target=target))


def check_vars(project_name: str, values: Mapping[str, Any], given: Mapping[str, Any]) -> Finding:
    """Check the vars by the macro that begins a build.

    Parameters
    ----------
    project_name : str
    values : mapping
        Every var.
    given : mapping
        Those of ``--vars``, by their own.
    """
    return _refusal(
        "vars",
        lambda: check_by_macro(
            "check_vars",
            var=partial(_var, values),
            invocation_args_dict={"vars": given},
            project_name=project_name,
        ),
    )


def check_value_attribute(values: Mapping[str, Any]) -> Finding:
    """Check the var that names an attribute; the seeds must be in order."""
    return _refusal(
        "value attribute",
        lambda: check_by_macro("check_value_attribute", var=partial(_var, values)),
    )


def _var(values: Mapping[str, Any], name: str) -> Any:
    """Be dbt's ``var``."""
    if name not in values:
        raise InputError(f"dbt_project.yml has no var {name}. Put it back, as it came.")
    return values[name]


def check_secrets(needs_key: bool) -> list[Finding]:
    """Check what only environment variables hold.

    Parameters
    ----------
    needs_key : bool
        The var ``pseudonymize``.
    """
    findings = [_refusal("PostgreSQL to publish to", postgres_from_environment)]
    if needs_key:
        findings.append(_refusal("pseudonyms", key_from_environment))
    return findings


def _refusal(check: str, look: Callable[[], object]) -> Finding:
    """Run a check that raises what is wrong."""
    try:
        look()
    except InputError as error:
        return Finding(FAULT, check, str(error))
    return Finding(OK, check, "no fault.")


def check_seeds(seeds_dir: Path) -> Finding:
    """Check the seeds; every fault comes with its file and line."""
    faults = find_faults(seeds_dir)
    if faults:
        lines = [f"{len(faults)} faults:" if len(faults) > 1 else "1 fault:", *map(str, faults)]
        return Finding(FAULT, "seeds", "\n".join(lines))
    return Finding(OK, "seeds", f"no fault in {seeds_dir}.")


def check_customers(
    in_var: str, seeds_dir: Path, database: Path, least: int
) -> tuple[list[Finding], int | None]:
    """Read the customer file to its end.

    Parameters
    ----------
    in_var : str
        The var ``customer_file``, or nothing.
    seeds_dir : Path
    database : Path
        Where a table is looked for.
    least : int
        The var ``min_customers``.

    Returns
    -------
    list of Finding, int or None
        The second is the number of rows; None where the file cannot be read.
    """
    try:
        attributes = load_dictionary(seeds_dir / "data_dictionary.csv")
    except InputError:
        return [Finding(WARNING, "input file", "not looked at: mend the seeds first.")], None
    with _connect(database) as connection:
        try:
            customers = open_customers(find_location(in_var), attributes, connection)
            rows, refused = _count(customers, connection)
        except InputError as error:
            return [Finding(FAULT, "input file", str(error))], None
    return [
        Finding(OK, "input file", f"{customers.location}: {_kind(customers)}."),
        _check_columns(customers, attributes, _raised_flags(seeds_dir)),
        _check_rows(rows, refused, least),
    ], rows


def _connect(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the database for reading; an empty one where that cannot be."""
    try:
        return duckdb.connect(str(database), read_only=True)
    except duckdb.Error:
        return duckdb.connect()


def _count(customers: CustomerFile, connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Count the rows, and those that cannot be split into columns."""
    rows = refused = 0
    for batch in read_customers(customers, connection):
        rows += batch.num_rows
        refused += batch.num_rows - batch.column("_read_error").null_count
    return rows, refused


def _kind(customers: CustomerFile) -> str:
    """Say how a customer file is written."""
    source = customers.source
    if isinstance(source, tuple):
        return f"{len(source)} files, the first {_kind(source[0])}"
    if isinstance(source, TextFormat):
        return f"text in {source.encoding}, columns divided by {source.delimiter!r}"
    if isinstance(source, Path):
        return "Parquet" if source.suffix.lower() in (".parquet", ".pq") else "Excel workbook"
    return "table in PostgreSQL" if isinstance(source, PostgresTable) else "table of the database"


def _raised_flags(seeds_dir: Path) -> set[str]:
    """Name the flags that categories raise."""
    return {row["flag"] for _, row in read_rows(seeds_dir / "category_flags.csv", FLAG_COLUMNS, [])}


def _check_columns(
    customers: CustomerFile, attributes: Sequence[Attribute], raised_flags: set[str]
) -> Finding:
    """Say which columns the dictionary knows, and which of its attributes have none."""
    present = {column.attribute for column in customers.columns}
    unknown = [column.header for column in customers.columns if column.attribute is None]
    absent = [
        item.attribute
        for item in attributes
        if item.attribute not in present and not item.derivation
        if item.attribute not in raised_flags and item.role != "excluded"
    ]
    known = len(customers.columns) - len(unknown)
    text = f"{known} of {len(customers.columns)} match the dictionary."
    if unknown:
        text += f" Left out: {_listed(unknown)}; add them to data_dictionary.csv to use them."
    if absent:
        text += f" Unknown for everyone, because no column has it: {_listed(absent)}."
    return Finding(WARNING if unknown or absent else OK, "columns", text)


def _listed(names: Sequence[str]) -> str:
    """List the first names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _check_rows(rows: int, refused: int, least: int) -> Finding:
    """Compare the number of rows with the fewest that can be segmented."""
    kept = rows - refused
    text = f"{rows:,}"
    if refused:
        text += f", of which {refused:,} cannot be split into columns and will be refused"
    if kept < least:
        return Finding(
            FAULT,
            "rows",
            f"{text}; at least {least:,} are needed (var min_customers). Name a file with more.",
        )
    if refused:
        text += ". See stg_crm__customers_rejected after the build, and mend the file"
    return Finding(WARNING if refused else OK, "rows", f"{text}.")
