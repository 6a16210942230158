from __future__ import annotations

import csv
import datetime
import errno
import io
import os
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.dictionary.attributes import Attribute
from segmentation.errors import InputError
from segmentation.ingest import customer_file as ingest
from segmentation.ingest.customer_file import match_columns, open_customers, read_customers
from segmentation.ingest.delimited import DELIMITERS, MAX_ROW_CHARACTERS

HEADERS = ("cust_no", "月均消耗", "Category", "备注")
ROWS = [
    ("C1", "1,234.50", "服装", 'says "hi"'),
    ("C2", "￥２０", "", "two\nlines"),
    ("C3", "\\N", "Unknown", "a; b\tc | d, e"),
    ("C4", " 7 ", "未知", "€100 ¥5"),
]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030")
BOMS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}

Row = tuple[str | None, ...]


@pytest.fixture
def read(attributes: list[Attribute], connection: duckdb.DuckDBPyConnection):
    """Read a location whose header is in order; give the whole table."""

    def read_table(location: Path | str) -> pa.Table:
        customers = open_customers(str(location), attributes, connection)
        return read_customers(customers, connection).read_all()

    return read_table


def values(table: pa.Table) -> list[Row]:
    """Give the file's own columns, after checking those before them."""
    assert table.column_names[:4] == ["_row_number", "_file_name", "_read_error", "_raw_line"]
    assert table["_row_number"].to_pylist() == list(range(1, table.num_rows + 1))
    return list(zip(*(column.to_pylist() for column in table.columns[4:]), strict=True))


def refused(table: pa.Table) -> list[tuple[int, str, str]]:
    """Give number, reason and text of each refused row, after checking that the rest is null."""
    rows = []
    for row in table.to_pylist():
        number, _, reason, text, *cells = row.values()
        assert (reason is None) == (text is None)
        if reason is not None:
            assert cells == [None] * len(cells)
            rows.append((number, reason, text))
    return rows


def write_csv(
    path: Path,
    rows: list[tuple[str, ...]],
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    line_end: str = "\r\n",
    quoting: int = csv.QUOTE_MINIMAL,
) -> Path:
    lines = []
    for row in rows:
        line = io.StringIO(newline="")
        # With another line end Python 3.11 leaves a carriage return without quotes.
        csv.writer(line, delimiter=delimiter, lineterminator="\r\n", quoting=quoting).writerow(row)
        lines.append(line.getvalue().removesuffix("\r\n") + line_end)
    path.write_bytes(BOMS.get(encoding, b"") + "".join(lines).encode(encoding))
    return path


def or_none(rows: list[tuple[str, ...]]) -> list[Row]:
    return [tuple(value or None for value in row) for row in rows]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_delimiter_and_line_end_is_read(
    read, tmp_path: Path, encoding: str, delimiter: str, line_end: str
) -> None:
    path = write_csv(
        tmp_path / "customers.csv",
        [HEADERS, *ROWS],
        encoding=encoding,
        delimiter=delimiter,
        line_end=line_end,
    )
    table = read(path)
    assert table.column_names[4:] == ["customer_id", "spend", "category", "备注"]
    assert values(table) == or_none(ROWS)
    assert not refused(table)


CELLS = st.text(
    alphabet=st.sampled_from("a0 ,;\t|\"'\r\n\\N#中文￥é\u3000\u200b€𠮷"), max_size=8
) | st.sampled_from(["NULL", "NaN", "", '"', '""', "\n", "a\n1,2,3\n", "-1.5e3", "=1+1"])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6).filter(
        lambda rows: any(any(cell.strip() for cell in row) for row in rows)
    ),
    encoding=st.sampled_from(ENCODINGS),
    delimiter=st.sampled_from(DELIMITERS),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_pythons_csv_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    encoding: str,
    delimiter: str,
    line_end: str,
    quoting: int,
) -> None:
    path = write_csv(
        tmp_path_factory.getbasetemp() / "random.csv",
        [("甲", "b", "c"), *rows],
        encoding=encoding,
        delimiter=delimiter,
        line_end=line_end,
        quoting=quoting,
    )
    with duckdb.connect() as connection:
        table = read_customers(open_customers(str(path), [], connection), connection).read_all()
    assert not refused(table)
    assert values(table) == or_none(rows)


GOOD_LINES = {
    "1,2,3": ("1", "2", "3"),
    '"x,y","a\nb",': ("x,y", "a\nb", None),
    ",,": (None, None, None),
    'a"b,c d,"""q"""': ('a"b', "c d", '"q"'),
    "p,q,r,": ("p", "q", "r"),
    "中,文,\\N": ("中", "文", "\\N"),
}
BAD_LINES = {
    "1,2": "2 fields, but the header has 3",
    "合计": "1 fields, but the header has 3",
    "1,2,3,4": "4 fields, but the header has 3",
    '"a\nb",2': "2 fields, but the header has 3",
    '1,"a"b,3': "text follows the closing quote of a field",
    "1,\udcff,3": "the byte 0xFF is not UTF-8",
    "1,a\rb,3": "a line break inside a field without quotes",
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*GOOD_LINES, *BAD_LINES, "", "  "]), min_size=1, max_size=30))
def test_kept_and_refused_rows_are_the_rows_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "mixed.csv"
    sound = ["中,中,中"] * 300
    text = "\n".join(["a,b,c", *sound, *lines])
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with duckdb.connect() as connection:
        table = read_customers(open_customers(str(path), [], connection), connection).read_all()
    rows = [line for line in (*sound, *lines) if line.strip()]
    expected = [GOOD_LINES.get(row, (None,) * 3) for row in rows[300:]]
    assert values(table) == [("中",) * 3] * 300 + expected
    assert refused(table) == [
        (number, BAD_LINES[row], row.replace("\udcff", "\\xFF"))
        for number, row in enumerate(rows, start=1)
        if row in BAD_LINES
    ]


def test_rows_at_the_borders_of_buffers_are_not_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    original = ingest._read_csv
    monkeypatch.setattr(
        ingest,
        "_read_csv",
        lambda *args: f"{original(*args)}, buffer_size=1000, max_line_size=500",
    )
    texts = ["a", "x y", "中文", "123.45", '"', "5' x", "1\n2", "b\nb", ",", "l" * 25]
    with duckdb.connect(config={"threads": 4}) as connection:
        for seed in range(30):
            rows = [
                (f"{seed}-{i}", texts[i * i * (seed + 3) % 7919 % (4 + seed % 7)]) * 2
                for i in range(400 + 7 * seed)
            ]
            path = write_csv(
                tmp_path / "c.csv", [tuple("abcd"), *rows], line_end=["\n", "\r\n"][seed % 2]
            )
            customers = open_customers(str(path), [], connection)
            assert values(read_customers(customers, connection).read_all()) == rows


def test_a_file_that_changes_while_it_is_read_is_not_taken(
    read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ingest, "_sound_scan", lambda call, *_: f"{call})")
    monkeypatch.setattr(ingest, "count_lines", lambda _: len(ROWS) + 1)
    with pytest.raises(InputError, match=r"changed while it was read \(4 rows came"):
        read(write_csv(tmp_path / "c.csv", [HEADERS, *ROWS]))


def test_a_stray_quote_costs_one_row(read, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        'customer_id,spend,category\nC1,1,x\nC2,"2,x\nC3,3,x\nC4,"4","x"\nC5,5,"x\nC6,6,x\n'
    )
    table = read(path)
    assert [row[0] for row in values(table)] == ["C1", None, "C3", "C4", None, "C6"]
    assert refused(table) == [
        (2, "text follows the closing quote of a field", 'C2,"2,x'),
        (5, "a quote opens in this row and is never closed", 'C5,5,"x'),
    ]


def test_an_endless_row_is_refused_and_the_rest_is_read(read, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    long_text = "y" * (3 * MAX_ROW_CHARACTERS)
    lines = ["customer_id,spend,category", 'C1,"1,x', *["C2,2,x"] * 70_000, f"C3,{long_text},x", ""]
    path.write_text("\n".join(lines))
    table = read(path)
    assert table.num_rows == 70_002
    assert [row[:2] for row in refused(table)] == [
        (1, "the row is longer than 400,000 characters"),
        (70_002, "the row is longer than 400,000 characters"),
    ]


def test_gb18030_below_an_ascii_beginning_is_found(read, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    head = b"customer_id,spend,category\n" + b"C,1,clothes and shoes\n" * 250_000
    tail = "C,2,服装\nC,".encode("gb18030") + b"\x80" + "3,美妆\n".encode("gb18030")
    path.write_bytes(head + tail)  # 0x80 is how Windows writes the euro sign
    rows = values(read(path))
    assert rows[-2:] == [("C", "2", "服装"), ("C", "€3", "美妆")]
    assert len(rows) == 250_002


def test_blank_lines_are_no_rows_even_in_a_single_column(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("\n\nname\n\na\n \nb\n\n\n")
    with duckdb.connect() as connection:
        table = read_customers(open_customers(str(path), [], connection), connection).read_all()
    assert values(table) == [("a",), ("b",)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_sound_utf8_file_is_read_from_disk_without_a_copy(
    read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line_end: str
) -> None:
    monkeypatch.setattr(ingest, "rewrite", None)
    lines = ["", '客户编号,"月均', '消耗",类　目', 'C1,"a ""b"", c",x', "C2,,中", "", ""]
    path = tmp_path / "[1] *.csv"
    path.write_bytes(line_end.join(lines).encode("utf-8-sig"))
    (tmp_path / "1 x.csv").write_text("another file\nof the same pattern\n")
    table = read(path)
    assert table.column_names[4:] == ["customer_id", "spend", "category"]
    assert values(table) == [("C1", 'a "b", c', "x"), ("C2", None, "中")]


def test_a_workbook_is_read_as_plain_text(read, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "hidden"
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("customers")
    book.active = 1
    book.create_sheet("later").append(["not", "this"])
    sheet.append([])
    sheet.append(["客户编号", "spend", "category", 2024, None])
    date = datetime.datetime(2025, 7, 28)
    sheet.append([1001, 12.0, "服装", date])
    sheet.append(["1002", 0.1, True, date + datetime.timedelta(hours=1)])
    sheet.append([])
    sheet.append(["1003", -3, 'a,"b"\nc_x000D_', datetime.time(8, 30)])
    sheet.append(["1004", 1, "x", None, None, "a note"])
    sheet.append(["1005", "1_x000D_3", "=1+1", datetime.date(2025, 7, 1)])
    path = tmp_path / "customers.xlsx"
    book.save(path)
    table = read(path)
    assert table.column_names[4:] == ["customer_id", "spend", "category", "2024"]
    assert values(table) == [
        ("1001", "12", "服装", "2025-07-28"),
        ("1002", "0.1", "true", "2025-07-28 01:00:00"),
        ("1003", "-3", 'a,"b"\nc\r', "08:30:00"),
        (None,) * 4,
        ("1005", "1\r3", None, "2025-07-01"),
    ]
    reason = "1 filled cells to the right of the last header"
    assert refused(table) == [(4, reason, "1004,1,x,,,a note")]


TYPED = '''
    select * from (values
        (1::bigint, 12.0::double, '服装', date '2025-07-28', timestamp '2025-07-28 00:00:00', true),
        (2, 'inf'::double, '', null, timestamp '2025-07-28 10:00:00', false),
        (3, 0.1::double, null, null, null, null)
    ) as t (customer_id, spend, category, "day ""x""", "at", is_fashion)
'''
TYPED_ROWS = [
    ("1", "12", "服装", "2025-07-28", "2025-07-28", "true"),
    ("2", "infinity", None, None, "2025-07-28 10:00:00", "false"),
    ("3", "0.1", None, None, None, None),
]


def test_parquet_is_read_as_text(read, connection, tmp_path: Path) -> None:
    path = tmp_path / "it's [1].parquet"
    connection.sql(TYPED).write_parquet(str(path))
    table = read(path)
    assert values(table) == TYPED_ROWS
    assert "day x" in table.column_names


@pytest.mark.parametrize("location", ["customers", "raw.customers", "memory.raw.customers"])
def test_a_table_is_read_as_text(read, connection, location: str) -> None:
    connection.execute("create schema if not exists raw")
    for name in ("main.customers", "raw.customers"):
        connection.execute(f"create or replace table {name} as {TYPED}")
    assert values(read(location)) == TYPED_ROWS


def test_many_parquet_rows_keep_their_order(tmp_path: Path, connection) -> None:
    path = tmp_path / "c.parquet"
    connection.sql("select i as a from range(1, 200001) t(i)").write_parquet(str(path))
    table = read_customers(open_customers(str(path), [], connection), connection).read_all()
    assert [row[0] for row in values(table)] == [str(i) for i in range(1, 200_001)]


def test_what_is_known_of_the_file_is_returned(attributes, connection, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "c.csv", [HEADERS, *ROWS])
    customers = open_customers(str(path), attributes, connection)
    assert [(c.position, c.header, c.column_name, c.attribute) for c in customers.columns] == [
        (1, "cust_no", "customer_id", "customer_id"),
        (2, "月均消耗", "spend", "spend"),
        (3, "Category", "category", "category"),
        (4, "备注", "备注", None),
    ]
    assert customers.modified_at is not None
    age = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - customers.modified_at
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=5)


@pytest.mark.parametrize(
    "header",
    ["customer_id", " Customer ID", "CUSTOMER-ID", "ｃｕｓｔ＿ｎｏ", "\ufeff客户 编号", "客户"],
)
def test_headers_match_without_case_blanks_width_and_joints(
    attributes: list[Attribute], header: str
) -> None:
    (column,) = match_columns([header], attributes)
    assert (column.header, column.column_name) == (header, "customer_id")


def test_unknown_columns_get_distinct_names(attributes: list[Attribute]) -> None:
    headers = ["a", "A", "", "_raw_line", 'x "y"\n z', "", "a_2", "spend", "column_3"]
    names = [column.column_name for column in match_columns(headers, attributes)]
    assert names == [
        "a",
        "A_2",
        "column_3",
        "_raw_line_2",
        "x y z",
        "column_6",
        "a_2_2",
        "spend",
        "column_3_2",
    ]
    assert len({name.casefold() for name in names}) == len(names)


def test_two_headers_of_one_attribute_are_refused(attributes: list[Attribute]) -> None:
    with pytest.raises(InputError, match=r'"cust_no" \(column 1\) and "客户" \(column 3\).*custom'):
        match_columns(["cust_no", "spend", "客户"], attributes)


def test_all_missing_required_columns_are_named_with_the_nearest_header(
    attributes, connection, tmp_path: Path
) -> None:
    path = tmp_path / "c.csv"
    path.write_text("客户编号,月均消耗额,remark\n1,2,3\n")
    with pytest.raises(InputError) as error:
        open_customers(str(path), attributes, connection)
    assert str(error.value) == (
        f"{path}: 2 required columns are missing:\n"
        '  - spend (月均消耗, Monthly spend): the nearest header in the file is "月均消耗额"\n'
        "  - category (类目, Category): no header comes near\n"
        "Rename the headers, or add them to the column aliases of data_dictionary.csv. Nothing "
        "was written."
    )


HEADER = b"customer_id,spend,category\n"
FAULTS = {
    "empty file": ("c.csv", b"", "the file is empty (0 bytes). Put a header"),
    "blank file": ("c.csv", b"\r\n \n\n", "the file is empty. Put a header"),
    "no rows": ("c.csv", HEADER + b"\n \r\n", "there is a header but no row below it"),
    "zeros": ("c.csv", HEADER + b"C1,\x001,x\n", "byte 30 is zero, so this is a binary file"),
    "workbook": ("c.csv", b"PK\x03\x04abc", "rename it to end in .xlsx"),
    "old workbook": ("c.xls", b"\xd0\xcf\x11\xe0\xa1", "an old Excel workbook (.xls)"),
    "parquet": ("c.csv", b"PAR1\x15", "a Parquet file, not text. Rename it"),
    "gzip": ("c.csv", b"\x1f\x8b\x08", "compressed with gzip. Unpack it"),
    "no line ends": ("c.csv", b"x," * (3 << 20), "no line ends within the first 4 MB"),
    "no encoding": (
        "c.csv",
        HEADER + b"C1,1,\xff\xfe\nC2,2,\xff\xff\n",
        "byte 32 (0xFF) is the first that is not UTF-8. Save the file as CSV UTF-8",
    ),
    "header not text": (
        "c.csv",
        b"customer_id,spend,categ\xffory\n" + "C1,2,中文\n".encode() * 20,
        "line 1: the header holds the byte 0xFF, which is not UTF-8",
    ),
    "header quotes": ("c.csv", b'a,"b,c\n1,2,3\n', "line 1: the quotes in the header do not fit"),
    "cut off": (
        "c.csv",
        HEADER + b'C1,1,"two\nlines"\nC2,2,"cut\noff,',
        "line 4: a quote opens in this row and is never closed: the file ends inside",
    ),
    "no header": (
        "c.csv",
        b"C00001,1200.5,2025-07-28\nC00002,3,2025-07-28\n",
        'the first row looks like data ("1200.5", "2025-07-28"), not like a header',
    ),
    "twice": (
        "c.csv",
        b"customer_id,spend,Spend,category\n1,2,3,4\n",
        'the headers "spend" (column 2) and "Spend" (column 3) both mean the attribute spend',
    ),
    "one column": ("c.csv", b"customer_id:spend\n1:2\n", "Only one column was found"),
    "no workbook": ("c.xlsx", b"customer_id,spend\n1,2\n", "this is not an .xlsx workbook"),
    "broken workbook": ("c.xlsx", b"PK\x03\x04abc", "this is not a sound .xlsx workbook"),
    "broken parquet": ("c.parquet", b"PAR1abcPAR1", "this is not a sound Parquet file"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_named_with_what_to_do(read, tmp_path: Path, fault: str) -> None:
    name, content, message = FAULTS[fault]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_an_empty_workbook_parquet_or_table_is_refused(read, connection, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "empty.xlsx")
    book.active.append(["customer_id", "spend"])
    book.save(tmp_path / "header.xlsx")
    relation = connection.sql(f"{TYPED} limit 0")
    relation.write_parquet(str(tmp_path / "empty.parquet"))
    connection.execute("create or replace table nobody as select 1 as customer_id limit 0")
    for location, message in {
        tmp_path / "empty.xlsx": "the first visible sheet is empty",
        tmp_path / "header.xlsx": "there is a header but no row below it",
        tmp_path / "empty.parquet": "there are columns but no row",
        "nobody": "the table has no row",
    }.items():
        with pytest.raises(InputError, match=message):
            read(location)


def test_a_location_that_is_not_there_is_named(read, connection, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    connection.execute("create or replace table klienten as select 1 as customer_id")
    for location, message in {
        "data/c.csv": f"data/c.csv does not exist (looked for {tmp_path / 'data' / 'c.csv'})",
        "~nobody/c.csv": "~nobody/c.csv does not exist (looked for",
        "customers.parquet": "customers.parquet does not exist (looked for",
        "main.klient": "nor as a table of the database; the nearest table is main.klienten.",
        "data/part-*.csv": "no file fits this pattern (looked from ",
        " ": "No customer file is given.",
        str(tmp_path): "this is a folder.",
    }.items():
        with pytest.raises(InputError) as error:
            read(location)
        assert message in str(error.value)
        assert "CUSTOMER_FILE" in str(error.value)


def test_the_files_of_a_pattern_are_read_as_one(
    read, attributes, connection, tmp_path: Path
) -> None:
    write_csv(tmp_path / "part-1.csv", [HEADERS, *ROWS[:2], ("too", "short")])
    write_csv(tmp_path / "part-2.csv", [("客户编号", *HEADERS[1:]), *ROWS[2:3]], encoding="gb18030")
    workbook = openpyxl.Workbook()
    for row in (HEADERS, *ROWS[3:]):
        workbook.active.append(row)
    workbook.save(tmp_path / "part-3.xlsx")
    write_csv(tmp_path / "other.csv", [HEADERS, *ROWS])
    pattern = str(tmp_path / "part-*")
    parts = sorted(map(str, tmp_path.glob("part-*")))

    table = read(pattern)
    assert table["_row_number"].to_pylist() == [1, 2, 3, 4, 5]
    assert table["_file_name"].to_pylist() == [*[parts[0]] * 3, *parts[1:]]
    assert refused(table) == [(3, "2 fields, but the header has 4", "too,short")]
    sound = table.filter(table["_read_error"].is_null())
    assert list(zip(*(c.to_pylist() for c in sound.columns[4:]), strict=True)) == or_none(ROWS)

    customers = open_customers(pattern, attributes, connection)
    assert customers.location == pattern
    assert [str(path) for path in customers.paths] == parts
    times = [datetime.datetime.fromtimestamp(os.stat(p).st_mtime, datetime.UTC) for p in parts]
    assert customers.modified_at == max(times).replace(tzinfo=None)


def test_files_of_a_pattern_with_other_headers_are_refused(read, tmp_path: Path) -> None:
    write_csv(tmp_path / "part-1.csv", [HEADERS, *ROWS])
    other = write_csv(tmp_path / "part-2.csv", [(*HEADERS[:3], "Remarks"), *ROWS])
    message = r'column 4 is "Remarks" in .*part-2\.csv and "备注" in .*part-1\.csv'
    with pytest.raises(InputError, match=message):
        read(tmp_path / "part-*.csv")
    write_csv(other, [HEADERS[:3], ("C5", "1", "x")])
    with pytest.raises(InputError, match=r'column 4 is missing in .*part-2\.csv and "备注" in'):
        read(tmp_path / "part-[12].csv")
    write_csv(other, [HEADERS[1:], ("1", "x", "")])
    with pytest.raises(InputError, match=r"part-2\.csv: 1 required column is missing"):
        read(tmp_path / "part-*.csv")


def test_a_file_whose_name_is_a_pattern_is_that_file(read, tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [HEADERS, *ROWS])
    path = write_csv(tmp_path / "[a]*.csv", [HEADERS, *ROWS[:1]])
    assert read(path).num_rows == 1


def test_a_pipe_is_refused_and_not_waited_for(read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "c.csv")
    with pytest.raises(InputError, match=r"c\.csv: this is a pipe, a socket or a device"):
        read(str(tmp_path / "c.csv"))


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EACCES, "no permission to read c.csv. Ask"),
        (errno.EIO, r"cannot be read: Input/output error \(c.csv\). Check the path"),
        (errno.ENOSPC, r"read from a copy in .* is full\. .* the environment variable TMPDIR"),
    ],
)
def test_what_the_system_refuses_is_explained(
    read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    path = write_csv(tmp_path / "c.csv", [HEADERS, *ROWS])

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "c.csv")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=message):
        read(path)


def test_the_temporary_copy_is_in_the_folder_that_was_named_or_nowhere(
    read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "c.csv", [HEADERS, *ROWS], encoding="gb18030")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    with pytest.raises(InputError, match=r"c\.csv: this file is read from a copy .* TMPDIR\."):
        read(path)


def test_the_temporary_copy_is_private_and_goes_away(
    attributes, connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    path = write_csv(tmp_path / "c.csv", [HEADERS, *ROWS], encoding="gb18030")
    customers = open_customers(str(path), attributes, connection)
    for finish in (lambda reader: reader.read_all(), lambda reader: reader.read_next_batch()):
        reader = read_customers(customers, connection)
        (private,) = folder.iterdir()
        assert private.stat().st_mode & 0o077 == 0
        finish(reader)
        del reader
        assert not list(folder.iterdir())
