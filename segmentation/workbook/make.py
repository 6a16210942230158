"""Put the workbook together and write it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from xlsxwriter.exceptions import FileCreateError, XlsxWriterException

from segmentation.errors import InputError
from segmentation.files import written_beside
from segmentation.report.formats import Text
from segmentation.report.marts import Marts, Reader, open_marts
from segmentation.workbook.evidence import write_evidence, write_selection
from segmentation.workbook.lists import write_customers, write_dictionary, write_notes
from segmentation.workbook.migration import (
    write_calls,
    write_lineage,
    write_migrations,
    write_trends,
)
from segmentation.workbook.overview import write_overview
from segmentation.workbook.profiles import (
    write_kpis,
    write_mix,
    write_mix_charts,
    write_personas,
    write_rules,
)
from segmentation.workbook.sheets import COLOURS, SHEET_ROWS, Book, Sheet


def make_workbook(
    database: Path, output: Path, *, exports: Path = Path("exports"), sheet_rows: int = SHEET_ROWS
) -> None:
    """Write the workbook of the last build.

    Parameters
    ----------
    database : Path
        The DuckDB database, or a published copy of its marts.
    output : Path
        The .xlsx file; its folder is made.
    exports : Path
        Where the build wrote its files; named where the list of customers does not fit.
    sheet_rows : int
        Rows that a sheet holds.

    Raises
    ------
    InputError
        When the database lacks what the workbook shows, or the file cannot be written.
    """
    with (
        open_marts(database) as reader,
        written_beside(output) as beside,
        TemporaryDirectory() as temporary,
    ):
        marts = reader.read()
        title = "客户分群 Customer segmentation"
        book = Book(beside, title, marts.as_of_date, Path(temporary))
        try:
            _write(book, marts, reader, exports, sheet_rows)
            book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # what the system said
        except XlsxWriterException as error:
            raise InputError(f"{output}: this workbook cannot be written ({error}).") from error


def _write(book: Book, marts: Marts, reader: Reader, exports: Path, sheet_rows: int) -> None:
    shown = [(marts.final, "", Text("", ""))]
    if marts.two_groups is not None:
        iteration = Text("（第一轮迭代：两群）", " (first iteration: two groups)")
        shown.append((marts.two_groups, " K=2", iteration))
    contents: list[tuple[Sheet, Text]] = []

    def begin(name: str, zh: str, en: str) -> Sheet:
        sheet = book.sheet(name)
        contents.append((sheet, Text(zh, en)))
        return sheet

    overview = book.sheet("概览 Overview", COLOURS["accent"])
    for segmentation, suffix, of in shown:
        sheet = begin(
            f"画像 Personas{suffix}", f"每个客群的画像卡片{of.zh}", f"Personas, side by side{of.en}"
        )
        write_personas(sheet, segmentation)
    for segmentation, suffix, of in shown:
        sheet = begin(
            f"指标 KPI{suffix}", f"各项指标与全体对比{of.zh}", f"Numbers against everyone{of.en}"
        )
        write_kpis(sheet, marts, segmentation)
    for segmentation, suffix, of in shown:
        sheet = begin(
            f"构成 Mix{suffix}",
            f"品类、媒体、区域、背景、风险的占比{of.zh}",
            f"Shares of categories, media, regions, background, risk{of.en}",
        )
        write_mix(sheet, marts, segmentation)
        sheet = begin(f"构成图 Mix charts{suffix}", f"占比的图{of.zh}", f"Shares, drawn{of.en}")
        write_mix_charts(sheet, marts, segmentation)
    if len(marts.history.dates) > 1:
        write_calls(
            begin("联系名单 Call list", "离开原客群的客户", "Customers who left their segment"),
            marts,
            reader,
            sheet_rows,
        )
        write_migrations(
            begin("迁移 Migration", "谁换了客群，为什么", "Who moved between snapshots, and why"),
            marts,
        )
        write_trends(begin("趋势 Trends", "各快照的客群大小", "The segments over time"), marts)
        write_lineage(begin("沿革 Lineage", "客群的来历", "What became of the segments"), marts)
    write_rules(
        begin("规则 Rules", "识别客群的规则，黄金规则在前", "Rules, golden ones first"),
        [segmentation for segmentation, _, _ in shown],
    )
    write_selection(begin("选K K selection", "为什么是这个 K", "Why this K"), marts)
    write_evidence(
        begin("K证据 K evidence", "所有方法、所有 K 的证据", "Evidence of all methods and K"), marts
    )
    write_customers(
        begin("客户清单 Customers", "每位客户的客群", "The segment of every customer"),
        marts,
        reader,
        exports,
        sheet_rows,
    )
    write_dictionary(begin("字典 Dictionary", "字段的名称与定义", "Fields and definitions"), marts)
    write_notes(begin("说明 Notes", "术语、设置与版本", "Terms, settings and versions"), marts)
    # It lists the other sheets, so it is written last; it stands where it was begun.
    write_overview(overview, marts, contents)
    overview.worksheet.activate()
