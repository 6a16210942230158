"""Files that nobody would write on purpose: each is read whole or refused in one clear message.

`make test-hard` tries HARD_FILES (10,000) mutated files from HARD_SEED (1).
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from numpy.random import Generator
from seed_samples import write_seeds

from segmentation.dictionary.attributes import Attribute, load_dictionary
from segmentation.errors import InputError
from segmentation.ingest.customer_file import open_customers, read_customers

HEADER = ("cust_no", "月均消耗", "Category", "备注")
TOKENS = (
    *("", " ", "\u3000", "NULL", "nan", "-inf", "1e308", "1e-320", "-0", "99999999999999999999"),
    *("007", "1,234.5", "￥２０", "2025-07-28", "=1+1", "@SUM(A1)", "+1", "服装", "未知", "🛒"),
    *("a;b", "a\tb", "a|b", 'says "hi"', "two\nlines", "l\ry", "\\N", "'", "\u202e", "\ufeff"),
    *("--", "{{ var('x') }}", "<script>", "&amp;", "x" * 300),
)
BYTES = (
    *(b"\x00", b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf"),
    *(b"\x81", b"\xd8\x00", b"\x1a", b"\x0b", b";", b"\t", b"|", b"\\", b"'", b"PK\x03\x04"),
    *(b"PAR1", b"A" * 100_000, "编号".encode(), "编号".encode("gb18030")),
)
SLOW = 20
"""Seconds; a file of some kilobytes that takes longer hangs."""


@pytest.fixture(scope="module")
def attributes(tmp_path_factory: pytest.TempPathFactory) -> list[Attribute]:
    seeds = write_seeds(tmp_path_factory.mktemp("seeds"))
    return load_dictionary(seeds / "data_dictionary.csv")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        yield connection


def table(rng: Generator) -> list[list[str]]:
    """Draw the header, perhaps spoiled, and some rows."""
    header = list(HEADER)
    if rng.random() < 0.2:
        header += list(rng.choice(TOKENS + HEADER, rng.integers(1, 4)))
    if rng.random() < 0.1:
        header = list(rng.permutation(header)[: rng.integers(1, len(header) + 1)])
    rows = [
        [f"C{row}", *(str(token) for token in rng.choice(TOKENS, len(header) - 1))]
        for row in range(rng.choice([0, 1, 2, 30]))
    ]
    return [header, *rows]


def text_file(rng: Generator) -> tuple[str, bytes]:
    """Draw a delimited file in some encoding."""
    delimiter, newline = rng.choice([",", "\t", ";", "|"]), rng.choice(["\n", "\r\n", "\r"])
    cells = [
        [f'"{cell.replace(chr(34), chr(34) * 2)}"' if rng.random() < 0.5 else cell for cell in row]
        for row in table(rng)
    ]
    text = newline.join(str(delimiter).join(row) for row in cells) + str(newline)
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"], p=[0.5, 0.1, 0.2, 0.2])
    return rng.choice([".csv", ".tsv", ".txt"]), text.encode(str(encoding))


def workbook(rng: Generator) -> tuple[str, bytes]:
    """Draw a workbook; cells that Excel would not take are left out."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table(rng):
        sheet.append([cell if cell.isprintable() else None for cell in row])
    if rng.random() < 0.3:
        sheet.merge_cells("A2:B3")
    if rng.random() < 0.2:
        book.create_sheet("second", 0).sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return ".xlsx", content.getvalue()


def columns(rng: Generator) -> tuple[str, bytes]:
    """Draw a Parquet file, some columns of which are nested."""
    header, *rows = table(rng)
    frame = pd.DataFrame(rows, columns=range(len(header)), dtype=str)
    frame.columns = pd.Index(
        [f"{name or 'x'}" for name in dict.fromkeys(header)]
        + [f"more {place}" for place in range(len(header) - len(dict.fromkeys(header)))]
    )
    if rng.random() < 0.3 and len(frame):
        frame["nested"] = [[{"a": 1}]] * len(frame)
    content = io.BytesIO()
    frame.to_parquet(content)
    return ".parquet", content.getvalue()


def mutated(content: bytes, rng: Generator) -> bytes:
    """Flip, cut, repeat, insert or move bytes, up to four times."""
    for _ in range(rng.integers(0, 5)):
        start, end = sorted(rng.integers(0, len(content) + 1, 2))
        piece = content[start : min(end, start + 200)]
        match rng.integers(0, 6):
            case 0:
                content = content[:start] + bytes([rng.integers(0, 256)]) + content[start + 1 :]
            case 1:
                content = content[:start] + content[start + len(piece) :]
            case 2:
                content = content[:start] + piece * int(rng.integers(2, 5)) + content[start:]
            case 3:
                content = content[:start] + BYTES[rng.integers(0, len(BYTES))] + content[start:]
            case 4:
                content = content[:start]
            case _:
                content = content[:start] + content[end:] + piece
    return content


def expect_whole(rows: pa.Table, path: Path) -> None:
    """Fail unless rows are counted through, and refused ones have no values."""
    numbers = rows["_row_number"].to_pylist()
    assert numbers == list(range(1, len(numbers) + 1)), path
    of_file = rows.drop_columns(["_row_number", "_read_error", "_raw_line"]).to_pylist()
    for refusal, values in zip(rows["_read_error"].to_pylist(), of_file, strict=True):
        assert refusal is None or not any(values.values()), path


def try_files(
    files: int,
    seed: int,
    folder: Path,
    attributes: list[Attribute],
    connection: duckdb.DuckDBPyConnection,
) -> tuple[int, int]:
    """Read many files; count those that were read and those that were refused."""
    kinds: list[Callable[[Generator], tuple[str, bytes]]] = [
        text_file,
        text_file,
        workbook,
        columns,
    ]
    read = refused = 0
    for number in range(files):
        rng = np.random.default_rng([seed, number])
        suffix, content = kinds[rng.integers(0, len(kinds))](rng)
        path = folder / f"{seed}_{number}{suffix}"
        path.write_bytes(mutated(content, rng))
        began = time.monotonic()
        fault, rows = "", None
        try:
            customers = open_customers(str(path), attributes, connection)
            rows = read_customers(customers, connection).read_all()
        except InputError as error:
            fault = str(error)
        except Exception as error:
            raise AssertionError(f"{path}: {error!r}") from error
        if rows is None:
            assert str(path) in fault, path
            assert "Traceback" not in fault, path
            refused += 1
        else:
            expect_whole(rows, path)
            read += 1
        assert time.monotonic() - began < SLOW, path
        path.unlink()
    return read, refused


def test_some_mutated_files(
    attributes: list[Attribute], connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    read, refused = try_files(300, 7, tmp_path, attributes, connection)
    assert min(read, refused) > 50


@pytest.mark.hard
def test_ten_thousand_mutated_files(
    attributes: list[Attribute], connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    files, seed = (
        int(os.environ.get(*pair)) for pair in (("HARD_FILES", "10000"), ("HARD_SEED", "1"))
    )
    read, refused = try_files(files, seed, tmp_path, attributes, connection)
    print(f"{files} files: {read} read, {refused} refused")
