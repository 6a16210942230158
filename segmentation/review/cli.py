"""``segmentation review-sheet``: ask the business team, and take its answers into the seed."""

from __future__ import annotations

import re
from pathlib import Path

import click

from segmentation.errors import InputError
from segmentation.options import database_option
from segmentation.review.answers import read_review, weighted_criteria, write_reviews
from segmentation.review.evidence import read_evidence, read_fingerprints
from segmentation.review.sheet import write_sheet


def _read_k(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> tuple[int, ...] | None:
    """Read numbers of segments: ``4-7`` or ``3,5``."""
    if text is None:
        return None
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if low < 2 or high < low:
            raise click.BadParameter(f"{text!r} is none. Write numbers from 2: 4-7 or 3,5.")
        numbers.update(range(low, high + 1))
    return tuple(sorted(numbers))


@click.command("review-sheet")
@database_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("reviews/business_review.xlsx"),
    show_default=True,
    help="Workbook to write.",
)
@click.option(
    "--k",
    "k_values",
    callback=_read_k,
    help="Numbers of segments to discuss, such as 4-7 or 3,5; by default those that the plan "
    "expects. Those of the technical range and the delivered one come on top.",
)
@click.option("--yes", is_flag=True, help="Replace the workbook without asking.")
@click.option(
    "--read",
    "filled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Read a filled workbook back instead; may be given more than once.",
)
@click.option(
    "--seeds",
    "seeds_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("seeds"),
    show_default=True,
    help="With --read: folder of business_review.csv.",
)
@click.option(
    "--force", is_flag=True, help="With --read: take a sheet that was written from another build."
)
def review_sheet_command(
    database: Path,
    output: Path,
    k_values: tuple[int, ...] | None,
    yes: bool,
    filled: tuple[Path, ...],
    seeds_dir: Path,
    force: bool,
) -> None:
    """Write a workbook in which the business team scores each K, or read it back.

    Each number of segments has a sheet with its profiles and the plan's questions. What is read
    back with --read goes into business_review.csv, where it takes the place of what the same
    person said of the same segmentation.
    """
    try:
        if filled:
            _read_back(filled, seeds_dir, None if force else read_fingerprints(database))
        else:
            _write(database, output, k_values, yes)
    except InputError as error:
        raise click.ClickException(str(error)) from None


def _write(database: Path, output: Path, k_values: tuple[int, ...] | None, yes: bool) -> None:
    """Write the workbook."""
    evidence = read_evidence(database, k_values)
    missing = set(k_values or ()) - {candidate.k for candidate in evidence.candidates}
    if missing:
        raise InputError(
            f"--k: there is no segmentation with K = {', '.join(map(str, sorted(missing)))}. Leave "
            "it out, or build it with the var k_values."
        )
    if output.exists() and not yes:
        click.confirm(f"{output} exists. Replace it, and what was filled in?", abort=True)
    write_sheet(evidence, output)
    titles = ", ".join(candidate.title for candidate in evidence.candidates)
    click.echo(
        f"{output} written: {titles}. Read it back, filled in, with: "
        f"segmentation review-sheet --read {output}"
    )


def _read_back(
    filled: tuple[Path, ...], seeds_dir: Path, fingerprints: dict[str, str] | None
) -> None:
    """Read filled workbooks, all of them or none."""
    criteria = weighted_criteria(seeds_dir)
    reviews, faults = [], []
    for workbook in filled:
        try:
            reviews.append(read_review(workbook, fingerprints, criteria))
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("\n".join([*faults, "Nothing was written."]))
    is_changed = write_reviews(seeds_dir, reviews)
    for review in reviews:
        for notice in review.notices:
            click.echo(f"Note: {notice}")
        names = ", ".join(sorted({answer.segmentation_id for answer in review.answers}))
        click.echo(f"{review.reviewer}: {len(review.answers)} scores of {names}")
    path = seeds_dir / "business_review.csv"
    if is_changed:
        click.echo(f"{path} written. They count from the next dbt build on.")
    else:
        click.echo(f"{path} says all of that already.")
