"""A synthetic customer file with planted segments, of the shape of the confidential real one.

What is planted stands in :mod:`segmentation.sample.design`, how a customer's columns are drawn from
it in :mod:`segmentation.sample.columns`, the raw values in :mod:`segmentation.sample.catalogue`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as pa_csv
from pyarrow import parquet as pa_parquet

from segmentation.errors import InputError
from segmentation.sample.catalogue import COLUMNS
from segmentation.sample.columns import Draw, draw_customers
from segmentation.sample.design import NO_STRUCTURE, SEGMENTS, Segment

DEFAULT_ROWS: Final = 9_999
DEFAULT_SEED: Final = 20250728
DEFAULT_SEGMENTS: Final = 5
CHUNK_ROWS: Final = 25_000
_DEFAULT_FILE: Final = Path("data/data_revised.csv")
_DEFAULT_FOLDER: Final = Path("data/year")

# Ids have ten digits; multiplying by anything modulo a prime keeps different rows different.
_FIRST_ID: Final = 1_000_000_000
_ID_PRIME: Final = 8_999_999_993


def generate_customers(
    n_rows: int, seed: int, n_segments: int = DEFAULT_SEGMENTS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a customer file and the segments planted in it.

    Parameters
    ----------
    n_rows
        Number of customers, at least 1.
    seed
        Seed of everything random, at least 0. The same arguments give the same values.
    n_segments
        Number of planted segments, 1 to 8: the first of
        :data:`~segmentation.sample.design.SEGMENTS`, their shares scaled to 1. With 1 there is no
        structure to find.

    Returns
    -------
    customers
        One row per customer as the file has it: columns in which a missing token may occur are
        text, the others numbers.
    planted
        ``corporation_id``, ``planted_segment`` (name) and ``published_group`` (1 to 3: the group of
        the real file whose published figures the segment follows), in the same order.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    chunks = list(_generate_chunks(n_rows, seed, n_segments))
    customers = pa.concat_tables([chunk.customers for chunk in chunks]).to_pandas()
    planted = pa.concat_tables([chunk.planted for chunk in chunks]).to_pandas()
    return customers, planted


def customer_ids(seed: int, start: int, n: int) -> pa.Array:
    """Give the ids of ``n`` customers from the place ``start`` on; no two places have the same."""
    file_seed = np.random.SeedSequence(seed).spawn(1)[0]
    factor, shift = np.random.default_rng(file_seed).integers(1, _ID_PRIME, 2, dtype=np.uint64)
    place = np.arange(start, start + n, dtype=np.uint64)
    return pa.array(_FIRST_ID + (factor * place + shift) % _ID_PRIME).cast(pa.string())


def write_sample(
    path: Path,
    n_rows: int,
    seed: int,
    n_segments: int = DEFAULT_SEGMENTS,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Path:
    """Write a customer file, and its planted segments beside it as ``<stem>_planted.csv``.

    The rows are those of :func:`generate_customers`, made and written a chunk at a time. Both files
    appear under their names only when they are complete.

    Parameters
    ----------
    path
        File to write, ``.csv`` (UTF-8) or ``.parquet``; its folder is made where missing.
    n_rows, seed, n_segments
        As for :func:`generate_customers`.
    on_progress
        Called after each chunk with the number of rows written so far.

    Returns
    -------
    Path
        The file of planted segments.

    Raises
    ------
    InputError
        If an argument is out of its range or the extension is neither of the two.
    OSError
        If the files cannot be written.
    """
    if path.suffix.lower() not in _WRITERS:
        raise InputError(f"{path}: let the file name end in {' or '.join(_WRITERS)}.")
    chunks = _generate_chunks(n_rows, seed, n_segments)
    first = next(chunks)
    planted_path = path.with_name(f"{path.stem}_planted.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with (
        writing(path, first.customers.schema) as customers,
        writing(planted_path, first.planted.schema) as planted,
    ):
        for chunk in itertools.chain([first], chunks):
            customers.write_table(chunk.customers)
            planted.write_table(chunk.planted)
            rows += chunk.customers.num_rows
            on_progress(rows)
    return planted_path


@click.command()
@click.option("--rows", type=click.IntRange(min=1), default=DEFAULT_ROWS, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=DEFAULT_SEED, show_default=True)
@click.option(
    "--segments",
    type=click.IntRange(1, len(SEGMENTS)),
    default=DEFAULT_SEGMENTS,
    show_default=True,
    help="Number of planted segments; 1 plants no structure.",
)
@click.option(
    "--evolve",
    is_flag=True,
    help="Write four quarterly files of the same customers, who grow, leave, arrive and move.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File to write, .csv or .parquet; <name>_planted.csv is written beside it. A folder with "
    f"--evolve.  [default: {_DEFAULT_FILE}, or {_DEFAULT_FOLDER}]",
)
def sample_command(rows: int, seed: int, segments: int, evolve: bool, output: Path | None) -> None:
    """Write a synthetic customer file with planted segments."""
    if evolve:
        _write_year(rows, seed, segments, output or _DEFAULT_FOLDER)
        return
    output = output or _DEFAULT_FILE

    def report(written: int) -> None:
        if written % (4 * CHUNK_ROWS) == 0:
            click.echo(f"{written:,} of {rows:,} customers written", err=True)

    try:
        planted = write_sample(output, rows, seed, segments, report)
    except (InputError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"Wrote {output}: {rows:,} customers, {len(COLUMNS)} columns, seed {seed}. "
        "The data are synthetic, the companies invented."
    )
    click.echo(f"Wrote {planted}: the planted segment of each customer ({segments} in all).")


def _write_year(rows: int, seed: int, segments: int, folder: Path) -> None:
    """Write the files of `--evolve`, and say what they are."""
    from segmentation.sample.evolution import QUARTERS, write_year

    try:
        if segments != DEFAULT_SEGMENTS:
            raise InputError("--evolve plants segments of its own: leave --segments away.")
        paths = write_year(folder, rows, seed)
    except (InputError, OSError) as error:
        raise click.ClickException(str(error)) from error
    for path, quarter in zip(paths, QUARTERS, strict=True):
        click.echo(f"Wrote {path}: the customers as of {quarter.date}, what is planted beside it.")


class _Chunk(NamedTuple):
    customers: pa.Table
    planted: pa.Table


def _generate_chunks(n_rows: int, seed: int, n_segments: int) -> Iterator[_Chunk]:
    """Check the arguments at once; then yield the customers a chunk at a time."""
    if n_rows < 1:
        raise InputError(f"rows is {n_rows}: ask for at least 1 customer.")
    if seed < 0:
        raise InputError(f"seed is {seed}: give a whole number from 0.")
    if not 1 <= n_segments <= len(SEGMENTS):
        raise InputError(f"segments is {n_segments}: plant 1 to {len(SEGMENTS)}.")
    segments = (NO_STRUCTURE,) if n_segments == 1 else SEGMENTS[:n_segments]
    starts = range(0, n_rows, CHUNK_ROWS)
    _, *chunk_seeds = np.random.SeedSequence(seed).spawn(1 + len(starts))

    def chunk(start: int, chunk_seed: np.random.SeedSequence) -> _Chunk:
        n = min(CHUNK_ROWS, n_rows - start)
        ids = customer_ids(seed, start, n)
        draw = Draw(np.random.default_rng(chunk_seed), segments, n)
        return _Chunk(draw_customers(draw, ids), _planted_segments(draw, segments, ids))

    return itertools.starmap(chunk, zip(starts, chunk_seeds, strict=True))


def _planted_segments(draw: Draw, segments: Sequence[Segment], ids: pa.Array) -> pa.Table:
    return pa.table(
        {
            "corporation_id": ids,
            "planted_segment": pa.array([s.name for s in segments]).take(pa.array(draw.segment)),
            "published_group": np.array([s.published_group for s in segments])[draw.segment],
        }
    )


def _csv_writer(path: Path, schema: pa.Schema) -> Any:
    """No value holds a comma, a quote or a line end, so none is quoted."""
    options = pa_csv.WriteOptions(quoting_style="none", quoting_header="none")
    return pa_csv.CSVWriter(path, schema, write_options=options)


_WRITERS: Final[dict[str, Callable[[Path, pa.Schema], Any]]] = {
    ".csv": _csv_writer,
    ".parquet": pa_parquet.ParquetWriter,
}


@contextlib.contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator[Any]:
    """Yield a writer of tables; the file takes its name when the block ends without an error.

    Parameters
    ----------
    path
        File to write, ``.csv`` or ``.parquet``.
    schema
        Columns of the tables.

    Yields
    ------
    Writer
        Its method ``write_table`` adds rows.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with _WRITERS[path.suffix.lower()](unfinished, schema) as writer:
            yield writer
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
