"""Read a customer file (CSV, TSV, .xlsx, Parquet, a table) as text, column by column, row by row.

`open_customers` looks at the header and says what is wrong with it; `read_customers` streams the
rows. Every value stays as it came in; what it means is the staging models' business.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import glob
import os
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa
from openpyxl.utils.escape import unescape

from segmentation.dictionary.attributes import Attribute, normalise_header, without_joints
from segmentation.disks import is_full, why_not_written
from segmentation.errors import InputError
from segmentation.ingest.delimited import (
    MAX_ROW_CHARACTERS,
    TOO_LONG,
    UTF8_ENCODINGS,
    TextFormat,
    count_lines,
    find_encoding_in_all_lines,
    find_format,
    rewrite,
)
from segmentation.ingest.postgres_table import (
    PostgresTable,
    open_postgres_table,
    read_postgres_table,
)
from segmentation.postgres import is_postgres_url, read_url

warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")  # styles, drop-downs

ROW_COLUMNS = ("_row_number", "_file_name", "_read_error", "_raw_line")
"""What `read_customers` puts before the columns of the file."""

_WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
PARQUET_SUFFIXES = (".parquet", ".pq")
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
_FILE_SUFFIXES = (*_WORKBOOK_SUFFIXES, *PARQUET_SUFFIXES, *_TEXT_SUFFIXES, ".xls", ".gz", ".zip")
_TABLE_NAME = re.compile(r"\w+(\.\w+){0,2}")
_VALUE = re.compile(r"\\n|[-+]?\W?\d[\d,.]*%?|\d{4}([-/.])\d{1,2}\1\d{1,2}.*", re.IGNORECASE)
_BATCH_ROWS = 20_000
_TEMPORARY = "TMPDIR"
_SHOWN_CHARACTERS, _REASON_CHARACTERS = 60, 500
_WORKBOOK_ROWS = 1_048_576
_BOMB_BYTES, _BOMB_RATIO = 100 << 20, 100
_NOTHING_REFUSED = "null::varchar as _read_error, null::varchar as _raw_line"
_HOW_TO_NAME_THE_FILE = (
    "Name the customer file with --vars 'customer_file: path/to/file' or the environment variable "
    "CUSTOMER_FILE"
)


@dataclass(frozen=True)
class FileColumn:
    """One column of a customer file.

    Attributes
    ----------
    position : int
        From 1.
    header : str
        As it came in.
    column_name : str
        The attribute's name; for an unknown column its header, blanks joined and double quotes
        left out, made distinct from every other column without regard to case.
    attribute : str or None
        What the dictionary calls it; None for an unknown column.
    """

    position: int
    header: str
    column_name: str
    attribute: str | None


@dataclass(frozen=True)
class CustomerFile:
    """A customer file whose header has been read and found in order.

    Attributes
    ----------
    location : str
        As the user gave it; of a table in PostgreSQL without the password.
    columns : tuple of FileColumn
        In file order.
    modified_at : datetime or None
        When the file was last changed, in UTC without a zone; None for a table.
    source : TextFormat, Path, PostgresTable, str or tuple of CustomerFile
        How to read it: a text file's format, the path of a workbook or Parquet file, a table in
        PostgreSQL, a table's quoted name, or the parts of a customer file that is several files.
    """

    location: str
    columns: tuple[FileColumn, ...]
    modified_at: datetime.datetime | None
    source: TextFormat | Path | PostgresTable | str | tuple[CustomerFile, ...]

    @property
    def paths(self) -> list[Path]:
        """The files that it is read from; none of a table."""
        if isinstance(self.source, tuple):
            return [path for part in self.source for path in part.paths]
        if isinstance(self.source, TextFormat):
            return [self.source.path]
        return [self.source] if isinstance(self.source, Path) else []


def match_columns(headers: Sequence[str], attributes: Sequence[Attribute]) -> list[FileColumn]:
    """Find each header's attribute by name, alias or label.

    Parameters
    ----------
    headers : sequence of str
        The file's headers in order; may be blank.
    attributes : sequence of Attribute
        The dictionary.

    Returns
    -------
    list of FileColumn
        One a header. Case, white space, full-width forms, underscores and hyphens do not matter.

    Raises
    ------
    InputError
        Two headers match the same attribute.
    """
    exact: dict[str, str] = {}
    loose: dict[str, set[str]] = {}
    for item in attributes:
        for text in (item.attribute, *item.aliases, item.label_zh, item.label_en):
            if key := normalise_header(text):
                exact.setdefault(key, item.attribute)
                loose.setdefault(without_joints(key), set()).add(item.attribute)

    matched: dict[str, tuple[int, str]] = {}
    found: list[str | None] = []
    for position, header in enumerate(headers, start=1):
        key = normalise_header(header)
        candidates = loose.get(without_joints(key), set())
        name = exact.get(key) or (next(iter(candidates)) if len(candidates) == 1 else None)
        if name is not None and name in matched:
            other_position, other = matched[name]
            raise InputError(
                f'the headers "{_shown(other)}" (column {other_position}) and "{_shown(header)}" '
                f"(column {position}) both mean the attribute {name}. Remove or rename one of them."
            )
        if name is not None:
            matched[name] = (position, header)
        found.append(name)

    taken = dict.fromkeys((name.casefold() for name in (*ROW_COLUMNS, *matched)), 1)
    columns = []
    for position, (header, name) in enumerate(zip(headers, found, strict=True), start=1):
        column_name = name or _distinct(header, position, taken)
        columns.append(FileColumn(position, header, column_name, name))
    return columns


def _distinct(header: str, position: int, taken: dict[str, int]) -> str:
    """Name an unknown column and note the name in `taken`, with the last number given to it."""
    stem = " ".join(header.replace('"', "").replace("\0", "").split()) or f"column_{position}"
    name, number = stem, taken.get(stem.casefold(), 1)
    while name.casefold() in taken:
        number += 1
        name = f"{stem}_{number}"
    taken[stem.casefold()] = number
    taken[name.casefold()] = 1
    return name


def _shown(text: str) -> str:
    """Shorten a text of the file and escape what cannot be printed, to quote it in a message."""
    short = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short)


def open_customers(
    location: str, attributes: Sequence[Attribute], connection: duckdb.DuckDBPyConnection
) -> CustomerFile:
    """Read the header of a customer file and match it with the dictionary.

    Parameters
    ----------
    location : str
        Path of a CSV, TSV, .xlsx or Parquet file, a pattern of such paths (``data/part-*.csv``), or
        a table: ``table``, ``schema.table`` or ``database.schema.table``. An existing path goes
        before a pattern and a table. A table in PostgreSQL is
        ``postgresql://user@host/database?table=schema.table``.
    attributes : sequence of Attribute
        The dictionary.
    connection : DuckDBPyConnection
        A connection to the database that holds the table.

    Returns
    -------
    CustomerFile

    Raises
    ------
    InputError
        The file cannot be read, has no rows or no header, or lacks required columns; the files of
        a pattern have not all the same columns.
    """
    shown = read_url(location).shown if is_postgres_url(location) else location
    with _faults_named(shown):
        if not location.strip():
            raise InputError(f"No customer file is given. {_HOW_TO_NAME_THE_FILE}.")
        path = Path(os.path.expanduser(location))
        source: TextFormat | Path | PostgresTable | str
        if is_postgres_url(location):
            headers, source = open_postgres_table(location)
            modified_at = None
        elif glob.has_magic(location) and not path.exists():
            return _open_parts(location, attributes, connection)
        elif path.exists():
            headers, source = _open_file(path)
            modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
            modified_at = modified.replace(tzinfo=None)
        elif _TABLE_NAME.fullmatch(location) and path.suffix.lower() not in _FILE_SUFFIXES:
            headers, source = _open_table(location, connection)
            modified_at = None
        else:
            raise InputError(
                f"The customer file {location} does not exist (looked for {path.absolute()}). "
                f"{_HOW_TO_NAME_THE_FILE}, or make a synthetic one: segmentation sample."
            )
        columns = read_header(headers, attributes, shown)
        if isinstance(source, PostgresTable):
            ids = {item.attribute for item in attributes if item.role == "id"}
            by_id = (column.header for column in columns if column.attribute in ids)
            source = replace(source, order_by=next(by_id, None))
    return CustomerFile(shown, tuple(columns), modified_at, source)


def _open_parts(
    pattern: str, attributes: Sequence[Attribute], connection: duckdb.DuckDBPyConnection
) -> CustomerFile:
    """Read the headers of the files that a pattern finds, and check that all mean the same."""
    paths = sorted(glob.glob(os.path.expanduser(pattern), recursive=True))
    if not paths:
        raise InputError(
            f"The customer file {pattern} does not exist: no file fits this pattern (looked from "
            f"{Path.cwd()}). {_HOW_TO_NAME_THE_FILE}."
        )
    parts = tuple(open_customers(path, attributes, connection) for path in paths)
    first = parts[0]
    for part in parts[1:]:
        for column, expected in zip_longest(part.columns, first.columns):
            if column and expected and column.column_name == expected.column_name:
                continue
            here, there = (f'"{_shown(c.header)}"' if c else "missing" for c in (column, expected))
            raise InputError(
                f"{pattern}: {len(parts)} files fit this pattern, and they must have the same "
                f"header: column {(column or expected).position} is {here} in {part.location} and "
                f"{there} in {first.location}. Correct the header, or the pattern if one of the "
                "files is no part of the customer file."
            )
    changes = (part.modified_at for part in parts if part.modified_at)
    return CustomerFile(pattern, first.columns, max(changes, default=None), parts)


@contextmanager
def _faults_named(location: str) -> Iterator[None]:
    """Turn errors of the operating system into messages about the customer file."""
    try:
        yield
    except PermissionError as error:
        raise InputError(
            f"{location}: no permission to read {error.filename}. Ask the file's owner for the "
            "right to read it, or copy it to a folder of yours."
        ) from None
    except OSError as error:
        if is_full(error):
            raise InputError(f"{location}: {_no_copy(error)}") from None
        raise InputError(
            f"{location}: cannot be read: {error.strerror or error} ({error.filename}). Check the "
            "path and the disk."
        ) from None


@contextmanager
def _parquet_faults_named(path: Path) -> Iterator[None]:
    """Turn errors of DuckDB, or of Arrow while it passes rows on, into messages about the file.

    A damaged file is read in a database of its own: some damage makes DuckDB close the database
    that reads it. Names that are not UTF-8 fail in DuckDB's Python part.
    """
    try:
        yield
    except (duckdb.Error, OSError, RuntimeError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputError(
            f"{path}: this is not a sound Parquet file ({_first_line(error)}). Write or fetch it "
            "again; if it is a CSV file, name it .csv."
        ) from None


def _open_file(path: Path) -> tuple[list[str], TextFormat | Path]:
    """Read the headers of a file and check that a row follows."""
    if path.is_dir():
        raise InputError(
            f"{path}: this is a folder. {_HOW_TO_NAME_THE_FILE}, several as path/to/*.csv."
        )
    if not path.is_file():
        raise InputError(
            f"{path}: this is a pipe, a socket or a device, which cannot be read twice. Write the "
            "customers to a file and name that."
        )
    if path.suffix.lower() in PARQUET_SUFFIXES:
        path.open("rb").close()  # DuckDB's fault would be taken for damage
        with _parquet_faults_named(path), duckdb.connect() as own:
            relation = own.sql(f"from {_read_parquet(path)}")
            headers = list(relation.columns)
            first = relation.limit(1).fetchall()
        if not first:
            raise InputError(f"{path}: there are columns but no row. Export the customers again.")
        return headers, path
    if path.suffix.lower() in _WORKBOOK_SUFFIXES:
        rows = _workbook_rows(path)
        headers = next(rows, [])
        while headers and not headers[-1].strip():
            headers.pop()
        if not headers:
            raise InputError(f"{path}: the first visible sheet is empty. Put the customers there.")
        if next(rows, None) is None:
            raise InputError(
                f"{path}: there is a header but no row below it in the first visible sheet. Put "
                "the customers there."
            )
        return headers, path
    text_format = find_format(path)
    return list(text_format.headers), text_format


def _open_table(location: str, connection: duckdb.DuckDBPyConnection) -> tuple[list[str], str]:
    """Read the columns of a table and check that it has a row."""
    name = ".".join(_identifier(part) for part in location.split("."))
    with connection.cursor() as cursor:
        try:
            relation = cursor.sql(f"from {name}")
        except duckdb.Error:
            tables = [
                text
                for (text,) in cursor.execute(
                    "select table_schema || '.' || table_name from information_schema.tables"
                ).fetchall()
            ]
            nearest = difflib.get_close_matches(location, tables, n=1, cutoff=0.5)
            near = f"; the nearest table is {nearest[0]}" if nearest else ""
            raise InputError(
                f"The customer file {location} does not exist: neither as a file (looked for "
                f"{Path(location).absolute()}) nor as a table of the database{near}. "
                f"{_HOW_TO_NAME_THE_FILE}."
            ) from None
        headers = list(relation.columns)
        if not relation.limit(1).fetchall():
            raise InputError(f"{location}: the table has no row. Load the customers into it.")
    return headers, name


def read_header(
    headers: Sequence[str], attributes: Sequence[Attribute], location: str
) -> list[FileColumn]:
    """Match the header of a customer file with the dictionary, and check it.

    Parameters
    ----------
    headers : sequence of str
        In file order; may be blank.
    attributes : sequence of Attribute
        The dictionary.
    location : str
        What messages call the file.

    Returns
    -------
    list of FileColumn
        See `match_columns`.

    Raises
    ------
    InputError
        It is no header, lacks required columns, or names an attribute twice.
    """
    try:
        columns = match_columns(headers, attributes)
        _check_is_header(columns)
        _check_required(columns, attributes)
    except InputError as error:
        raise InputError(f"{location}: {error}") from None
    return columns


def _check_is_header(columns: Sequence[FileColumn]) -> None:
    """Refuse a first row of values: nothing is known in it, and something is a number or a date."""
    values = [
        column.header
        for column in columns
        if _VALUE.fullmatch(unicodedata.normalize("NFKC", column.header).strip())
    ]
    if values and not any(column.attribute for column in columns):
        shown = ", ".join(f'"{_shown(value)}"' for value in values[:3])
        raise InputError(
            f"the first row looks like data ({shown}), not like a header. Put a row with the "
            "column names above it."
        )


def _check_required(columns: Sequence[FileColumn], attributes: Sequence[Attribute]) -> None:
    """Name every required attribute that the file lacks and the nearest header it has."""
    present = {column.attribute for column in columns}
    missing = [
        item
        for item in attributes
        if item.is_required
        and item.attribute not in present
        and not item.derivation
        and item.role not in ("flag", "binned")
    ]
    if not missing:
        return
    unknown = {normalise_header(c.header): c.header for c in columns if c.attribute is None}
    plural = "columns are" if len(missing) > 1 else "column is"
    lines = [f"{len(missing)} required {plural} missing:"]
    for item in missing:
        near = _nearest(item, unknown)
        found = (
            f'the nearest header in the file is "{_shown(near)}"'
            if near
            else "no header comes near"
        )
        lines.append(f"  - {item.attribute} ({item.label_zh}, {item.label_en}): {found}")
    if len(columns) == 1:
        lines.append("Only one column was found: are the fields separated by , ; | or tabs?")
    lines.append(
        "Rename the headers, or add them to the column aliases of data_dictionary.csv. Nothing "
        "was written."
    )
    raise InputError("\n".join(lines))


def _nearest(item: Attribute, headers: dict[str, str]) -> str | None:
    """Find the header most like one of the attribute's names."""
    best, best_ratio = None, 0.6
    for text in (item.attribute, *item.aliases, item.label_zh, item.label_en):
        key = normalise_header(text)
        for near in difflib.get_close_matches(key, headers, n=1, cutoff=best_ratio):
            ratio = difflib.SequenceMatcher(None, near, key).ratio()
            if best is None or ratio > best_ratio:
                best, best_ratio = headers[near], ratio
    return best


def read_customers(
    customers: CustomerFile, connection: duckdb.DuckDBPyConnection
) -> pa.RecordBatchReader:
    """Stream the rows of a customer file.

    Parameters
    ----------
    customers : CustomerFile
        What `open_customers` returned.
    connection : DuckDBPyConnection
        A connection to the database that holds the table; its cursors do the reading.

    Returns
    -------
    RecordBatchReader
        `ROW_COLUMNS`, then every column of the file as text; empty text is null. `_row_number`
        (int64) counts rows from 1 in file order, through all parts; `_file_name` is the path of the
        row's part, null where the customer file is one file or a table. A row that cannot be split
        has the reason in `_read_error`, its text in `_raw_line`, and null in the columns of the
        file.

    Raises
    ------
    InputError
        The file ends inside a quoted field, is damaged, or cannot be read or copied.
    """
    with _faults_named(customers.location), ExitStack() as stack:
        source, columns = customers.source, customers.columns
        if isinstance(source, tuple):
            # All are opened first: what fails in a stream ends in a traceback.
            readers = [read_customers(part, connection) for part in source]
            rows = _joined([part.location for part in source], readers)
            return pa.RecordBatchReader.from_batches(readers[0].schema, rows)
        row_count = None
        if isinstance(source, PostgresTable):
            named = [(column.header, column.column_name) for column in columns]
            reader = read_postgres_table(source, named, stack)
        else:
            if isinstance(source, Path) and source.suffix.lower() in PARQUET_SUFFIXES:
                stack.enter_context(_parquet_faults_named(source))
                cursor = stack.enter_context(duckdb.connect())
            else:
                cursor = stack.enter_context(connection.cursor())
            query, row_count = _query(source, columns, cursor, stack)
            reader = cursor.sql(query).to_arrow_reader(_BATCH_ROWS)
        numbering = [pa.field("_row_number", pa.int64()), pa.field("_file_name", pa.string())]
        schema = pa.schema([*numbering, *reader.schema])
        batches = _numbered(reader, schema, row_count, stack.pop_all())
    return pa.RecordBatchReader.from_batches(schema, batches)


def _query(
    source: TextFormat | Path | str,
    columns: Sequence[FileColumn],
    cursor: duckdb.DuckDBPyConnection,
    stack: ExitStack,
) -> tuple[str, int | None]:
    """Write the query that reads a source, and count its rows where DuckDB may lose some."""
    if isinstance(source, TextFormat):
        return _text_query(source, columns, cursor, stack)
    if isinstance(source, str):
        return _typed_query(source, columns, cursor), None
    if source.suffix.lower() in PARQUET_SUFFIXES:
        scan = _read_parquet(source)
        # Damage must show before rows are passed on: what fails in a stream ends in a traceback.
        cursor.execute(f"select max(hash(columns(*))) from {scan}").fetchall()
        return _typed_query(scan, columns, cursor), None
    target = _temporary_file(source, stack)
    row_count = _copy_workbook(source, len(columns), target)
    return _mended_query(target, ",", columns, row_count, cursor), row_count


def _numbered(
    reader: pa.RecordBatchReader, schema: pa.Schema, row_count: int | None, stack: ExitStack
) -> Iterator[pa.RecordBatch]:
    """Put row number and no file name before each batch; free what `stack` holds at the end.

    ``row_number() over ()`` would make DuckDB read the file, and write the table, in one thread.
    """
    with stack:
        done = 0
        for batch in reader:
            numbers = np.arange(done + 1, done + 1 + batch.num_rows)
            no_names = pa.nulls(batch.num_rows, pa.string())
            yield pa.record_batch([pa.array(numbers), no_names, *batch.columns], schema=schema)
            done += batch.num_rows
        if row_count not in (None, done):
            raise InputError(f"The customer file changed while it was read ({done} rows came).")


def _joined(
    names: Sequence[str], readers: Sequence[pa.RecordBatchReader]
) -> Iterator[pa.RecordBatch]:
    """Pass the rows of all parts on, numbered through, with the name of their part."""
    done = 0
    for name, reader in zip(names, readers, strict=True):
        for batch in reader:
            numbers = pa.array(np.arange(done + 1, done + 1 + batch.num_rows))
            file_names = pa.repeat(name, batch.num_rows)
            columns = [numbers, file_names, *batch.columns[2:]]
            yield pa.record_batch(columns, schema=reader.schema)
            done += batch.num_rows


def _text_query(
    text_format: TextFormat,
    columns: Sequence[FileColumn],
    cursor: duckdb.DuckDBPyConnection,
    stack: ExitStack,
) -> tuple[str, int]:
    """Choose between the file itself and a mended copy; also count the rows."""
    if text_format.encoding in UTF8_ENCODINGS:
        names = [f"c{column.position}" for column in columns]
        row_count = count_lines(text_format)
        call = _read_csv(
            text_format.path,
            text_format.delimiter,
            text_format.newline,
            names,
            f"header=true, skip={text_format.blank_lines}",
        )
        # In a single column a blank line is a row to DuckDB, sometimes.
        if len(columns) > 1 and (scan := _sound_scan(call, row_count, cursor)):
            aliases = [_identifier(column.column_name) for column in columns]
            values = [f"{c} as {alias}" for c, alias in zip(names, aliases, strict=True)]
            return f"select {_NOTHING_REFUSED}, {', '.join(values)} from {scan}", row_count
        if text_format.encoding == "ascii":
            encoding = find_encoding_in_all_lines(text_format.path)
            text_format = replace(text_format, encoding=encoding)
    target = _temporary_file(text_format.path, stack)
    row_count = rewrite(text_format, target)
    return _mended_query(target, text_format.delimiter, columns, row_count, cursor), row_count


def _mended_query(
    target: Path,
    delimiter: str,
    columns: Sequence[FileColumn],
    row_count: int,
    cursor: duckdb.DuckDBPyConnection,
) -> str:
    """Read a file with the reason and the text of a refused row before the columns."""
    names = ["e", "r", *(f"c{column.position}" for column in columns)]
    aliases = [*ROW_COLUMNS[2:], *(column.column_name for column in columns)]
    values = [f"{name} as {_identifier(alias)}" for name, alias in zip(names, aliases, strict=True)]
    call = _read_csv(target, delimiter, "\n", names, "header=false")
    scan = _sound_scan(call, row_count, cursor)
    if scan is None:
        raise InputError(
            f"DuckDB cannot read the {row_count} rows of the customer file. Save the file as "
            "Parquet, or as .xlsx, and name that."
        )
    return f"select {', '.join(values)} from {scan}"


def _sound_scan(call: str, row_count: int, cursor: duckdb.DuckDBPyConnection) -> str | None:
    """Find a way in which DuckDB decodes and splits every row and finds as many as there are.

    In parallel it loses rows near the borders of its buffers in some files, without an error but
    the same ones each time (https://github.com/duckdb/duckdb/issues/25164 is of that kind).
    """
    for parallel in ("true", "false"):
        scan = f"{call}, parallel={parallel})"
        try:
            counts = cursor.execute(f"select count(*), count(columns(*)) from {scan}").fetchall()
        except duckdb.Error:
            continue
        if counts[0][0] == row_count:
            return scan
    return None


def _typed_query(
    source: str, columns: Sequence[FileColumn], cursor: duckdb.DuckDBPyConnection
) -> str:
    """Read typed columns as text: no ``.0`` after whole numbers, no midnight after dates."""
    values = [_NOTHING_REFUSED]
    types = cursor.sql(f"from {source}").types
    for column, data_type in zip(columns, types, strict=True):
        value = _identifier(column.header)
        text = f"{value}::varchar"
        if str(data_type) in ("FLOAT", "DOUBLE"):
            text = (
                f"case when isinf({value}) then if({value} > 0, 'infinity', '-infinity') "
                rf"else regexp_replace({text}, '\.0$', '') end"
            )
        elif str(data_type).startswith("TIMESTAMP"):
            text = f"regexp_replace({text}, ' 00:00:00$', '')"
        values.append(f"nullif({text}, '') as {_identifier(column.column_name)}")
    return f"select {', '.join(values)} from {source}"


def _read_csv(path: Path, delimiter: str, newline: str, names: Sequence[str], options: str) -> str:
    """Begin the call that reads a CSV file as text, leaving nothing to be guessed.

    Strict mode is DuckDB's default; named beside ``new_line`` it made DuckDB 2.0 find no rows.
    """
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv({_path_literal(path)}, columns={{{columns}}}, auto_detect=false, {options}, "
        f"delim={_literal(delimiter)}, new_line={_literal(repr(newline)[1:-1])}, "
        "quote='\"', escape='\"', comment='', nullstr='', "
        "compression='none', null_padding=false"
    )


def _read_parquet(path: Path) -> str:
    """Write the call that reads a Parquet file."""
    return f"read_parquet({_path_literal(path)})"


def _path_literal(path: Path) -> str:
    """Quote a path, so that ``*``, ``?`` and ``[`` in it stand for themselves."""
    return _literal(glob.escape(str(path)))


def _literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    """Keep what a message says first."""
    first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in first[:_REASON_CHARACTERS])


def _temporary_file(location: Path, stack: ExitStack) -> Path:
    """Make room for a private file that goes when `stack` is closed.

    Python would take another folder where that of TMPDIR cannot be used: not for customers.
    """
    named = os.environ.get(_TEMPORARY) or None
    try:
        folder = stack.enter_context(TemporaryDirectory(prefix="segmentation-", dir=named))
    except OSError as error:
        raise InputError(f"{location}: {_no_copy(error)}") from None
    return Path(folder) / "customers.csv"


def _no_copy(error: OSError) -> str:
    """Say why a file that has to be rewritten to be read was not."""
    folder = Path(os.environ.get(_TEMPORARY) or gettempdir())
    return (
        "this file is read from a copy in the folder of temporary files, which cannot be written: "
        f"{why_not_written(folder, error, _TEMPORARY)}"
    )


def _workbook_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of the first visible sheet that are not blank, every cell as text."""
    with path.open("rb") as file:
        if not file.read(2) == b"PK":
            raise InputError(
                f"{path}: this is not an .xlsx workbook, or one with a password. Open it in Excel "
                "and save it as .xlsx without a password; if it is a text file, name it .csv."
            )
    # A damaged workbook fails in its zip archive, its XML or openpyxl, each in ways of its own.
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > max(_BOMB_BYTES, _BOMB_RATIO * path.stat().st_size):
            raise InputError(
                f"{path}: unpacked, this workbook has {unpacked >> 20:,} MB, more than "
                f"{_BOMB_RATIO} times as many as packed: it is damaged or made to fill the memory. "
                "Open it in Excel, copy the customers to a new workbook and save that."
            )
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        try:
            for sheet in sheets[:1]:
                sheet.reset_dimensions()
                for number, cells in enumerate(sheet.iter_rows(values_only=True)):
                    if number == _WORKBOOK_ROWS:
                        raise InputError(
                            f"{path}: the first visible sheet goes beyond row {_WORKBOOK_ROWS:,}, "
                            "the last that Excel has. Save the customers as CSV UTF-8."
                        )
                    row = [_cell_text(cell) for cell in cells]
                    if any(text.strip() for text in row):
                        yield row
        finally:
            workbook.close()
    except (OSError, InputError):
        raise
    except Exception as error:
        raise InputError(
            f"{path}: this is not a sound .xlsx workbook ({_first_line(error)}). Open it in Excel "
            "and save it again."
        ) from None


def _cell_text(value: object) -> str:
    """Write a cell as plain text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    text = str(value)
    if "_x" not in text:
        return text
    # Two escapes may be the halves of one character; half a character is none.
    return unescape(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _copy_workbook(path: Path, width: int, target: Path) -> int:
    """Write and count the rows below the header as `segmentation.ingest.delimited.rewrite` does."""
    rows = _workbook_rows(path)
    next(rows)
    row_count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in rows:
            row_count += 1
            problem = ""
            if beyond := sum(map(bool, row[width:])):
                problem = f"{beyond} filled cells to the right of the last header"
            elif sum(map(len, row)) > MAX_ROW_CHARACTERS:
                problem = TOO_LONG
            if problem:
                writer.writerow([problem, ",".join(row)[:MAX_ROW_CHARACTERS], *[""] * width])
            else:
                writer.writerow(["", "", *row[:width], *[""] * (width - len(row))])
    return row_count
