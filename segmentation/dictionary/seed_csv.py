"""Read a seed CSV record by record, keeping each record's own text and line number."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from segmentation.errors import InputError


@dataclass(frozen=True, order=True)
class Fault:
    """Something wrong in a line of a file, counted from 1, or in the file as a whole (0)."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        """Say it in a line: file, line, message."""
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.message}"


class SeedUnreadableError(InputError):
    """A seed that cannot be read at all, and why."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        self.fault = Fault(path, line, message)
        super().__init__(str(self.fault))


@dataclass(frozen=True)
class Record:
    """One record of a CSV file.

    Attributes
    ----------
    line : int
        Line of the file on which the record begins, from 1.
    fields : tuple of str
        The unquoted fields; empty for a blank line.
    raw : str
        The record as it stands in the file, line end included.
    """

    line: int
    fields: tuple[str, ...]
    raw: str

    @property
    def is_blank(self) -> bool:
        """Whether the record holds no text."""
        return not any(map(str.strip, self.fields))


@dataclass(frozen=True)
class SeedFile:
    """A seed CSV: `records` holds every record, the header and blank lines included."""

    path: Path
    has_bom: bool
    records: tuple[Record, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The column names, without surrounding blanks."""
        return tuple(name.strip() for name in self.records[0].fields) if self.records else ()

    @property
    def rows(self) -> list[Record]:
        """The data records: everything after the header that is not blank."""
        return [record for record in self.records[1:] if not record.is_blank]


def read_seed(path: Path) -> SeedFile:
    """Read a seed CSV (UTF-8, comma, RFC 4180 quotes).

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    SeedFile
        Joining the ``raw`` texts of its records gives the file's text back.

    Raises
    ------
    SeedUnreadableError
        The file is missing, is not UTF-8 or has broken quotes.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise SeedUnreadableError(path, 0, "the file is missing. Restore it from git.") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise SeedUnreadableError(
            path, line, "the file is not UTF-8. Save it as 'CSV UTF-8 (comma delimited)'."
        ) from None
    has_bom = text.startswith("\ufeff")
    return SeedFile(path, has_bom, tuple(_records(text.removeprefix("\ufeff"), path)))


def _records(text: str, path: Path) -> list[Record]:
    """Split `text` into records, reading on inside quotes as a CSV reader does."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, strict=True)
    records: list[Record] = []
    begin = 0
    while begin < len(lines):
        try:
            fields = next(reader)
        except csv.Error as error:
            raise SeedUnreadableError(
                path,
                begin + 1,
                f"the quotes of this line do not match ({error}). "
                'Close the quoted text, and write a quote inside it as "".',
            ) from None
        raw = "".join(lines[begin : reader.line_num])
        records.append(Record(begin + 1, tuple(fields), raw))
        begin = reader.line_num
    return records


def read_rows(
    path: Path, columns: tuple[str, ...], faults: list[Fault]
) -> list[tuple[int, dict[str, str]]]:
    """Read the data rows of a seed as dictionaries of stripped text.

    Parameters
    ----------
    path : Path
        The seed CSV.
    columns : tuple of str
        The columns the seed must have, and the only ones it may have.
    faults : list of Fault
        Receives a missing, unknown or repeated column, and each row of another width.

    Returns
    -------
    list of (line, row)
        The line in the file, from 1, and the row's values by column name, without rows of another
        width; no rows at all when a column is missing or repeated.
    """
    try:
        seed = read_seed(path)
    except SeedUnreadableError as error:
        faults.append(error.fault)
        return []
    header = seed.header
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    repeated = sorted({name for name in header if header.count(name) > 1})
    for names, message in (
        (missing, "missing column(s) {}. Add them to the first line."),
        (unknown, f"unknown column(s) {{}}. Remove them; known: {', '.join(columns)}."),
        (repeated, "column(s) {} stand there twice. Keep one of each."),
    ):
        if names:
            faults.append(Fault(path, 1, message.format(", ".join(map(repr, names)))))
    if missing or repeated:
        return []
    rows = []
    for record in seed.rows:
        if width_fault := find_width_fault(seed, record):
            faults.append(width_fault)
        else:
            values = map(str.strip, record.fields)
            rows.append((record.line, dict(zip(header, values, strict=True))))
    return rows


def find_width_fault(seed: SeedFile, record: Record) -> Fault | None:
    """Find a row that has more or fewer fields than the header."""
    if len(record.fields) == len(seed.header):
        return None
    return Fault(
        seed.path,
        record.line,
        f"{len(record.fields)} fields where the first line has {len(seed.header)}. "
        "Put text that holds a comma in double quotes.",
    )
