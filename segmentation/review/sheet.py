"""Write the review sheet: a workbook that a person of the business fills in without help.

The first sheet says what to do and what the machine thinks; each further one is a segmentation
(`profile`). What the workbook was written from, and where its answers are, is kept in a hidden cell
that is named `STATE_NAME`.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils import quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.worksheet import Worksheet

from segmentation.files import write_whole
from segmentation.review.cells import (
    BOLD,
    BOLD_CENTRE,
    CENTRE,
    HEAD,
    INPUT,
    KEY,
    LABEL,
    PLAIN,
    RED,
    TITLE,
    both,
    finish,
    link,
    put,
    put_band,
    set_height,
)
from segmentation.review.evidence import TECHNICAL_CRITERIA, Candidate, Evidence, Text
from segmentation.review.profile import SCORE_COLUMN, TOP, AnswerPlaces, fill_profile
from segmentation.review.words import (
    LEGEND,
    READ_ME,
    SCALE,
    STEPS,
    TECHNICAL,
    in_short,
    technical_verdict,
)

STATE_NAME = "review_sheet"
STATE_VERSION = 1
REVIEWER_KEY = "reviewer"

_SHEET_WIDTH, _SHORT_WIDTH, _TECHNICAL_WIDTH = 9.0, 34.0, 21.0


def write_sheet(evidence: Evidence, output: Path) -> None:
    """Write the review sheet.

    Parameters
    ----------
    evidence : Evidence
        What it shows.
    output : Path
        The workbook; its folder is made, and it is replaced when it exists.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    workbook = Workbook()
    first = workbook.worksheets[0]
    first.title = READ_ME
    places = {
        candidate.title: fill_profile(workbook.create_sheet(candidate.title), candidate, evidence)
        for candidate in evidence.candidates
    }
    state = {
        "version": STATE_VERSION,
        "reviewer": _fill_read_me(first, evidence, places),
        "sheets": {
            candidate.title: {
                "segmentation_id": candidate.segmentation_id,
                "fingerprint": evidence.fingerprints[candidate.segmentation_id],
                "comment_column": places[candidate.title].comment_column,
                "rows": places[candidate.title].rows,
            }
            for candidate in evidence.candidates
        },
    }
    cell = first.cell(1, KEY, json.dumps(state))
    workbook.defined_names[STATE_NAME] = DefinedName(
        STATE_NAME, attr_text=f"{quote_sheetname(READ_ME)}!$A${cell.row}", hidden=True
    )
    workbook.security = WorkbookProtection(lockStructure=True)
    content = io.BytesIO()
    workbook.save(content)
    write_whole(output, content.getvalue())


def _fill_read_me(sheet: Worksheet, evidence: Evidence, places: dict[str, AnswerPlaces]) -> str:
    """Fill the first sheet and give the cell for the reviewer's name."""
    widths = [4.0, _SHEET_WIDTH, 7.0, 19.0, *[_TECHNICAL_WIDTH] * len(TECHNICAL_CRITERIA)]
    widths += [*[14.0] * len(evidence.questions), 12.0, _SHORT_WIDTH, 11.0]
    columns, width = len(widths), sum(widths[1:])

    title = ("客户分群业务评审表", "Business review of the customer segments")
    put(sheet, 1, LABEL, both(title, "　"), TITLE, until=columns)
    sheet.row_dimensions[1].height = 30
    row = put_band(sheet, 2, columns, ("怎么填：五步", "What to do, in five steps"))
    fields = {
        "sheets": "、".join(item.title for item in evidence.candidates),
        "questions": str(len(evidence.questions)),
    }
    for number, step in enumerate(STEPS, start=1):
        text = both(step).format(**fields)
        put(sheet, row, LABEL, number, BOLD_CENTRE)
        put(sheet, row, LABEL + 1, text, until=columns)
        set_height(sheet, row, (text, width - _SHEET_WIDTH))
        row += 1
    row = put_band(sheet, row, columns, ("您的姓名", "Your name"))
    sheet.cell(row, KEY, REVIEWER_KEY)
    put(sheet, row, LABEL, "姓名\nName", BOLD, until=3)
    reviewer = put(sheet, row, 4, None, INPUT, until=6).coordinate
    sheet.row_dimensions[row].height = 34
    heading = ("打分标准：问题里说的，做到了几分？", "The scale: how far is the answer yes?")
    row = put_band(sheet, row + 1, columns, heading)
    put(sheet, row, LABEL, "分数\nScore", BOLD, until=3)
    for score, words in enumerate(SCALE, start=1):
        put(sheet, row, 3 + score, f"{score} = {both(words)}", CENTRE)
    sheet.row_dimensions[row].height = 34
    heading = ("有哪几种分法，机器怎么看", "The segmentations, and what the machine thinks")
    row = put_band(sheet, row + 1, columns, heading)
    row = _fill_overview(sheet, row, evidence, places)
    heading = ("结论与理由", "What was decided, and why")
    row = put_band(sheet, row, columns, heading)
    for text in evidence.reason:
        put(sheet, row, LABEL, text, until=columns)
        set_height(sheet, row, (text, width))
        row += 1
    row = put_band(sheet, row, columns, ("颜色", "Colours"))
    put(sheet, row, LABEL, both(LEGEND), until=columns)
    set_height(sheet, row, (both(LEGEND), width))
    finish(sheet, widths, row)
    sheet.freeze_panes = "A2"
    return reviewer


def _fill_overview(
    sheet: Worksheet, row: int, evidence: Evidence, places: dict[str, AnswerPlaces]
) -> int:
    """Write a line a segmentation, and give the next row."""
    headings: list[Text] = [
        ("工作表", "Sheet"),
        ("群数", "K"),
        ("各群客户数\n最小–最大", "Customers\nsmallest–largest"),
        *(TECHNICAL[name] for name in TECHNICAL_CRITERIA),
        *((f"{item.label[0]}\n计算得分", item.label[1]) for item in evidence.questions),
        ("加权得分\n满分 5", "Weighted\nof 5"),
        ("结论", "In short"),
        ("您已答", "Answered"),
    ]
    for column, heading in enumerate(headings, start=LABEL):
        put(sheet, row, column, both(heading), HEAD)
    sheet.row_dimensions[row].height = 66
    for line, candidate in enumerate(evidence.candidates, start=row + 1):
        _fill_overview_line(sheet, line, candidate, evidence, places[candidate.title])
    return row + len(evidence.candidates) + 1


def _fill_overview_line(
    sheet: Worksheet, row: int, candidate: Candidate, evidence: Evidence, places: AnswerPlaces
) -> None:
    """Write what the machine thinks of a segmentation, and how much of it is answered."""
    style = replace(BOLD_CENTRE if candidate.is_final else CENTRE, number_format="0.0")
    sizes = [segment.customers for segment in candidate.segments]
    verdicts = [both(technical_verdict(candidate, name)) or "–" for name in TECHNICAL_CRITERIA]
    findings = [candidate.findings.get(item.criterion) for item in evidence.questions]
    short = "\n".join(map(both, in_short(candidate)))
    cells: list[str | float | None] = [
        candidate.title,
        f"{candidate.k}",
        f"{min(sizes):,} – {max(sizes):,}",
        *verdicts,
        *(finding.score if finding else None for finding in findings),
        candidate.computed_score,
    ]
    for column, value in enumerate(cells, start=LABEL):
        put(sheet, row, column, value, style)
    column = LABEL + len(cells)
    is_weak = not candidate.is_supported
    put(sheet, row, column, short, RED if is_weak else BOLD if candidate.is_final else PLAIN)
    answered = put(sheet, row, column + 1, None, CENTRE)
    lines = f"{SCORE_COLUMN}{min(places.rows.values())}:{SCORE_COLUMN}{max(places.rows.values())}"
    where = f"{quote_sheetname(candidate.title)}!{lines}"
    answered.value = f'=COUNT({where})&" / {len(places.rows)}"'
    link(put(sheet, row, LABEL, candidate.title, style), candidate.title, TOP)
    texts = [(verdict, _TECHNICAL_WIDTH) for verdict in verdicts]
    set_height(sheet, row, (short, _SHORT_WIDTH), *texts, least=36)
