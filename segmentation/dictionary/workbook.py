"""The seeds as an Excel workbook, for the people who know the business and work in Excel.

`export_workbook` writes a sheet a seed. `compare_workbook` reads the workbook back and holds it
against the seeds, `check_changes` refuses what `check_seeds` refuses, and
`write_changes` rewrites the lines that changed and no others.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from segmentation.dictionary.attributes import find_faults
from segmentation.dictionary.seed_checks import parse_number
from segmentation.dictionary.seed_csv import SeedFile, find_width_fault, read_seed
from segmentation.dictionary.words import WORDS
from segmentation.errors import InputError
from segmentation.files import write_whole

_SHEETS = {
    "data_dictionary": "数据词典",
    "attribute_levels": "取值与顺序",
    "feature_bins": "分档",
    "category_flags": "品类标记",
    "segment_traits": "分群用语",
    "segment_names": "人工命名",
    "theme_indicators": "主题指标",
    "selection_criteria": "业务价值之肘",
    "playbooks": "运营打法",
    "playbook_triggers": "打法触发条件",
}
_KEPT_ELSEWHERE = ("business_review",)
"""Seeds without a sheet: reviewers fill in a form of their own."""
_HEADINGS = {
    "attribute": "属性",
    "aliases": "其他列名（用 | 分隔）",
    "label_zh": "中文名称",
    "label_en": "英文名称",
    "definition_zh": "中文定义",
    "definition_en": "英文定义",
    "data_type": "数据类型",
    "role": "角色",
    "transform": "变换",
    "theme": "主题",
    "direction": "方向",
    "unit": "单位",
    "is_required": "是否必需",
    "missing_policy": "缺失值处理",
    "missing_tokens": "缺失标记（用 | 分隔）",
    "valid_min": "有效下限",
    "valid_max": "有效上限",
    "out_of_range_policy": "越界处理",
    "derivation": "推导（SQL 或来源属性）",
    "level": "取值",
    "level_order": "顺序",
    "feature": "分档特征",
    "bound_type": "界限类型",
    "lower_bound": "下界（含）",
    "flag": "标记",
    "slot": "用语位置",
    "min_effect": "效应下限（含）",
    "max_effect": "效应上限（不含）",
    "phrase_zh": "中文用语",
    "phrase_en": "英文用语",
    "segmentation_id": "分群方案",
    "segment_id": "群体编号",
    "name_zh": "中文群名",
    "name_en": "英文群名",
    "reason": "理由",
    "except_attribute": "例外：属性",
    "except_level": "例外：取值",
    "criterion": "评判标准",
    "question_zh": "中文问题",
    "question_en": "英文问题",
    "knock_out_below": "淘汰线（低于）",
    "worst_value": "得 1 分的值",
    "best_value": "得 5 分的值",
    "weight": "权重（合计为 1）",
    "playbook": "打法",
    "goal_zh": "中文目标",
    "goal_en": "英文目标",
    "action_zh": "中文行动",
    "action_en": "英文行动",
    "kpi": "衡量指标（属性）",
    "priority": "优先级（1 最高）",
    "min_share": "占比下限（含）",
    "min_lift": "提升度下限（含）",
}
_SPARE_ROWS = 500
"""Empty rows below the data that have drop-downs too."""
_LONGEST_TEXT = 32_767
"""Characters that Excel keeps in a cell."""


@dataclass(frozen=True)
class Change:
    """One difference between a sheet and its seed.

    Attributes
    ----------
    kind : str
        ``added``, ``removed`` or ``changed``.
    key : str
        What names the row.
    cells : tuple of (column, old, new)
        The changed cells; of an added or removed row, those that are not blank.
    """

    kind: str
    key: str
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class SeedChanges:
    """What a sheet would change in its seed.

    Attributes
    ----------
    seed : SeedFile
        The seed as it is.
    title : str
        The sheet.
    changes : tuple of Change
        The differences; none when the seed stays as it is.
    records : tuple of (str, int or None)
        The text of each of the seed's records after the change, and its row in the sheet.
    """

    seed: SeedFile
    title: str
    changes: tuple[Change, ...]
    records: tuple[tuple[str, int | None], ...]

    @property
    def content(self) -> bytes:
        """The seed's bytes after the change."""
        bom = "\ufeff" if self.seed.has_bom else ""
        return (bom + "".join(raw for raw, _ in self.records)).encode("utf-8")


@dataclass(frozen=True)
class Comparison:
    """A workbook held against the seeds; `notices` say what of the workbook was not used."""

    seeds_dir: Path
    seeds: tuple[SeedChanges, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class _SheetRow:
    """A filled row of a sheet: its number and its values in the order of the seed's columns."""

    number: int
    values: list[object]


def sheet_title(stem: str) -> str:
    """Name the sheet of a seed, given its file name without ``.csv``."""
    return f"{_SHEETS.get(stem, '')} {stem}".strip()[:31]


def export_workbook(seeds_dir: Path, output: Path) -> None:
    """Write all seeds of a folder, but for the reviews, into one workbook.

    Parameters
    ----------
    seeds_dir : Path
        The folder of the CSV files.
    output : Path
        The workbook; replaced when it exists.

    Raises
    ------
    InputError
        There is no seed, a seed cannot be read, or a text does not fit into Excel.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for path in _seed_paths(seeds_dir):
        _fill_sheet(workbook.create_sheet(sheet_title(path.stem)), _read(path))
    content = io.BytesIO()
    workbook.save(content)
    write_whole(output, content.getvalue())


def _seed_paths(seeds_dir: Path) -> list[Path]:
    """List the seeds that have a sheet, those that the workbook is about first."""
    known = list(_SHEETS)
    paths = sorted(
        (path for path in seeds_dir.glob("*.csv") if path.stem not in _KEPT_ELSEWHERE),
        key=lambda path: (known.index(path.stem) if path.stem in known else len(known), path.stem),
    )
    if not paths:
        raise InputError(f"{seeds_dir}: there is no CSV file. Name the seeds folder with --seeds.")
    return paths


def _read(path: Path) -> SeedFile:
    """Read a seed whose rows must all be as wide as its header."""
    seed = read_seed(path)
    if not seed.header:
        raise InputError(f"{path}: the file is empty. Restore it from git.")
    for record in seed.rows:
        if fault := find_width_fault(seed, record):
            raise InputError(str(fault))
    return seed


def _fill_sheet(sheet: Worksheet, seed: SeedFile) -> None:
    """Write one seed: headings in both languages, every cell as text."""
    headings = [f"{_HEADINGS.get(name, '')}\n{name}".strip() for name in seed.header]
    for number, record in enumerate(seed.rows, start=2):
        for column, text in enumerate(record.fields, start=1):
            if ILLEGAL_CHARACTERS_RE.search(text) or len(text) > _LONGEST_TEXT:
                raise InputError(
                    f"{seed.path}:{record.line}: {seed.header[column - 1]} has a control character "
                    f"or more than {_LONGEST_TEXT} characters, which Excel cannot hold. Shorten it."
                )
            if text:
                cell = sheet.cell(number, column)
                cell.value = text
                cell.data_type = "s"  # text even when it begins with '='
                cell.number_format = "@"
                cell.alignment = Alignment(vertical="top", wrap_text=True)
    last_row = len(seed.rows) + 1
    for column, (name, heading) in enumerate(zip(seed.header, headings, strict=True), start=1):
        cell = sheet.cell(1, column, heading)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E78")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        letter = get_column_letter(column)
        texts = [*heading.splitlines(), *(record.fields[column - 1] for record in seed.rows)]
        sheet.column_dimensions[letter].width = min(max(map(_display_width, texts)) + 3, 60)
        sheet.column_dimensions[letter].number_format = "@"
        if name in WORDS:
            _add_drop_down(sheet, name, f"{letter}2:{letter}{last_row + _SPARE_ROWS}")
    sheet.row_dimensions[1].height = 33
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(seed.header))}{last_row}"


def _display_width(text: str) -> int:
    """Count the columns a text takes; East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _add_drop_down(sheet: Worksheet, name: str, cells: str) -> None:
    """Let a range of cells take only the words of a column."""
    words = WORDS[name]
    validation = DataValidation(
        type="list",
        formula1=f'"{",".join(filter(None, words))}"',
        allow_blank="" in words,
        showErrorMessage=True,
        errorTitle=name,
        error="请从下拉列表中选择。Choose from the list.",
    )
    validation.add(cells)
    sheet.add_data_validation(validation)


def compare_workbook(workbook: Path, seeds_dir: Path) -> Comparison:
    """Hold a workbook against the seeds.

    Parameters
    ----------
    workbook : Path
        A workbook of `export_workbook`, edited.
    seeds_dir : Path
        The folder of the CSV files.

    Returns
    -------
    Comparison
        One entry a seed that has a sheet, changed or not.

    Raises
    ------
    InputError
        The file is no workbook, no sheet belongs to a seed, a sheet lacks a column, or a cell holds
        an error or a formula without a value.
    """
    values, formulas = _load(workbook, data_only=True), _load(workbook, data_only=False)
    paths = {sheet_title(path.stem): path for path in _seed_paths(seeds_dir)}
    notices = [
        f"The sheet {title!r} is ignored: no seed belongs to it."
        for title in values.sheetnames
        if title not in paths
    ]
    seeds = []
    for title, path in paths.items():
        if title in values.sheetnames:
            cells = _read_cells(title, values[title], formulas[title])
            seeds.append(_compare(title, cells, _read(path), notices))
        else:
            notices.append(f"{path.name} stays as it is: there is no sheet {title!r}.")
    if not seeds:
        raise InputError(
            f"{workbook}: no sheet belongs to a seed. Name the sheets {', '.join(paths)}."
        )
    return Comparison(seeds_dir, tuple(seeds), tuple(notices))


def _load(workbook: Path, data_only: bool) -> Workbook:
    """Open a workbook for reading, with the values or with the formulas of its formula cells."""
    try:
        content = io.BytesIO(workbook.read_bytes())
        return load_workbook(content, read_only=True, data_only=data_only)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError):
        raise InputError(
            f"{workbook}: this is not an Excel workbook that can be read. Save it as .xlsx, "
            "without a password."
        ) from None


def _read_cells(
    title: str, values: ReadOnlyWorksheet, formulas: ReadOnlyWorksheet
) -> list[list[object]]:
    """Read the values of a sheet, row by row from the first; raise on what has no value."""
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # other programs write a wrong one
    faults: list[str] = []
    rows: list[list[object]] = []
    pairs = zip(values.rows, formulas.rows, strict=True)
    for row_number, (row, sources) in enumerate(pairs, start=1):
        rows.append([cell.value for cell in row])
        for column, (cell, source) in enumerate(zip(row, sources, strict=True), start=1):
            place = f"sheet {title!r}, cell {get_column_letter(column)}{row_number}"
            if cell.data_type == "e":
                faults.append(f"{place}: this is the error {cell.value}. Write a value.")
            elif source.data_type == "f" and cell.value is None:
                faults.append(f"{place}: this formula has no stored value. Paste it as a value.")
    if faults:
        raise InputError("\n".join(faults))
    return rows


def _compare(
    title: str, cells: list[list[object]], seed: SeedFile, notices: list[str]
) -> SeedChanges:
    """Match the rows of a sheet with those of its seed by key, and list the differences.

    Rows keep the seed's order. A new row comes after the one that it follows in the sheet.
    """
    key_width = _key_width(seed)
    matched, added = _match(_sheet_rows(title, cells, seed, notices), seed, key_width)
    line_end = "\r\n" if seed.records[0].raw.endswith("\r\n") else "\n"
    blank = ("",) * len(seed.header)
    differences = partial(_differences, seed.header)
    changes: list[Change] = []
    records: list[tuple[str, int | None]] = []

    for index, record in enumerate(seed.records):
        key = ", ".join(record.fields[:key_width])
        if index == 0 or record.is_blank:
            records.append((record.raw, 1 if index == 0 else None))
        elif index not in matched:
            changes.append(Change("removed", key, differences(record.fields, blank)))
        else:
            row = matched[index]
            cells_changed = differences(record.fields, row.values)
            if cells_changed:
                changes.append(Change("changed", key, cells_changed))
                raw = _csv_line(list(map(_merged, record.fields, row.values)), line_end)
                records.append((raw, row.number))
            else:
                records.append((record.raw, row.number))
        for row in added.get(index, []):
            texts = list(map(_text, row.values))
            key = ", ".join(texts[:key_width])
            changes.append(Change("added", key, differences(blank, row.values)))
            records.append((_csv_line(texts, line_end), row.number))
    for index, (raw, number) in enumerate(records[:-1]):
        if not raw.endswith(("\n", "\r")):
            records[index] = (raw + line_end, number)
    return SeedChanges(seed, title, tuple(changes), tuple(records))


def _match(
    rows: list[_SheetRow], seed: SeedFile, key_width: int
) -> tuple[dict[int, _SheetRow], dict[int, list[_SheetRow]]]:
    """Find the record of each row of a sheet by its key.

    Returns
    -------
    matched, added : dict
        The row that belongs to a record, by the record's index, and the rows that belong to none,
        by the index of the record they follow.
    """
    free: dict[tuple[str, ...], list[int]] = {}
    for index, record in enumerate(seed.records):
        if index > 0 and not record.is_blank:
            free.setdefault(tuple(map(_plain, record.fields[:key_width])), []).append(index)
    matched: dict[int, _SheetRow] = {}
    added: dict[int, list[_SheetRow]] = {}
    before = 0
    for row in rows:
        indices = free.get(tuple(map(_text, row.values[:key_width])))
        if indices:
            before = indices.pop(0)
            matched[before] = row
        else:
            added.setdefault(before, []).append(row)
    return matched, added


def _key_width(seed: SeedFile) -> int:
    """Count the first columns that together name a row."""
    for width in range(1, len(seed.header)):
        if len({record.fields[:width] for record in seed.rows}) == len(seed.rows):
            return width
    return len(seed.header)


def _sheet_rows(
    title: str, cells: list[list[object]], seed: SeedFile, notices: list[str]
) -> list[_SheetRow]:
    """Order the cells of a sheet's filled rows as the seed's columns are."""
    headings = [(_text(heading).split() or [""])[-1] for heading in (cells or [[]])[0]]
    missing = [name for name in seed.header if name not in headings]
    if missing:
        raise InputError(
            f"sheet {title!r}, row 1: no heading ends with {', '.join(missing)}. Restore the "
            "heading, or export the workbook anew."
        )
    places = [headings.index(name) for name in seed.header]
    for place in range(max(map(len, cells))):
        texts = [_text(row[place]) for row in cells if place < len(row)]
        if place not in places and any(texts):
            notices.append(
                f"The sheet {title!r}: column {get_column_letter(place + 1)} is ignored, "
                f"{seed.path.name} has no such column."
            )
    rows = []
    for number, row in enumerate(cells[1:], start=2):
        values = [row[place] if place < len(row) else None for place in places]
        if any(map(_text, values)):
            rows.append(_SheetRow(number, values))
    return rows


def _differences(
    header: Sequence[str], fields: Sequence[str], values: Sequence[object]
) -> tuple[tuple[str, str, str], ...]:
    """List (column, old, new) of the cells that say something else than the seed's fields."""
    return tuple(
        (name, field, _text(value))
        for name, field, value in zip(header, fields, values, strict=True)
        if not _agree(field, value)
    )


def _merged(field: str, value: object) -> str:
    """Give the field of the CSV where the cell agrees with it, else what the cell says."""
    return field if _agree(field, value) else _text(value)


def _agree(field: str, value: object) -> bool:
    """Whether a cell says what a field of the CSV says, as text or as a number (0.8 is 0.80)."""
    if _plain(field) == _text(value):
        return True
    number = parse_number(_plain(field))
    return isinstance(value, int | float) and number is not None and number == value


def _text(value: object) -> str:
    """Write the value of a cell as the CSV does: 5 and not 5.0, true and not TRUE."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(value, ".15g")  # as many digits as Excel has
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return "" if value is None else _plain(str(value))


def _plain(text: str) -> str:
    """Drop what a cell cannot keep: blanks around a text, and carriage returns."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _csv_line(fields: Sequence[str], line_end: str) -> str:
    """Write one record, with quotes only where they are needed."""
    line = io.StringIO()
    csv.writer(line, lineterminator=line_end).writerow(fields)
    return line.getvalue()


def check_changes(comparison: Comparison) -> None:
    """Check the seeds as they would be.

    Raises
    ------
    InputError
        What `check_seeds` finds, told by sheet and row where a seed has a sheet.
    """
    with tempfile.TemporaryDirectory() as folder:
        copies = Path(folder)
        for path in comparison.seeds_dir.glob("*.csv"):
            shutil.copyfile(path, copies / path.name)
        rows: dict[str, dict[int, int | None]] = {}
        titles: dict[str, str] = {}
        for entry in comparison.seeds:
            copy = copies / entry.seed.path.name
            copy.write_bytes(entry.content)
            lines = (record.line for record in read_seed(copy).records)
            rows[copy.name] = dict(zip(lines, (row for _, row in entry.records), strict=True))
            titles[copy.name] = entry.title
        messages = []
        for fault in find_faults(copies):
            name = fault.path.name
            if name in rows:
                numbers = rows[name]
                place = f"sheet {titles[name]!r}, row {numbers[fault.line]}"
                message = re.sub(r"\bline (\d+)", partial(_row_of_line, numbers), fault.message)
                messages.append(f"{place}: {message}")
            else:
                messages.append(str(replace(fault, path=comparison.seeds_dir / name)))
    if messages:
        raise InputError("\n".join(messages))


def _row_of_line(rows: dict[int, int | None], line: re.Match[str]) -> str:
    """Say the row of the sheet that stands for a line of the CSV."""
    row = rows.get(int(line[1]))
    return f"row {row}" if row else line[0]


def write_changes(comparison: Comparison) -> list[Path]:
    """Write the seeds that change, each in one step, and give their paths.

    Raises
    ------
    InputError
        A seed is no longer what the workbook was compared with; nothing is written.
    """
    changed = [entry for entry in comparison.seeds if entry.changes]
    for entry in changed:
        if read_seed(entry.seed.path) != entry.seed:
            raise InputError(f"{entry.seed.path} was changed meanwhile. Import once more.")
    for entry in changed:
        write_whole(entry.seed.path, entry.content)
    return [entry.seed.path for entry in changed]
