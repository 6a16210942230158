"""Hostile customer files: rows that add up or one clear message, soon and in little memory.

`make test-hard` tries HARD_FILES (10,000) broken files from HARD_SEED (1).
"""

from __future__ import annotations

import errno
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile_files import TooSlow, broken_file, outcome, timed

from segmentation.dictionary.attributes import Attribute
from segmentation.errors import InputError
from segmentation.ingest.customer_file import match_columns, open_customers, read_customers

MAX_BYTES = 2 << 30
HEADER = "customer_id,spend,category\n"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.fixture
def read(attributes: list[Attribute], connection: duckdb.DuckDBPyConnection):
    """Read a location and see that memory stays within bounds."""

    def read_table(location: Path | str) -> pa.Table | str:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = memory("VmRSS")
        result = outcome(location, attributes, connection)
        assert memory("VmHWM") - before < MAX_BYTES
        return result

    return read_table


def memory(name: str) -> int:
    """Give a figure of this process in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) << 10


def lines(count: int, *more: str) -> str:
    return HEADER + "".join(f"C{i},{i},x\n" for i in range(count)) + "".join(more)


ODD_VALUES = ["1e308", "-1e308", "NaN", "inf", "-Infinity", "1e-320", str(2**63), str(-(2**64))]
ODD_NUMBERS = [value for value in ODD_VALUES if value[-1].isdigit()]
WIDE = ",".join(["customer_id,spend,category", *(f"v{i}" for i in range(4_997))])
TEXTS: dict[str, tuple[str | bytes, int, int]] = {
    "one row": (lines(1), 1, 0),
    "two rows, no line end": (lines(2).rstrip(), 2, 0),
    "numbers beyond every type": (HEADER + "".join(f"C,{v},x\n" for v in ODD_VALUES), 8, 0),
    "dates among numbers": (lines(2, "C9,2025-07-28,x\n", "C8,45866,x\n"), 4, 0),
    "ids": (lines(0, "00012,1,x\n", " ,1,x\n", "🙂👩‍👩‍👧,1,x\n", "ﬁ,1,x\n", "fi,1,x\n"), 5, 0),
    "an id of 100 kB": (lines(2, "C" * 100_000 + ",1,x\n"), 3, 0),
    "a field of 3 MB": (lines(2, "C,1," + "x" * 3_000_000 + "\n", "C4,1,x\n"), 4, 1),
    "a field of 100 MB": (lines(2, "C,1," + "x" * 100_000_000 + "\n", "C4,1,x\n"), 4, 1),
    "constant columns": (HEADER + "C,1,x\n" * 500, 500, 0),
    "nothing but delimiters": (HEADER + ",,\n" * 50, 50, 0),
    "5,000 columns": (f"{WIDE}\n" + ("C,1,x" + ",0" * 4_997 + "\n") * 20, 20, 0),
    "5,000 columns, one short row": (
        f"{WIDE}\n" + ("C,1,x" + ",0" * 4_997 + "\n") * 20 + "C,1,x\n",
        21,
        1,
    ),
    "Chinese header": ("客户编号,月均消耗,类目\nC1,1,服装\n", 1, 0),
    "Chinese header in GB18030": ("客户编号,月均消耗,类目\nC1,1,服装\n".encode("gb18030"), 1, 0),
    "Chinese header in UTF-16": ("客户编号,月均消耗,类目\nC1,1,服装\n".encode("utf-16"), 1, 0),
    "UTF-16 with half a character at the end": (lines(3).encode("utf-16") + b"x", 4, 1),
    "UTF-16 with a lone surrogate": (lines(3).encode("utf-16") + b"C\0,\0\0\xd8,\0x\0", 4, 1),
    "two encodings": (
        (HEADER + "C,1,服装\n" * 50).encode() + "C,2,服装类目\n".encode("gb18030"),
        51,
        1,
    ),
    "two encodings, GB18030 first": (
        HEADER.encode() + "C,2,服装类目\n".encode("gb18030") * 50 + "C,1,服装\n".encode(),
        51,
        1,
    ),
    "GB18030 whose bytes are UTF-8 in most lines": (
        HEADER.encode() + "C,1,女\nC,2,女\nC,3,男\n".encode("gb18030") * 20,
        60,
        0,
    ),
    "a zero byte below the first 64 kB": (lines(9_000) + "C\0,1,x\n", 9_001, 0),
    "a stray quote in every other row": (HEADER + 'C1,"1,x\nC2,2,x\n' * 2_000, 4_000, 2_000),
    "quotes only": (HEADER + '"\n' * 1_001 + "C,1,x\n", 502, 501),
    "one quote, then 200,000 rows": (HEADER + 'C1,"1,x\n' + "C2,2,x\n" * 200_000, 200_001, 1),
    "a million doubled quotes": (HEADER + 'C1,"' + '""' * 100_000 + '",x\nC2,2,x\n', 2, 0),
    "blank lines": ("\r\rcustomer_id,spend,category\r\rC,1,x\r\r \rC,2,x\r", 2, 0),
    "old Mac line ends": (lines(30).replace("\n", "\r"), 30, 0),
    "mixed line ends": (HEADER + "C1,1,x\r\nC2,2,x\nC3,3,x\r\r\nC4,4,x", 4, 1),
    "other line ends": (HEADER + "C1,1,a\u2028b\nC2,1,a\x0bb\nC3,1,a\x85b\x1cc\n", 3, 0),
    "code for other programs": (
        HEADER + "=cmd|' /C calc'!A0,'; drop table x; --,<script>\n{{ 1/0 }},${x},%s\n",
        2,
        0,
    ),
    "code in the headers": (
        HEADER.rstrip() + ',\'); drop table x; --,"""x""",{{ 1/0 }},%s,${x}\nC,1,x,1,2,3,4,5\n',
        1,
        0,
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_rows_of_a_hostile_text_add_up(read, tmp_path: Path, case: str) -> None:
    content, rows, refused = TEXTS[case]
    path = tmp_path / "客 '户\" [1]*?.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read(path)
    assert not isinstance(table, str), table
    assert (table.num_rows, table.num_rows - table["_read_error"].null_count) == (rows, refused)


FAULTY_TEXTS: dict[str, tuple[str | bytes, str]] = {
    "no row": (HEADER, "there is a header but no row below it"),
    "no header": ("C1,1,x\nC2,2,x\n", "looks like data"),
    "no header, huge values": ("1" * 90_000 + ",1\n2,3\n", "looks like data"),
    "zero byte": (b"customer_id,spend,category\nC\0,1,x\n", "is zero"),
    "UTF-16 without its mark": (lines(3).encode("utf-16-le"), "is zero"),
    "UTF-32": (lines(3).encode("utf-32"), "required columns are missing|is zero|empty"),
    "noise": (np.random.default_rng(1).bytes(100_000).replace(b"\0", b"\1"), "neither UTF-8 nor"),
    "duplicate headers": ("spend," * 5_000 + "spend\n1\n", "both mean the attribute spend"),
    "huge duplicate headers": (
        "spend" + " " * 50_000 + "," + "\u3000" * 50_000 + "spend\n1\n",
        "both mean the attribute spend",
    ),
    "a header of 1 MB": ("x" * 1_000_000 + ",b\n1,2\n", "required columns are missing|header"),
    "5,000 unknown headers": (
        ",".join(f"montly_spent_{i}" for i in range(5_000)) + "\n1,2\n",
        "required columns are missing",
    ),
    "5,000 headers of 5 kB": (
        ",".join(f"c{i}" + "spendcategory" * 60 for i in range(5_000)) + "\n1,2\n",
        "required columns are missing",
    ),
    "cut off": (lines(1, 'C1,1,"x\n'), "a quote opens in this row and is never closed"),
}


@pytest.mark.parametrize("case", FAULTY_TEXTS)
def test_a_hostile_text_that_cannot_be_read_is_explained(read, tmp_path: Path, case: str) -> None:
    content, message = FAULTY_TEXTS[case]
    path = tmp_path / "c.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = read(path)
    assert isinstance(result, str)
    assert re.search(message, result)


def workbook(
    path: Path,
    rows: str,
    *,
    shared: str = "",
    prolog: str = "",
    sheets: str = '<sheet name="a" sheetId="1" r:id="r1"/>',
    beside: dict[str, bytes] | None = None,
) -> Path:
    """Write a workbook part by part: cells of the sheet as XML, texts it shares, a DTD."""
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = {"workbook": "sheet.main", "sheet1": "worksheet", "sharedStrings": "sharedStrings"}
    parts = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/>'
            + "".join(
                f'<Override PartName="/xl/{name}.xml" ContentType="{office}.{kind}+xml"/>'
                for name, kind in overrides.items()
            )
            + "</Types>"
        ),
        "_rels/.rels": relations({"r1": ("officeDocument", "xl/workbook.xml")}),
        "xl/_rels/workbook.xml.rels": relations(
            {"r1": ("worksheet", "sheet1.xml"), "r2": ("sharedStrings", "sharedStrings.xml")}
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'
        ),
        "xl/sheet1.xml": (
            f'{prolog}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        ),
        "xl/sharedStrings.xml": f'{prolog}<sst xmlns="{MAIN}">{shared}</sst>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for name, content in (beside or {}).items():
            archive.writestr(name, content)
    return path


def relations(targets: dict[str, tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{package}">{links}</Relationships>'


def row(*cells: str, attributes: str = "") -> str:
    inline = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row {attributes}>{inline}</row>"


TOP = row("customer_id", "spend", "category")
BILLION_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "'
    + "lol" * 30
    + '">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
WORKBOOKS: dict[str, tuple[Callable[[Path], Path], int | str]] = {
    "sound": (lambda p: workbook(p, TOP + row("C1", "1", "x")), 1),
    "a row without cells between": (
        lambda p: workbook(p, TOP + row("C1", "1", "x") + "<row/>" + row("C2", "1", "x")),
        2,
    ),
    "numbers beyond every type": (
        lambda p: workbook(
            p, TOP + "".join(f"<row><c><v>7</v></c><c><v>{v}</v></c></row>" for v in ODD_NUMBERS)
        ),
        5,
    ),
    "no number": (
        lambda p: workbook(p, TOP + "<row><c><v>NaN</v></c></row>"),
        "this is not a sound .xlsx workbook",
    ),
    "a number of 10,000 digits": (
        lambda p: workbook(p, TOP + f"<row><c><v>{'9' * 10_000}</v></c></row>"),
        "this is not a sound .xlsx workbook",
    ),
    "half a character": (
        lambda p: workbook(p, TOP + row("_xD83D_", "1", "x") + row("C2", "1", "_xDE00_")),
        2,
    ),
    "errors and formulas": (
        lambda p: workbook(
            p,
            TOP
            + '<row><c t="str"><f>1/0</f><v>C1</v></c><c t="e"><v>#DIV/0!</v></c></row>'
            + '<row><c t="str"><f>A2</f><v>C2</v></c><c><f>1+1</f></c></row>',
        ),
        2,
    ),
    "a million of millions of rows": (
        lambda p: workbook(p, TOP + row("C1", "1", "x", attributes='r="999999999999"')),
        "goes beyond row 1,048,576",
    ),
    "the last row that Excel has": (
        lambda p: workbook(p, TOP + row("C1", "1", "x", attributes='r="1048576"')),
        1,
    ),
    "a text that is not there": (
        lambda p: workbook(p, TOP + '<row><c t="s"><v>99</v></c></row>'),
        "this is not a sound .xlsx workbook",
    ),
    "a cell of 1 MB": (lambda p: workbook(p, TOP + row("C" * 1_000_000, "1", "x")), 1),
    "no visible sheet": (
        lambda p: workbook(
            p,
            TOP + row("C1", "1", "x"),
            sheets='<sheet name="a" sheetId="1" state="hidden" r:id="r1"/>',
        ),
        "the first visible sheet is empty",
    ),
    "entities that grow": (
        lambda p: workbook(p, TOP + row("&i;", "1", "x"), prolog=BILLION_LAUGHS),
        "this is not a sound .xlsx workbook",
    ),
    "an entity from a file": (
        lambda p: workbook(
            p,
            TOP + row("&e;", "1", "x"),
            prolog='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        ),
        "this is not a sound .xlsx workbook",
    ),
    "one shared text of 1 GB": (
        lambda p: shared_bomb(p, 1 << 10),
        "unpacked",
    ),
    "a sheet of 1 GB": (lambda p: sheet_bomb(p, 1 << 10), "unpacked"),
}


def sheet_bomb(path: Path, megabytes: int) -> Path:
    """Write a small workbook whose one cell holds as many megabytes."""
    return bomb(
        workbook(path, ""), "xl/sheet1.xml", TOP + "<row><c><v>", "</v></c></row>", megabytes
    )


def shared_bomb(path: Path, megabytes: int) -> Path:
    """Write a small workbook whose one shared text has as many megabytes."""
    cells = TOP + '<row><c t="s"><v>0</v></c></row>'
    return bomb(workbook(path, cells), "xl/sharedStrings.xml", "<si><t>", "</t></si>", megabytes)


def bomb(path: Path, part: str, start: str, end: str, megabytes: int) -> Path:
    """Replace a part of a workbook by one that is large when it is unpacked."""
    with zipfile.ZipFile(path) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    opened = contents.pop(part).decode()
    tag = "sheetData" if "sheetData" in opened else "sst"
    before, after = re.split(f"(?=</{tag}>)", opened)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        with archive.open(part, "w", force_zip64=True) as file:
            file.write((before + start).encode())
            for _ in range(megabytes):
                file.write(b"7" * (1 << 20))
            file.write((end + after).encode())
    return path


@pytest.mark.parametrize("case", WORKBOOKS)
def test_a_hostile_workbook_is_read_or_explained(read, tmp_path: Path, case: str) -> None:
    make, expected = WORKBOOKS[case]
    result = read(make(tmp_path / "客 户's.xlsx"))
    if isinstance(expected, int):
        assert not isinstance(result, str), result
        assert result.num_rows == expected
    else:
        assert isinstance(result, str), result.to_pylist()[:3]
        assert expected in result


def test_merged_cells_dates_and_sheets_that_are_hidden(read, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.sheet_state = "veryHidden"
    sheet = book.create_sheet("customers")
    for cells in (["customer_id", "spend", "category"], ["C1", 1, "x"], ["C2", 2, "=A1"]):
        sheet.append(cells)
    sheet.append(["C3", 45866, None])
    sheet["B4"].number_format = "yyyy-mm-dd"
    sheet.append(["C4", 1e300, None])
    sheet["B5"].number_format = "yyyy-mm-dd"
    sheet.append(["merged over three"])
    sheet.merge_cells("A6:C6")
    sheet.merge_cells("A7:A9")
    book.save(tmp_path / "c.xlsx")
    table = read(tmp_path / "c.xlsx")
    assert [list(cells.values())[4:] for cells in table.to_pylist()] == [
        ["C1", "1", "x"],
        ["C2", "2", None],  # no program has worked the formula out
        ["C3", "2025-07-28", None],
        ["C4", "#VALUE!", None],
        ["merged over three", None, None],
    ]


NESTED = pa.table(
    {
        "customer_id": pa.array([b"C1", b"\xff\x00", None], pa.binary()),
        "spend": pa.array([[1.5, None], [], None], pa.list_(pa.float64())),
        "category": pa.array([{"a": 1, "b": [{"c": "x"}]}, {"a": None, "b": []}, None]),
        "Spend2": pa.array([float("nan"), float("inf"), 1e-320]),
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "decimal": pa.array([1, None, 10**37], pa.decimal128(38, 0)),
        "nothing": pa.nulls(3),
        'it\'s "quoted"; drop table x --': pa.array([2**64 - 1, 0, None], pa.uint64()),
        "day": pa.array([2**31 - 2, -(2**30), 0], pa.date32()),
        "moment": pa.array([2**63 - 2, -(2**62), 0], pa.timestamp("us", "UTC")),
        "half": pa.array(np.array([np.inf, np.nan, 1], np.float16)),
        "level": pa.array(["a", "b", None]).dictionary_encode(),
    }
)
PARQUETS: dict[str, tuple[Callable[[], pa.Table], int | str]] = {
    "nested types": (lambda: NESTED, 3),
    "one name three times": (
        lambda: pa.table([[1], [2], [3], [4], [5]], ["customer_id", "spend", "category", "v", "v"]),
        1,
    ),
    "one attribute twice": (
        lambda: pa.table([[1]] * 4, ["customer_id", "spend", "Spend ", "category"]),
        "both mean the attribute spend",
    ),
    "a column without a name": (
        lambda: pa.table([[1]] * 4, ["customer_id", "spend", "category", ""]),
        1,
    ),
    "no columns": (lambda: pa.table({}), "Parquet"),
    "names with zeros": (
        lambda: pa.table([[1]] * 4, ["customer_id", "spend", "category", "a\0b"]),
        1,
    ),
    "1,000 columns": (
        lambda: pa.table([[1]] * 1_000, [*HEADER.rstrip().split(","), *map(str, range(997))]),
        1,
    ),
    "an id of 10 MB": (
        lambda: pa.table([["C" * 10_000_000], [1], ["x"]], HEADER.rstrip().split(",")),
        1,
    ),
}


@pytest.mark.parametrize("case", PARQUETS)
def test_a_hostile_parquet_file_is_read_or_explained(read, tmp_path: Path, case: str) -> None:
    make, expected = PARQUETS[case]
    path = tmp_path / "客 户's \"[1]*.parquet"
    pq.write_table(make(), path)
    result = read(path)
    if isinstance(expected, int):
        assert not isinstance(result, str), result
        assert result.num_rows == expected
    else:
        assert isinstance(result, str), result.to_pylist()
        assert expected in result


def test_damage_in_parquet_shows_before_rows_are_passed_on(
    attributes, connection, tmp_path: Path
) -> None:
    path = tmp_path / "c.parquet"
    ids = [f"C{i}" for i in range(200_000)]
    table = pa.table({"customer_id": ids, "spend": ids, "category": ids})
    pq.write_table(table, path, row_group_size=50_000, use_dictionary=False)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 5_000] = b"\xff" * 5_000
    path.write_bytes(content)
    customers = open_customers(str(path), attributes, connection)
    with pytest.raises(InputError, match=r"c\.parquet: this is not a sound Parquet file"):
        read_customers(customers, connection)


def test_damage_in_parquet_leaves_the_database_alive(
    attributes, connection, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(
        pa.table([["C1"] * 50, [1.5] * 50, ["x"] * 50], HEADER.strip().split(",")), whole
    )
    content = whole.read_bytes()
    path = tmp_path / "c.parquet"
    for place in range(len(content) - 615, len(content) - 8, 75):  # the first two close a database
        path.write_bytes(content[:place] + b"\x9b" + content[place + 1 :])
        outcome(path, attributes, connection)
        assert connection.sql("select 1").fetchall() == [(1,)]


def test_what_is_no_file_is_named(read, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "lost.csv").symlink_to("nothing.csv")
    for name, message in {
        "folder.csv": "this is a folder",
        "pipe.csv": "this is a pipe",
        "pipe.xlsx": "this is a pipe",
        "loop.csv": "does not exist",
        "lost.csv": "does not exist",
        "n" * 5_000 + ".csv": "File name too long",
    }.items():
        result = read(tmp_path / name)
        assert isinstance(result, str)
        assert message in result
    assert "this is a pipe, a socket or a device" in read("/dev/zero")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_file_that_may_not_be_read_is_named(
    attributes, connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"c{suffix}"
    path.write_text(lines(1))

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(
        InputError, match=f"no permission to read .*c{suffix}. Ask the file's owner"
    ):
        open_customers(str(path), attributes, connection)


def test_a_file_from_another_age_is_read(read, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(lines(1))
    for moment in (-(10**10), 10**10):
        os.utime(path, (moment, moment))
        assert not isinstance(read(path), str)


def test_blank_lines_are_no_rows_of_a_single_column(connection, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("a\rx\r\ry\r")
    table = outcome(path, [], connection)
    assert not isinstance(table, str)
    assert table["a"].to_pylist() == ["x", "y"]


def test_thousands_of_headers_of_one_name_are_told_apart() -> None:
    with timed():
        names = [column.column_name for column in match_columns(["v"] * 20_000, [])]
    assert names[:3] == ["v", "v_2", "v_3"]
    assert len(set(names)) == 20_000


def fuzz(
    seed: int,
    count: int,
    folder: Path,
    attributes: list[Attribute],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Read broken files; keep those that end otherwise than in rows or a message."""
    faults = []
    read = 0
    for number in range(count):
        suffix, content = broken_file(np.random.default_rng([seed, number]))
        path = folder / f"{seed}-{number}{suffix}"
        path.write_bytes(content)
        try:
            read += not isinstance(outcome(path, attributes if number % 2 else [], connection), str)
        except (Exception, TooSlow) as error:
            faults.append(f"{path}: {type(error).__name__}: {str(error)[:300]}")
        else:
            path.unlink()
    assert not faults, f"{len(faults)} of {count} files:\n" + "\n".join(faults[:20])
    print(f"{count} files: {read} read, {count - read} refused")
    assert min(read, count - read) > count / 5


def test_some_hundred_broken_files(attributes, connection, tmp_path: Path) -> None:
    fuzz(20250728, 400, tmp_path, attributes, connection)


@pytest.mark.hard
def test_ten_thousand_broken_files(attributes, connection, tmp_path: Path) -> None:
    seed, count = (
        int(os.environ.get(*pair)) for pair in (("HARD_SEED", "1"), ("HARD_FILES", "10000"))
    )
    fuzz(seed, count, tmp_path, attributes, connection)
