"""``segmentation dictionary``: start seeds, keep them in Excel, generate docs from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from segmentation.dictionary.attributes import check_seeds, load_dictionary
from segmentation.dictionary.docs import update_docs
from segmentation.dictionary.start import propose_seeds, write_seeds
from segmentation.dictionary.workbook import (
    Change,
    check_changes,
    compare_workbook,
    export_workbook,
    write_changes,
)
from segmentation.errors import InputError
from segmentation.postgres import refuse_password

_seeds_option = click.option(
    "--seeds",
    "seeds_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("seeds"),
    show_default=True,
    help="Folder of the seed CSV files.",
)
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Show an InputError as a message and exit code 1."""
    try:
        yield
    except InputError as error:
        raise click.ClickException(str(error)) from None


@click.group()
def dictionary() -> None:
    """Start and check the data dictionary, keep it in Excel, generate docs from it."""


@dictionary.command()
@click.argument("customer_file")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("seeds_new"),
    show_default=True,
    help="Folder to write; it may hold none of the seeds yet.",
)
def start(customer_file: str, output: Path) -> None:
    """Propose seeds for a customer file of other columns, to be edited."""
    with _plain_errors():
        refuse_password(customer_file)
        proposal = propose_seeds(customer_file)
        write_seeds(proposal, output)
    by_role: dict[str, list[str]] = {}
    for row in proposal.seeds["data_dictionary.csv"]:
        by_role.setdefault(row["role"], []).append(row["attribute"])
    for role, names in by_role.items():
        click.echo(f"{role:<17} {', '.join(names)}")
    for note in proposal.notes:
        click.echo(f"Look at {note}")
    click.echo(
        f"{output} written. Edit it as docs/your_own_columns.md says, then: "
        f"segmentation dictionary check --seeds {output}"
    )


@dictionary.command()
@_seeds_option
def check(seeds_dir: Path) -> None:
    """Check the dictionary and the seeds that speak of its attributes."""
    with _plain_errors():
        check_seeds(seeds_dir)
    click.echo(f"{seeds_dir}: no faults.")


@dictionary.command()
@_seeds_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("data_dictionary.xlsx"),
    show_default=True,
    help="Workbook to write.",
)
@click.option("--yes", is_flag=True, help="Replace the workbook without asking.")
def export(seeds_dir: Path, output: Path, yes: bool) -> None:
    """Write all seeds into one Excel workbook, a sheet each."""
    if output.exists() and not yes:
        click.confirm(f"{output} exists. Replace it, and what was edited in it?", abort=True)
    with _plain_errors():
        export_workbook(seeds_dir, output)
    click.echo(f"{output} written. Read it back with: segmentation dictionary import {output}")


@dictionary.command("import")
@click.argument("workbook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_seeds_option
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show the differences and write nothing.")
def import_(workbook: Path, seeds_dir: Path, yes: bool, dry_run: bool) -> None:
    """Read an edited workbook back into the seeds.

    Shows the differences, refuses what the checks refuse, and changes only the lines that were
    changed in the sheets.
    """
    with _plain_errors():
        comparison = compare_workbook(workbook, seeds_dir)
        for notice in comparison.notices:
            click.echo(f"Note: {notice}")
        for entry in comparison.seeds:
            if entry.changes:
                click.echo(f"{entry.seed.path}:")
            for change in entry.changes:
                click.echo(_described(change))
        if not any(entry.changes for entry in comparison.seeds):
            click.echo("No differences: nothing to write.")
            return
        check_changes(comparison)
        if dry_run:
            click.echo("Nothing written (--dry-run).")
            return
        if not yes:
            click.confirm("Write these changes?", abort=True)
        for path in write_changes(comparison):
            click.echo(f"{path} written.")


def _described(change: Change) -> str:
    """Describe a difference: a line for the row, and a line a cell."""
    lines = [f"  {_SIGNS[change.kind]} {change.key} ({change.kind})"]
    for column, old, new in change.cells:
        pair = {"added": f"{new!r}", "removed": f"{old!r}"}.get(change.kind, f"{old!r} -> {new!r}")
        lines.append(f"      {column}: {pair}")
    return "\n".join(lines)


@dictionary.command()
@_seeds_option
@click.option(
    "--models",
    "folders",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    default=(Path("models"), Path("python_models")),
    show_default="models, python_models",
    help="Folder whose *.yml hold generated columns; may be given more than once.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is stale.")
def docs(seeds_dir: Path, folders: tuple[Path, ...], check: bool) -> None:
    """Generate the descriptions of attribute columns in the models' YAML."""
    with _plain_errors():
        check_seeds(seeds_dir)
        attributes = load_dictionary(seeds_dir / "data_dictionary.csv")
        stale = update_docs(folders, attributes, write=not check)
    if check and stale:
        names = ", ".join(map(str, stale))
        raise click.ClickException(
            f"stale column descriptions in {names}. Run: segmentation dictionary docs"
        )
    for path in stale:
        click.echo(f"{path} written.")
    if not stale:
        click.echo("All column descriptions are up to date.")
