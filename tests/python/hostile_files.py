"""Customer files that somebody broke, on purpose or by chance, and what must come of each."""

from __future__ import annotations

import codecs
import csv
import io
import re
import signal
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa

from segmentation.dictionary.attributes import Attribute
from segmentation.errors import InputError
from segmentation.ingest.customer_file import CustomerFile, open_customers, read_customers
from segmentation.ingest.delimited import TextFormat, find_encoding_in_all_lines

MAX_MESSAGE_CHARACTERS = 3_000
MAX_SECONDS = 30
HEADERS = ("cust_no", "月均消耗", "Category", "备注")
ROWS = [
    ("C1", "1,234.50", "服装", 'says "hi"'),
    ("00012", "￥２０", "", "two\nlines"),
    ("C3", "\\N", "Unknown", "a; b\tc | d, e"),
    ("🙂", "1e308", "未知", "€100 ¥5"),
    ("C 5 ", "-9223372036854775809", "美妆", "NaN"),
    ("C6", "2025-07-28", "x", "=1+1"),
]
_HOSTILE_PIECES = (
    *(b'"', b'""', b'"""', b",", b";", b"\t", b"|", b"\r", b"\n", b"\r\n", b"\0", b" ", b"\\"),
    *(b"\xff", b"\x80", b"\xfe\xff", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\xed\xa0\x80"),
    *(b"\x1a", b"\x0b", b"\x85", "\u2028".encode(), "\u3000".encode(), "服装".encode("gb18030")),
    *(b"nan", b"-inf", b"1e308", b"1e-320", b"9" * 40, b"00012", b"2025-07-28", b"{", b"$(x)"),
    *(b"_xD83D_", b"&#0;", b"&a;", b"<", b"]]>", b"x" * 5_000, b'","' * 300, b"\n\n\n"),
)


class TooSlow(BaseException):
    """Reading took longer than `MAX_SECONDS`; not an Exception, which somebody might catch."""


@contextmanager
def timed() -> Iterator[None]:
    """Stop what hangs."""

    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(MAX_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(
    location: Path | str, attributes: Sequence[Attribute], connection: duckdb.DuckDBPyConnection
) -> pa.Table | str:
    """Read a customer file.

    Returns
    -------
    Table or str
        The rows, which were found to add up, or the message, which was found to be clear.
    """
    try:
        with timed():
            customers = open_customers(str(location), attributes, connection)
            table = read_customers(customers, connection).read_all()
    except InputError as error:
        message = str(error)
        assert len(message) <= MAX_MESSAGE_CHARACTERS + 3 * len(str(location)), message[:500]
        assert all(line.isprintable() for line in message.split("\n")), repr(message)
        assert message.rstrip().endswith((".", "?")), message
        assert Path(location).name[:30] in message, message
        return message
    check_rows(table, customers)
    if isinstance(customers.source, TextFormat) and table["_read_error"].null_count == len(table):
        check_text_rows(table, customers, connection)
    return table


def check_rows(table: pa.Table, customers: CustomerFile) -> None:
    """Each row has a number, and either values or a reason with its text."""
    names = [column.column_name for column in customers.columns]
    assert table.column_names == ["_row_number", "_read_error", "_raw_line", *names]
    assert len({name.casefold() for name in table.column_names}) == len(table.column_names)
    assert table["_row_number"].to_pylist() == list(range(1, table.num_rows + 1))
    refused = table.filter(table["_read_error"].is_valid())
    assert refused["_raw_line"].null_count == 0
    assert refused.num_rows + table["_raw_line"].null_count == table.num_rows
    assert all(refused[name].null_count == refused.num_rows for name in names)


def check_text_rows(
    table: pa.Table, customers: CustomerFile, connection: duckdb.DuckDBPyConnection
) -> None:
    """Both ways to read a text file, DuckDB's and ours, give the same rows; none is lost."""
    source = customers.source
    assert isinstance(source, TextFormat)
    encoding = source.encoding
    if encoding == "ascii":
        encoding = find_encoding_in_all_lines(source.path)
    # Under an alias of its encoding the file passes through `rewrite`, sound or not.
    mended = replace(source, encoding=encoding.replace("utf-8", "utf_8").replace("-sig", "_sig"))
    with timed():
        other = read_customers(replace(customers, source=mended), connection).read_all()
    assert other.equals(table), f"DuckDB reads {table.num_rows} rows, we {other.num_rows}"
    text = source.path.read_bytes().decode(encoding, "replace")
    if '"' not in text:
        ends = "\r" if source.newline == "\r" else "\n"
        lines = text.removeprefix("\ufeff").split(ends)
        blank = re.compile("[ \r]*") if ends == "\n" else re.compile(" *")
        filled = [line for line in lines[source.header_lines :] if not blank.fullmatch(line)]
        assert len(filled) == table.num_rows


def sound_files(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, bytes]:
    """Make one file of each kind for `mutated` to break, by suffix and how it is written."""
    files = {}
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        for delimiter, line_end in ((",", "\r\n"), (";", "\n"), ("\t", "\r"), ("|", "\n")):
            text = io.StringIO(newline="")
            # Of the long form DuckDB reads the sound part from disk.
            rows = ROWS * (20 if delimiter == ";" else 1)
            csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(
                [HEADERS, *rows]
            )
            files[f"{encoding} {delimiter!r} .csv"] = text.getvalue().encode(encoding)
    plain = "\n".join(["cust_no,spend,category", *(f"C{i},{i * 1.5},x" for i in range(60))])
    files["plain .csv"] = plain.encode()
    book = openpyxl.Workbook()
    for row in (HEADERS, *ROWS):
        book.active.append(["x" + row[0], *row[1:]])
    book.active.append([7, 12.5, True, np.datetime64("2025-07-28").astype(object)])
    book.save(folder / "sound.xlsx")
    files["workbook .xlsx"] = (folder / "sound.xlsx").read_bytes()
    connection.sql(
        "select 'C' || i as cust_no, i * 1.5 as spend, 'x' as category, {'a': [i]} as nested,"
        " date '2025-07-28' + i::int as day from range(50) t(i)"
    ).write_parquet(str(folder / "sound.parquet"))
    files["parquet .parquet"] = (folder / "sound.parquet").read_bytes()
    return files


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Break a file at one to four places."""
    data = bytearray(content)
    for _ in range(random.integers(1, 5)):
        start = int(random.integers(0, len(data) + 1))
        end = min(len(data), start + int(random.integers(1, 1 + max(1, len(data) // 4))))
        match int(random.integers(0, 8)):
            case 0 | 1 | 2:
                data[start:start] = random.choice(np.array(_HOSTILE_PIECES, dtype=object))
            case 3:
                data[start : start + 1] = random.bytes(1)
            case 4:
                del data[start:end]
            case 5:
                data[start:start] = data[start:end]
            case 6:
                data[start : start + 8] = random.bytes(8)
            case 7:
                del data[max(1, start) :]
    return bytes(data)


def flipped(content: bytes, random: np.random.Generator) -> bytes:
    """Change one to three bytes."""
    data = bytearray(content)
    for position in random.integers(0, len(data), size=random.integers(1, 4)):
        data[position] = random.integers(0, 256)
    return bytes(data)


def mutated_workbook(content: bytes, random: np.random.Generator) -> bytes:
    """Break the XML inside a workbook; its zip archive stays sound."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        names = source.namelist()
        chosen = str(random.choice([name for name in names if "sheet1" in name] + names))
        for name in names:
            part = source.read(name)
            change = mutated if random.random() < 0.5 else flipped
            archive.writestr(name, change(part, random) if name == chosen else part)
    return target.getvalue()


def mutation(files: dict[str, bytes], random: np.random.Generator) -> tuple[str, bytes]:
    """Choose a sound file and break it; give the suffix and the bytes."""
    suffix = str(random.choice(["csv", "xlsx", "parquet"], p=[0.7, 0.15, 0.15]))
    kind = str(random.choice([kind for kind in files if kind.endswith(suffix)]))
    changes = {"csv": [mutated], "xlsx": [mutated, mutated_workbook], "parquet": [mutated, flipped]}
    change = changes[suffix][-1 if random.random() < 0.8 else 0]
    return f".{suffix}", change(files[kind], random)
