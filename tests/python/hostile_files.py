"""Customer files that somebody broke, on purpose or by chance, and what must come of each."""

from __future__ import annotations

import codecs
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
import pyarrow.parquet as pq

from segmentation.dictionary.attributes import Attribute
from segmentation.errors import InputError
from segmentation.ingest.customer_file import CustomerFile, open_customers, read_customers
from segmentation.ingest.delimited import TextFormat, find_encoding_in_all_lines

MAX_MESSAGE_CHARACTERS = 3_000
MAX_SECONDS = 30
HEADER = ("cust_no", "月均消耗", "Category", "备注")
TOKENS = (
    *("", " ", "\u3000", "NULL", "nan", "-inf", "1e308", "1e-320", "-0", "99999999999999999999"),
    *("007", "1,234.5", "￥２０", "2025-07-28", "=1+1", "@SUM(A1)", "+1", "服装", "未知", "🛒"),
    *("a;b", "a\tb", "a|b", 'says "hi"', "two\nlines", "l\ry", "\\N", "'", "\u202e", "\ufeff"),
    *("--", "{{ var('x') }}", "<script>", "&amp;", "x" * 300, "_xD83D_"),
)
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
    assert table.column_names == ["_row_number", "_file_name", "_read_error", "_raw_line", *names]
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


def table(random: np.random.Generator) -> list[list[str]]:
    """Draw the header, perhaps spoiled, and some rows."""
    header = list(HEADER)
    if random.random() < 0.2:
        header += list(random.choice(TOKENS + HEADER, random.integers(1, 4)))
    if random.random() < 0.1:
        header = list(random.permutation(header)[: random.integers(1, len(header) + 1)])
    tokens = TOKENS if random.random() < 0.5 else ("1", "x", "服装")  # DuckDB reads the latter
    rows = [
        [f"C{row}", *(str(token) for token in random.choice(tokens, len(header) - 1))]
        for row in range(random.choice([0, 1, 2, 30, 120]))
    ]
    return [header, *rows]


def text_file(random: np.random.Generator) -> bytes:
    """Draw a delimited file in some encoding."""
    delimiter, line_end = random.choice([",", "\t", ";", "|"]), random.choice(["\n", "\r\n", "\r"])
    quoted = random.choice([0, 0.5])
    cells = [
        ['"' + cell.replace('"', '""') + '"' if random.random() < quoted else cell for cell in row]
        for row in table(random)
    ]
    text = line_end.join(str(delimiter).join(row) for row in cells) + str(line_end)
    encoding = random.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"], p=[0.5, 0.1, 0.2, 0.2])
    return text.encode(str(encoding))


def workbook(random: np.random.Generator) -> bytes:
    """Draw a workbook; cells that Excel would not take are left out."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table(random):
        sheet.append([cell if cell.isprintable() else None for cell in row])
    if random.random() < 0.3:
        sheet.merge_cells("A2:B3")
    if random.random() < 0.2:
        book.create_sheet("second", 0).sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(random: np.random.Generator) -> bytes:
    """Draw a Parquet file, some columns of which are nested."""
    header, *rows = table(random)
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(header))]
    if random.random() < 0.3:
        header.append("nested")
        columns.append(pa.array([[{"a": 1}]] * len(rows), pa.list_(pa.struct({"a": pa.int64()}))))
    content = io.BytesIO()
    pq.write_table(pa.table(columns, header), content)
    return content.getvalue()


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


def broken_file(random: np.random.Generator) -> tuple[str, bytes]:
    """Draw a file and break most of them; give the suffix and the bytes."""
    suffix = str(random.choice([".csv", ".xlsx", ".parquet"], p=[0.7, 0.15, 0.15]))
    content = {".csv": text_file, ".xlsx": workbook, ".parquet": parquet}[suffix](random)
    changes = {".csv": mutated, ".xlsx": mutated_workbook, ".parquet": flipped}
    change = random.random()
    if change < 0.1:
        return suffix, content
    return suffix, (mutated if change < 0.3 else changes[suffix])(content, random)
