"""Read a seed CSV record by record, keeping each record's own text and line number."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from segmentation.errors import InputError


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
        """The data records: everything after the header that is not a blank line."""
        return [record for record in self.records[1:] if any(map(str.strip, record.fields))]


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
    InputError
        The file is missing, is not UTF-8 or has broken quotes.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: the file is missing. Restore it from git.") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}:{line}: the file is not UTF-8. Save it as 'CSV UTF-8 (comma delimited)'."
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
            raise InputError(
                f"{path}:{begin + 1}: the quotes of this line do not match ({error}). "
                'Close the quoted text, and write a quote inside it as "".'
            ) from None
        raw = "".join(lines[begin : reader.line_num])
        records.append(Record(begin + 1, tuple(fields), raw))
        begin = reader.line_num
    return records


class Faults:
    """What is wrong in the seeds, collected so that the user sees all of it at once."""

    def __init__(self) -> None:
        self._found: list[tuple[str, int, str]] = []

    def add(self, path: Path, line: int, message: str) -> None:
        """Note a fault of one line of a file."""
        self._found.append((str(path), line, f"{path}:{line}: {message}"))

    def add_file(self, path: Path, error: InputError) -> None:
        """Note that a file cannot be read at all."""
        self._found.append((str(path), 0, str(error)))

    def raise_all(self) -> None:
        """Raise one InputError with a line a fault, by file and line; nothing without a fault."""
        if self._found:
            raise InputError("\n".join(message for _, _, message in sorted(self._found)))


def read_rows(
    path: Path, columns: tuple[str, ...], faults: Faults
) -> list[tuple[int, dict[str, str]]]:
    """Read the data rows of a seed as dictionaries of stripped text.

    Parameters
    ----------
    path : Path
        The seed CSV.
    columns : tuple of str
        The columns the seed must have, and the only ones it may have.
    faults : Faults
        Receives a missing, unknown or repeated column, and each row of another width.

    Returns
    -------
    list of (line, row)
        The line in the file, from 1, and the row's values by column name, without rows of another
        width; no rows at all when a column is missing or repeated.
    """
    try:
        seed = read_seed(path)
    except InputError as error:
        faults.add_file(path, error)
        return []
    header = seed.header
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if missing:
        faults.add(path, 1, f"missing column(s) {', '.join(missing)}. Add them to the first line.")
    if unknown:
        names = ", ".join(map(repr, unknown))
        faults.add(path, 1, f"unknown column(s) {names}. Remove them; known: {', '.join(columns)}.")
    if repeated:
        faults.add(path, 1, f"column(s) {', '.join(repeated)} stand there twice. Keep one of each.")
    if missing or repeated:
        return []
    rows = []
    for record in seed.rows:
        if len(record.fields) == len(header):
            values = map(str.strip, record.fields)
            rows.append((record.line, dict(zip(header, values, strict=True))))
        else:
            faults.add(
                path,
                record.line,
                f"{len(record.fields)} fields where the first line has {len(header)}. "
                "Put text that holds a comma in double quotes.",
            )
    return rows
