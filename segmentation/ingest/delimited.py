"""Find out how a delimited text file is written, and mend one that cannot be read as it stands.

A sound UTF-8 file is read by DuckDB straight from disk. Anything else (another encoding, a row with
a field too many) passes through `rewrite`, which decides line by line what a row is:

- a blank line is not a row;
- a quote opens a quoted field only at the start of the field; quoted text may hold delimiters,
  line breaks and doubled quotes;
- a row with the wrong number of fields, or with bytes that are not text, is kept as one text with
  the reason;
- where the quotes do not fit, the first line of the row is that text and reading goes on with the
  next line, so that a stray quote costs one line, not the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from segmentation.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
UTF8_ENCODINGS = ("ascii", "utf-8", "utf-8-sig")
MAX_ROW_CHARACTERS = 400_000
"""A longer row is refused (DuckDB reads rows of up to 2 MB; a character takes up to 4 bytes)."""
TOO_LONG = f"the row is longer than {MAX_ROW_CHARACTERS:,} characters"

_SAMPLE_BYTES = 4 << 20
_BINARY_BYTES = 1 << 16
_CHUNK_BYTES = 8 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or a zip archive, not text. If it is a workbook, rename it "
    "to end in .xlsx; if it is an archive, unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) or one with a password, not text. Open it "
    "in Excel and save it as .xlsx without a password, or as CSV UTF-8",
    b"PAR1": "a Parquet file, not text. Rename it to end in .parquet",
    b"\x1f\x8b": "compressed with gzip. Unpack it",
}
_MARK_BYTES = "segmentation.mark_bytes"
_MARKED = re.compile("[\udc00-\udcff]")
_QUOTE_OPENS = re.compile(' *"')


def _mark_bytes(error: UnicodeError) -> tuple[str, int]:
    """Decode each byte that is not text as a lone surrogate, U+DC00 + byte, which no text holds.

    Byte 0x80 alone is the euro sign of Windows' GBK, which Python's codec does not know
    (https://encoding.spec.whatwg.org/#gb18030-decoder).
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.encoding == "gb18030" and error.object[error.start] == 0x80:
        return "€", error.start + 1
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_MARK_BYTES, _mark_bytes)


@dataclass(frozen=True)
class TextFormat:
    r"""How a delimited text file is written.

    Attributes
    ----------
    path : Path
        The file.
    encoding : str
        Python's name of the encoding; ``ascii`` when the beginning of the file does not tell.
    delimiter : str
        One of `DELIMITERS`.
    newline : str
        What ends the header's line: ``\n``, ``\r\n`` or ``\r``.
    blank_lines : int
        Blank lines above the header.
    header_lines : int
        Lines up to the end of the header, the blank ones above it included.
    headers : tuple of str
        The header's fields.
    """

    path: Path
    encoding: str
    delimiter: str
    newline: str
    blank_lines: int
    header_lines: int
    headers: tuple[str, ...]


def find_format(path: Path) -> TextFormat:
    """Read the beginning of a delimited text file and say how the file is written.

    Parameters
    ----------
    path : Path
        A file that exists.

    Returns
    -------
    TextFormat

    Raises
    ------
    InputError
        The file is empty, binary or in no known encoding, its header cannot be read, or nothing
        follows the header.
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    encoding = _find_encoding(path, sample)
    with path.open(encoding=encoding, errors=_MARK_BYTES, newline="") as text:
        lines = text.readlines(_SAMPLE_BYTES)
    blank_lines = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if blank_lines == len(lines):
        raise InputError(f"{path}: the file is empty. Put a header line and customers into it.")
    delimiter, headers, line_count = _read_header(path, lines[blank_lines:], blank_lines + 1)
    header_lines = blank_lines + line_count
    header = "".join(lines[blank_lines:header_lines])
    if marked := _MARKED.search(header):
        raise InputError(
            f"{path}: line {blank_lines + 1}: the header holds the byte {_hexadecimal(marked)}, "
            f"which is not {_display_name(encoding)}. Save the file as CSV UTF-8."
        )
    if len(sample) < _SAMPLE_BYTES and not "".join(lines[header_lines:]).strip():
        raise InputError(
            f"{path}: there is a header but no row below it. Export the customers with it."
        )
    newline = next((end for end in ("\r\n", "\r") if header.endswith(end)), "\n")
    return TextFormat(path, encoding, delimiter, newline, blank_lines, header_lines, headers)


def find_encoding_in_all_lines(path: Path) -> str:
    """Say whether a file without a byte order mark is UTF-8 or GB18030, from all its lines.

    Parameters
    ----------
    path : Path
        A text file.

    Returns
    -------
    str
        ``utf-8`` or ``gb18030``.

    Raises
    ------
    InputError
        More than one line in ten is neither.
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        return _likelier_encoding(path, file)


def _find_encoding(path: Path, sample: bytes) -> str:
    """Tell the encoding from the first bytes; ``ascii`` stands for "cannot tell yet"."""
    if not sample:
        raise InputError(
            f"{path}: the file is empty (0 bytes). Put a header line and customers into it."
        )
    for magic, description in _MAGIC.items():
        if sample.startswith(magic):
            raise InputError(f"{path}: this is {description}.")
    for bom, encoding in _BOMS.items():
        if sample.startswith(bom):
            return encoding
    if (offset := sample[:_BINARY_BYTES].find(b"\0")) >= 0:
        raise InputError(
            f"{path}: byte {offset} is zero, so this is a binary file, or UTF-16 without a byte "
            "order mark. Export the table as CSV UTF-8, .xlsx or Parquet."
        )
    if len(sample) == _SAMPLE_BYTES:
        sample = sample[: max(sample.rfind(b"\n"), sample.rfind(b"\r")) + 1]
        if not sample:
            raise InputError(
                f"{path}: no line ends within the first {_SAMPLE_BYTES >> 20} MB, so this is not "
                "a table. Export the table as CSV UTF-8, .xlsx or Parquet."
            )
    return "ascii" if sample.isascii() else _likelier_encoding(path, sample.splitlines(True))


def _likelier_encoding(path: Path, lines: Iterable[bytes]) -> str:
    """Choose the encoding in which fewer lines hold bytes that are not text.

    Most bytes of Chinese text in UTF-8 are text in GB18030 as well, though not the other way round:
    a file is UTF-8 when more lines prove it than contradict it.
    """
    wrong_lines = {"utf-8": 0, "gb18030": 0}
    first_wrong: dict[str, str] = {}
    line_count = offset = proofs = 0
    for line in lines:
        if not line.isascii():
            for encoding in wrong_lines:
                text = line.decode(encoding, _MARK_BYTES)
                if marked := _MARKED.search(text):
                    wrong_lines[encoding] += 1
                    position = offset + len(text[: marked.start()].encode(encoding))
                    first_wrong.setdefault(encoding, f"byte {position} ({_hexadecimal(marked)})")
            proofs += _is_utf8(line)
        line_count += 1
        offset += len(line)
    best = min(wrong_lines, key=lambda encoding: wrong_lines[encoding])
    if proofs > wrong_lines["utf-8"]:
        best = "utf-8"
    if wrong_lines[best] * 10 > line_count:
        raise InputError(
            f"{path}: the file is neither UTF-8 nor GB18030, nor marked as UTF-16: "
            f"{first_wrong[best]} is the first that is not {_display_name(best)}. Save the file "
            "as CSV UTF-8."
        )
    return best


def _is_utf8(line: bytes) -> bool:
    """Say whether bytes are UTF-8 by no chance: a character of theirs takes three bytes or more."""
    try:
        return max(line.decode("utf-8"), default="") >= "\u0800"
    except UnicodeDecodeError:
        return False


def _hexadecimal(marked: re.Match[str]) -> str:
    """Show the byte behind a surrogate of `_mark_bytes`."""
    return f"0x{ord(marked[0]) - 0xDC00:02X}"


def _display_name(encoding: str) -> str:
    """Name an encoding as people do."""
    return "UTF-8" if encoding in UTF8_ENCODINGS else encoding.upper()


def _read_header(path: Path, lines: list[str], line: int) -> tuple[str, tuple[str, ...], int]:
    """Split the header by the delimiter that gives most fields; count its lines, too."""
    found: list[tuple[str, tuple[str, ...], int]] = []
    for delimiter in DELIMITERS:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            found.append((delimiter, tuple(next(reader)), reader.line_num))
        except csv.Error:
            continue
    best = max(found, key=lambda candidate: len(candidate[1]), default=None)
    if best is None or (len(best[1]) == 1 and len(found) < len(DELIMITERS)):
        raise InputError(
            f"{path}: line {line}: the quotes in the header do not fit. A quoted name has a quote "
            'at either end, and a quote inside it is written twice (""). Correct the header.'
        )
    return best


def count_lines(text_format: TextFormat) -> int:
    """Count the lines between the header and the blank lines at the end of the file.

    Where no row has a line break of its own and no line is blank, that is the number of rows.

    Parameters
    ----------
    text_format : TextFormat
        The file and how it is written, in an encoding of `UTF8_ENCODINGS`.

    Returns
    -------
    int

    Raises
    ------
    OSError
        The file cannot be read.
    """
    newline = b"\r" if text_format.newline == "\r" else b"\n"
    line_ends = 0
    with text_format.path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            line_ends += chunk.count(newline)
        file.seek(-min(_CHUNK_BYTES, file.tell()), os.SEEK_END)
        tail = file.read()
    line_ends -= tail[len(tail.rstrip(b"\r\n")) :].count(newline)
    return line_ends + 1 - text_format.header_lines


def rewrite(text_format: TextFormat, target: Path) -> int:
    r"""Copy a delimited text file as UTF-8 in which every row has the same number of fields.

    Parameters
    ----------
    text_format : TextFormat
        The file and how it is written, with an encoding other than ``ascii``.
    target : Path
        The file to write, without a header: two fields, then as many as the header has. A row
        that cannot be split has the reason in the first field, its text in the second (bytes that
        are not text as ``\xFF``) and nothing in the rest; in others the first two are empty.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    InputError
        The file ends inside a quoted field; the message has the line on which the quote opens.
    OSError
        A file cannot be read or written.
    """
    delimiter = text_format.delimiter
    newline = "\r" if text_format.newline == "\r" else "\n"
    row_count = 0
    with (
        text_format.path.open(
            encoding=text_format.encoding, errors=_MARK_BYTES, newline=newline
        ) as source,
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        for text, problem in _RowReader(source, text_format).rows():
            row_count += 1
            if problem:
                shown = _MARKED.sub(lambda marked: rf"\x{_hexadecimal(marked)[2:]}", text)
                quoted = shown[:MAX_ROW_CHARACTERS].replace('"', '""')
                empty = delimiter * len(text_format.headers)
                copy.write(f'"{problem}"{delimiter}"{quoted}"{empty}\n')
            else:
                copy.write(f"{delimiter}{delimiter}{text}\n")
    return row_count


class _RowReader:
    """Put the lines of a file together to rows, without a loop over the fields of sound rows."""

    def __init__(self, lines: Iterable[str], text_format: TextFormat) -> None:
        self._format = text_format
        self._lines = enumerate(lines, start=1)
        self._put_back: deque[tuple[int, str]] = deque()
        delimiter = re.escape(text_format.delimiter)
        field = rf'(?: *+"[^"]*+(?:""[^"]*+)*+" *+|(?! *")[^{delimiter}\r\n]*+)'
        more = len(text_format.headers) - 1
        # Empty fields beyond the last header are nothing, to DuckDB as well.
        self._sound_row = re.compile(
            f'{field}(?:{delimiter}{field}){{{more}}}(?:{delimiter}(?:"")?)*'
        )

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield each row's text without its line end, and what is wrong with it ("" if nothing)."""
        for _ in range(self._format.header_lines):
            next(self._lines)
        while line := self._next_line():
            text = _without_line_end(line[1])
            if not text.strip(" "):
                continue
            problem = ""
            if not self._sound_row.fullmatch(text):
                text, problem = self._read_irregular_row(line)
            elif len(text) > MAX_ROW_CHARACTERS:
                problem = TOO_LONG
            if marked := _MARKED.search(text):
                encoding = _display_name(self._format.encoding)
                problem = f"the byte {_hexadecimal(marked)} is not {encoding}"
            elif self._format.encoding == "gb18030" and _is_utf8(text.encode("gb18030")):
                problem = "the row is UTF-8, but the file is GB18030"
            yield text, problem

    def _next_line(self) -> tuple[int, str] | None:
        """Give the next line and its number in the file."""
        return self._put_back.popleft() if self._put_back else next(self._lines, None)

    def _read_irregular_row(self, line: tuple[int, str]) -> tuple[str, str]:
        """Read a row that is not one sound line: one over several lines, or a malformed one."""
        row = [line]
        delimiters = length = 0
        in_quotes = False
        while True:
            count, in_quotes, problem = _walk(
                _without_line_end(line[1]), in_quotes, self._format.delimiter
            )
            delimiters += count
            length += len(line[1])
            if length > MAX_ROW_CHARACTERS:
                problem = TOO_LONG
            if problem or not in_quotes:
                break
            following = self._next_line()
            if following is None:
                problem = self._explain_open_quote(row)
                break
            line = following
            row.append(line)
        if problem:
            self._put_back.extendleft(reversed(row[1:]))
            return _without_line_end(row[0][1]), problem
        text = _without_line_end("".join(text for _, text in row))
        if not self._sound_row.fullmatch(text):
            problem = f"{delimiters + 1} fields, but the header has {len(self._format.headers)}"
        return text, problem

    def _explain_open_quote(self, row: list[tuple[int, str]]) -> str:
        """Tell a stray quote, with sound rows below it, from a file that is cut off."""
        if any(self._sound_row.fullmatch(_without_line_end(text)) for _, text in row[1:]):
            return "a quote opens in this row and is never closed"
        raise InputError(
            f"{self._format.path}: line {row[0][0]}: a quote opens in this row and is never "
            "closed: the file ends inside the quoted field. Fetch the file again, it is cut off; "
            "or correct the quote in that line."
        )


def _without_line_end(text: str) -> str:
    """Drop one line end."""
    return text.removesuffix("\n").removesuffix("\r")


def _walk(text: str, in_quotes: bool, delimiter: str) -> tuple[int, bool, str]:
    """Count the delimiters of a line that separate fields.

    Returns
    -------
    tuple of int, bool, str
        The count, whether the line ends inside a quoted field, and what is wrong ("" if nothing).
    """
    count = position = 0
    while True:
        opening = None if in_quotes else _QUOTE_OPENS.match(text, position)
        quoted = in_quotes or opening is not None
        if quoted:
            position = _find_closing_quote(text, opening.end() if opening else position)
            if position < 0:
                return count, True, ""
            position += 1
            in_quotes = False
        end = text.find(delimiter, position)
        rest = text[position:] if end < 0 else text[position:end]
        if quoted and rest.strip(" "):
            return count, False, "text follows the closing quote of a field"
        if "\r" in rest or "\n" in rest:
            return count, False, "a line break inside a field without quotes"
        if end < 0:
            return count, False, ""
        count += 1
        position = end + 1


def _find_closing_quote(text: str, position: int) -> int:
    """Find the next quote that is not doubled; -1 when there is none."""
    while (position := text.find('"', position)) >= 0 and text.startswith('""', position):
        position += 2
    return position
