"""Read a filled review sheet back into ``business_review.csv``."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from segmentation.dictionary.attributes import check_seeds
from segmentation.dictionary.seed_checks import parse_number
from segmentation.dictionary.seed_csv import read_rows
from segmentation.dictionary.words import CRITERION_COLUMNS, REVIEW_COLUMNS, SELECTION_CRITERIA
from segmentation.errors import InputError
from segmentation.files import write_whole
from segmentation.review.cells import KEY_COLUMN
from segmentation.review.profile import SCORE_COLUMN
from segmentation.review.sheet import REVIEWER_KEY, STATE_NAME, STATE_VERSION
from segmentation.review.words import READ_ME

_ANEW = "Write the sheet anew with segmentation review-sheet"


@dataclass(frozen=True)
class Answer:
    """A score that a person gave, as the seed writes it."""

    segmentation_id: str
    criterion: str
    score: str
    comment: str


@dataclass(frozen=True)
class Review:
    """What a filled sheet says; `notices` say what of it is not kept."""

    reviewer: str
    answers: tuple[Answer, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class _SheetState:
    """What a sheet of the workbook was written from, and where its answers were put."""

    segmentation_id: str
    fingerprint: str
    comment_column: str
    rows: dict[str, int]


@dataclass(frozen=True)
class _Cells:
    """A sheet twice: with the values of its formulas, and with the formulas."""

    title: str
    values: Worksheet
    formulas: Worksheet

    def place(self, cell: str) -> str:
        """Say where a cell is."""
        return f"sheet {self.title!r}, cell {cell}"

    def value(self, cell: str, faults: list[str]) -> object:
        """Give the value of a cell; note a formula that has none, or that is an error."""
        found = self.values[cell]
        if found.data_type == "e":
            faults.append(f"{self.place(cell)}: this is the error {found.value}. Write a value.")
            return None
        if self.formulas[cell].data_type == "f" and found.value is None:
            faults.append(
                f"{self.place(cell)}: this is a formula without a stored value. Write its value, "
                "or for a text that begins with = put an apostrophe before it."
            )
            return None
        return found.value


def read_review(
    workbook: Path, fingerprints: Mapping[str, str] | None, criteria: Collection[str]
) -> Review:
    """Read a filled review sheet.

    Parameters
    ----------
    workbook : Path
        A workbook of `write_sheet`, filled in.
    fingerprints : mapping of str to str, or None
        The fingerprints of the segmentations as they are now, by their id, which the sheet's must
        equal; None to take an older sheet too.
    criteria : collection of str
        The criteria that have a weight.

    Returns
    -------
    Review
        The scores that were given; a blank one is no answer.

    Raises
    ------
    InputError
        Every fault of the workbook, a line each: sheet, cell, remedy.
    """
    values, formulas = _load(workbook, data_only=True), _load(workbook, data_only=False)
    reviewer_cell, sheets = _read_state(workbook, values)
    faults = [
        f"sheet {title!r}: this sheet was not there when the workbook was written. Remove it, or "
        "give it its old name back; remarks belong into the comment cells."
        for title in values.sheetnames
        if title not in sheets and title != READ_ME
    ]
    notices: list[str] = []
    reviewer = ""
    answers: list[Answer] = []
    if READ_ME in values.sheetnames:
        first = _Cells(READ_ME, values[READ_ME], formulas[READ_ME])
        reviewer = _read_reviewer(first, reviewer_cell, faults)
    else:
        faults.append(_missing_sheet(READ_ME))
    for title, state in sheets.items():
        if title not in values.sheetnames:
            faults.append(_missing_sheet(title))
            continue
        if fault := _staleness(state, fingerprints):
            faults.append(f"sheet {title!r}: {fault}")
        cells = _Cells(title, values[title], formulas[title])
        answers += _read_answers(cells, state, criteria, faults, notices)
    if not faults and not answers:
        faults.append(
            f"sheets {', '.join(sheets)}: no score is filled in. Score at least one question, in "
            f"the yellow cells of column {SCORE_COLUMN}."
        )
    if faults:
        raise InputError("\n".join(f"{workbook}: {fault}" for fault in faults))
    return Review(reviewer, tuple(answers), tuple(f"{workbook}: {notice}" for notice in notices))


def _missing_sheet(title: str) -> str:
    """Say that a sheet is missing."""
    return (
        f"sheet {title!r}: this sheet is missing. Restore it or give it its old name back; what is "
        "not judged may stay blank."
    )


def _load(workbook: Path, data_only: bool) -> Workbook:
    """Open a workbook with the values or with the formulas of its formula cells."""
    try:
        return load_workbook(io.BytesIO(workbook.read_bytes()), data_only=data_only)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError):
        raise InputError(
            f"{workbook}: this is not an Excel workbook that can be read. Save it as .xlsx, "
            "without a password."
        ) from None


def _read_state(workbook: Path, book: Workbook) -> tuple[str, dict[str, _SheetState]]:
    """Read where the answers are; raise when the workbook is no review sheet."""
    try:
        (title, cell), *_ = book.defined_names[STATE_NAME].destinations
        state: dict[str, Any] = json.loads(str(book[title][cell.replace("$", "")].value))
        if state["version"] != STATE_VERSION:
            raise ValueError("version")
        sheets = {name: _SheetState(**fields) for name, fields in state["sheets"].items()}
        return str(state["reviewer"]), sheets
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(
            f"{workbook}: this is no review sheet of this version, its hidden cell {STATE_NAME} "
            f"is missing or changed. {_ANEW}, and copy the answers over."
        ) from None


def _staleness(state: _SheetState, fingerprints: Mapping[str, str] | None) -> str | None:
    """Say why a sheet does not speak of the segmentation as it is now."""
    if fingerprints is None or fingerprints.get(state.segmentation_id) == state.fingerprint:
        return None
    name = state.segmentation_id
    what = "has other segments now" if name in fingerprints else "is no candidate any more"
    return (
        f"it was written from another build, {name} {what}. {_ANEW} and have it filled in once "
        "more, or take the scores over with --force."
    )


def _key_fault(cells: _Cells, key: str, row: int, cell: str) -> str | None:
    """Say that a cell is no longer where it was put, by the hidden key of its row."""
    if cells.values[f"{KEY_COLUMN}{row}"].value == key:
        return None
    now = [found.row for found in cells.values[KEY_COLUMN] if found.value == key]
    where = f"{key} is in row {now[0]} now" if now else f"{key} is not to be found"
    return (
        f"{cells.place(cell)}: rows were moved, {where}. Undo the inserted, deleted or sorted "
        f"rows. Else: {_ANEW[0].lower()}{_ANEW[1:]} and copy the answers over."
    )


def _read_reviewer(cells: _Cells, cell: str, faults: list[str]) -> str:
    """Read who filled in the sheet."""
    row = int("".join(filter(str.isdigit, cell)))
    if fault := _key_fault(cells, REVIEWER_KEY, row, cell):
        faults.append(fault)
        return ""
    noted = len(faults)
    reviewer = _text(cells.value(cell, faults))
    if not reviewer and len(faults) == noted:
        faults.append(f"{cells.place(cell)}: the reviewer is missing. Write your name there.")
    return reviewer


def _read_answers(
    cells: _Cells,
    state: _SheetState,
    criteria: Collection[str],
    faults: list[str],
    notices: list[str],
) -> list[Answer]:
    """Read the scores and comments of one sheet."""
    answers = []
    for criterion, row in state.rows.items():
        place, beside = f"{SCORE_COLUMN}{row}", f"{state.comment_column}{row}"
        if fault := _key_fault(cells, criterion, row, place):
            faults.append(fault)
            continue
        comment = _text(cells.value(beside, faults))
        value = cells.value(place, faults)
        if not _text(value):
            if comment:
                notices.append(
                    f"{cells.place(beside)}: this comment is not kept, as its score "
                    f"{SCORE_COLUMN}{row} is blank."
                )
            continue
        score = _score(value)
        if score is None:
            faults.append(
                f"{cells.place(place)}: the score is {_text(value)!r}. Write a number from 1 "
                "(worst) to 5 (best), such as 4 or 3.5, or clear it."
            )
        elif criterion not in criteria:
            faults.append(
                f"{cells.place(place)}: {criterion} has no weight in selection_criteria.csv, so "
                "it is not scored. Clear the score, or give the criterion a weight."
            )
        else:
            answers.append(Answer(state.segmentation_id, criterion, f"{score:.15g}", comment))
    return answers


def _score(value: object) -> float | None:
    """Take a score from 1 to 5, as a number or written as a text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = parse_number(unicodedata.normalize("NFKC", value).strip())
    if isinstance(value, int | float) and 1 <= value <= 5:
        return float(value)
    return None


def _text(value: object) -> str:
    """Give the text of a cell in one line."""
    if isinstance(value, float):
        return format(value, ".15g")
    return "" if value is None else " ".join(str(value).split())


def weighted_criteria(seeds_dir: Path) -> tuple[str, ...]:
    """Read the criteria that have a weight; all, where the seed is missing."""
    path = seeds_dir / "selection_criteria.csv"
    if not path.exists():
        return SELECTION_CRITERIA
    return tuple(
        row["criterion"]
        for _, row in read_rows(path, CRITERION_COLUMNS, [])
        if (parse_number(row["weight"]) or 0) > 0
    )


def write_reviews(seeds_dir: Path, reviews: Sequence[Review]) -> bool:
    """Write reviews into ``business_review.csv``, one after the other.

    What a person scores in a segmentation replaces all that this person said of it before;
    everything else is kept. A person is who has the same name, whatever its case and the blanks
    around it, and keeps the spelling of the seed. Rows are sorted by reviewer, segmentation and
    criterion.

    Parameters
    ----------
    seeds_dir : Path
        The folder of the seeds.
    reviews : sequence of Review
        The reviews.

    Returns
    -------
    bool
        Whether the file changed.

    Raises
    ------
    InputError
        The seeds have a fault already, or the file cannot be written; nothing is written.
    """
    check_seeds(seeds_dir)
    path = seeds_dir / "business_review.csv"
    rows = [row for _, row in read_rows(path, REVIEW_COLUMNS, [])]
    for review in reviews:
        spellings = {_person(row["reviewer"]): row["reviewer"] for row in reversed(rows)}
        reviewer = spellings.get(_person(review.reviewer), review.reviewer)
        scored = {answer.segmentation_id for answer in review.answers}
        rows = [
            row
            for row in rows
            if _person(row["reviewer"]) != _person(reviewer) or row["segmentation_id"] not in scored
        ]
        rows += [
            {
                "reviewer": reviewer,
                "segmentation_id": answer.segmentation_id,
                "criterion": answer.criterion,
                "score": answer.score,
                "comment": answer.comment,
            }
            for answer in review.answers
        ]
    rows.sort(key=lambda row: (row["reviewer"], row["segmentation_id"], row["criterion"]))
    text = io.StringIO()
    writer = csv.DictWriter(text, REVIEW_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode("utf-8")
    if content == path.read_bytes():
        return False
    write_whole(path, content)
    return True


def _person(name: str) -> str:
    """Give what two spellings of one name have in common."""
    return " ".join(name.split()).casefold()
