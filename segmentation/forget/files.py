"""A customer in exports, in the report and the workbook, and in what dbt leaves behind."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from segmentation.files import written_beside
from segmentation.forget.duckdb_file import count, kept, matches
from segmentation.forget.traces import Column, Customer, Found, Removal, removal
from segmentation.postgres import literal
from segmentation.texts import BLANKS, FORMULA_STARTS


class CsvFile:
    """A CSV file; the rows of others stay byte for byte."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, customer: Customer) -> list[Found]:
        """Count the rows that are the customer's or name it."""
        kinds = [kind for kind, _ in self._records(customer)]
        found = Found(
            str(self._path.parent),
            self._path.name,
            len(kinds),
            kinds.count("going"),
            kinds.count("changed"),
        )
        return [found] if found.going or found.changed else []

    def clean(self, customer: Customer) -> None:
        """Write the file anew without the customer."""
        with (
            written_beside(self._path) as beside,
            beside.open("w", encoding="utf-8", newline="") as new,
        ):
            with self._path.open(encoding="utf-8", newline="") as old:
                new.write(next(_raw_records(old))[1])
            new.writelines(text for kind, text in self._records(customer) if kind != "going")

    def _records(self, customer: Customer) -> Iterator[tuple[str, str]]:
        """Give every record below the header: what happens to it, and what stays of it."""
        with self._path.open(encoding="utf-8", newline="") as file:
            records = _raw_records(file)
            header = [name.lstrip("\ufeff").lower() for name in next(records, ([], ""))[0]]
            keys = [place for place, name in enumerate(header) if name in customer.keys]
            ids = {customer.id}
            if customer.id.startswith(FORMULA_STARTS):  # written so that it is none
                ids.add(f"'{customer.id}")
            for values, raw in records:
                own = {values[place].strip(BLANKS) for place in keys if place < len(values)}
                if not own.isdisjoint(ids):
                    yield "going", ""
                elif any(customer.is_in(value.encode()) for value in values):
                    line = io.StringIO()
                    rest = ["" if customer.is_in(value.encode()) else value for value in values]
                    csv.writer(line, lineterminator="\n").writerow(rest)
                    yield "changed", line.getvalue()
                else:
                    yield "", raw


def _raw_records(file: io.TextIOBase) -> Iterator[tuple[list[str], str]]:
    """Give the values of every record and the text that they stand in."""
    lines: list[str] = []

    def seen() -> Iterator[str]:
        for line in file:
            lines.append(line)
            yield line

    for values in csv.reader(seen()):
        yield values, "".join(lines)
        lines.clear()


class ParquetFile:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._relation = f"read_parquet({literal(str(path))})"

    def find(self, customer: Customer) -> list[Found]:
        """Count the rows that are the customer's or name it."""
        with duckdb.connect() as connection:
            counted = count(connection, self._relation, self._removal(connection, customer))
        is_left = counted[1] or counted[2]
        return [Found(str(self._path.parent), self._path.name, *counted)] if is_left else []

    def clean(self, customer: Customer) -> None:
        """Write the file anew without the customer."""
        with duckdb.connect() as connection, written_beside(self._path) as beside:
            selected = kept(self._relation, self._removal(connection, customer))
            connection.execute(f"copy ({selected}) to {literal(str(beside))} (format parquet)")

    def _removal(self, connection: duckdb.DuckDBPyConnection, customer: Customer) -> Removal:
        described = connection.execute(f"describe from {self._relation}").fetchall()
        columns = [Column(name, data_type) for name, data_type, *_ in described]
        return removal(columns, customer, matches)


class TextFile:
    """A file that is searched as text, the parts of a workbook one by one.

    Parameters
    ----------
    path : Path
    remake : callable, optional
        Writes it anew from the cleaned database. Without it the file is deleted.
    """

    def __init__(self, path: Path, remake: Callable[[], object] | None = None) -> None:
        self._path = path
        self._remake = remake

    def find(self, customer: Customer) -> list[Found]:
        """Search the bytes."""
        is_found = self._path.exists() and any(map(customer.is_in, self._contents()))
        return [Found(str(self._path.parent), self._path.name)] if is_found else []

    def clean(self, customer: Customer) -> None:
        """Remake or delete the file."""
        if self._remake is None:
            self._path.unlink()
        else:
            self._remake()

    def _contents(self) -> Iterator[bytes]:
        if zipfile.is_zipfile(self._path):
            with zipfile.ZipFile(self._path) as parts:
                for name in parts.namelist():
                    yield parts.read(name)
        else:
            yield self._path.read_bytes()
