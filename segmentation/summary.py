"""The summary that ends ``make build``: what was read, what was found, and where it lies."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path
from typing import Any

import click
import duckdb

from segmentation.database_faults import open_to_read
from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.texts import clean

Row = tuple[Any, ...]

TRUSTED = ("stable", "highly stable")


def summarise(database: Path, run_results: Path, exports: Path, published: Path) -> str:
    """Write the summary of the last build.

    Parameters
    ----------
    database : Path
        The DuckDB database that dbt built.
    run_results : Path
        dbt's ``run_results.json``, for the time the build took.
    exports : Path
        The folder of the exported files.
    published : Path
        The published copy of the marts.

    Raises
    ------
    InputError
        When the database is not there or holds no segments yet.
    """
    with open_to_read(database) as connection:
        try:
            lines = [
                *_rows_read(connection),
                "",
                *_decision(connection),
                "",
                *_segments(connection),
            ]
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise InputError(
                f"{database} holds no finished build ({str(error).splitlines()[0]}); run dbt build."
            ) from error
    if run_results.exists():
        run = json.loads(run_results.read_text(encoding="utf-8"))
        seconds = max(run["elapsed_time"], 0)  # the clock may have been set back
        lines += ["", *_warnings(run["results"]), f"dbt build took {seconds:.0f} s."]
    lines += [
        f"Database   {database.resolve()}",
        f"Customers  {(exports / 'customer_segments.csv').resolve()} (and .parquet)",
        f"Two groups {(exports / 'df_k2_agglo_all_raw.csv').resolve()} (every raw column)",
        f"For BI     {published.resolve()} (docs/bi.md)",
        "Lineage    make docs, then open target/static_index.html",
    ]
    return clean("\n".join(lines))


def _warnings(results: list[dict[str, Any]]) -> list[str]:
    """Name the tests that warned; the comment above each test's query says what it means."""
    return [
        f"Warning    {result['unique_id'].split('.')[2].replace('_', ' ')}: "
        f"{result['failures']} rows say no (tests/singular)"
        for result in results
        if result["status"] == "warn"
    ]


def _rows_read(connection: duckdb.DuckDBPyConnection) -> list[str]:
    refused = connection.sql(
        "select rejection_reason, count(*) from stg_crm__customers_rejected "
        "group by all order by all"
    ).fetchall()
    kept = _one(connection, "select count(*) from fct_customer_segments")[0]
    total = kept + sum(count for _, count in refused)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in refused)
    lines = [
        f"Rows       {total:,} read, {kept:,} kept, {total - kept:,} refused"
        + (f" ({reasons}; see stg_crm__customers_rejected)" if refused else "")
    ]
    unknown = connection.sql(
        "select header from rpt_dictionary_alignment "
        "where verdict = 'not_in_dictionary' order by all"
    ).fetchall()
    if unknown:
        names = ", ".join(str(header) for (header,) in unknown)
        lines.append(f"Columns    not in the dictionary, so not used: {names}")
    unreadable = connection.sql(
        "select attribute, unreadable_values, unreadable_examples from rpt_attribute_diagnostics "
        "where unreadable_values > 0 order by unreadable_values desc, attribute"
    ).fetchall()
    lines += [
        f"Values     {attribute}: {count:,} could not be read and are unknown, such as {examples}"
        for attribute, count, examples in unreadable
    ]
    disagreements, contradictions = _one(
        connection,
        "select sum(flag_disagreements), sum(flag_contradictions) from rpt_attribute_diagnostics",
    )
    if disagreements:
        lines.append(
            f"Flags      {disagreements:,.0f} flags of the file, kept, differ from what the main "
            f"categories say; {contradictions:,.0f} deny a category (rpt_attribute_diagnostics)"
        )
    as_of_date = _one(connection, "select max(as_of_date) from fct_customer_segments")[0]
    lines.append(
        f"As of      {as_of_date} (the var as_of_date, else the file's snapshot_date, else today)"
    )
    return lines


def _decision(connection: duckdb.DuckDBPyConnection) -> list[str]:
    k, method, is_override, reason, support, min_jaccard, stability, value_label, value = _one(
        connection,
        "select decision.k, decision.method, is_override, reason_en, support, min_jaccard, "
        "stability, label_en, value_attribute "
        "from rpt_k_decision as decision inner join dim_segmentations using (segmentation_id) "
        "inner join dim_attributes on attribute = value_attribute",
    )
    by_whom = "a person" if is_override else "the double elbow"
    lines = [f"Segments   K = {k} ({method}), chosen by {by_whom}"]
    lines += _wrapped("Why", reason)
    agreement = connection.sql(
        "select other_segmentation_id, adjusted_rand from rpt_method_agreement "
        "where segmentation_id = (select segmentation_id from rpt_k_decision) order by 2 desc"
    ).fetchall()
    if agreement:
        others = ", ".join(f"{name} {value:.2f}" for name, value in agreement)
        lines += _wrapped("Agreement", f"{others} (adjusted Rand: 1 the same, 0 chance)")
    lines.append(f"Value      {value_label} ({value})")
    if support != "supported":
        lines.append(f"Warning    whether the data support segments: {support} (rpt_k_decision).")
    if stability not in TRUSTED:
        lines.append(
            f"Warning    the least stable segment comes back to {min_jaccard:.0%}, {stability}. "
            "Look at rpt_k_selection, and decide with the vars final_k and final_k_reason."
        )
    return lines


def _wrapped(label: str, text: str) -> list[str]:
    """Break a text into lines with the label before the first."""
    return textwrap.wrap(text, 100, initial_indent=f"{label:<11}", subsequent_indent=" " * 11)


def _segments(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.sql(
        "select segment_id, name_zh, name_en, dim_segments.customers, customer_share, "
        "spend_share, jaccard "
        "from dim_segments inner join dim_segmentations using (segmentation_id) "
        "where is_final order by segment_id"
    ).fetchall()
    lines = ["id    customers  of all  of value  comes back  name"]
    for segment_id, name_zh, name_en, customers, customer_share, spend_share, jaccard in rows:
        lines.append(
            f"{segment_id:<5} {customers:>9,} {customer_share:>7.1%} {spend_share:>9.1%} "
            f"{jaccard:>11.0%}  "
            f"{name_zh} / {name_en}"
        )
    return lines


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Row:
    rows = connection.execute(query).fetchall()
    if not rows:
        raise InputError("The last build left no segments; run dbt build and look at its errors.")
    return rows[0]


@click.command("summary")
@database_option
def summary_command(database: Path) -> None:
    """Say what the last dbt build read and found."""
    try:
        text = summarise(
            database,
            Path(os.environ.get("DBT_TARGET_PATH", "target")) / "run_results.json",
            Path(os.environ.get("EXPORTS_DIR", "exports")),
            Path(os.environ.get("PUBLISHED_DIR", "published")) / "segments.duckdb",
        )
    except InputError as error:
        raise click.ClickException(str(error)) from error
    click.echo(text)
