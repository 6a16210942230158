from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from click.testing import CliRunner, Result
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from seed_samples import REVIEWS, edit, write_seeds

from segmentation.cli import main
from segmentation.dictionary.attributes import check_seeds
from segmentation.review.words import READ_ME

QUESTIONS = ("distinctiveness", "uniqueness", "actionability", "explainability")
HEADER = "reviewer,segmentation_id,criterion,score,comment\n"
SIZES = {2: [700, 300], 3: [500, 300, 200], 4: [400, 300, 200, 100], 8: [125] * 8}

TABLES = """
create table dim_segmentations as
select
    method || '_k' || k as segmentation_id, method, k, method || '_k' || k = $final as is_final,
    method = 'kprototypes' as is_main_method, k = 3 as is_in_range, 1000 as customers, sizes,
    'spend' as value_attribute, k <> 4 as is_supported,
    case when k = 4 then '不稳定' else '' end as unsupported_zh,
    case when k = 4 then 'not stable' else '' end as unsupported_en
from (select unnest($k) as k, unnest($sizes) as sizes)
cross join (values ('kprototypes'), ('famd_gmm')) as methods(method)
where method = 'kprototypes' or k = 3;

create table dim_segments as
select
    segmentation_id, cluster, 'S0' || (cluster + 1) as segment_id,
    '=1+1 群' || cluster as name_zh, '-Segment ' || cluster as name_en,
    sizes[cluster + 1] as customers, customers / 1000 as customer_share, 1 / k as spend_share,
    0.8 as jaccard, if(k = 4, 'doubtful', 'stable') as stability,
    if(k = 4, '存疑', '稳定') as stability_zh
from (select *, unnest(range(k)) as cluster from dim_segmentations);

create table rpt_k_decision as
select
    'kprototypes_k3' as computed_segmentation_id, 4 as planned_k_min, 7 as planned_k_max,
    '=因为 K=3 最好。' as reason_zh,
    '@Because K = 3 is best.' as reason_en;

create table selection_criteria (
    criterion text, label_zh text, label_en text, question_zh text, question_en text, weight text
);
insert into selection_criteria values
    ('smallest_segment', '最小客群', 'Smallest segment', null, null, '0'),
    ('explainability', '可解释性', 'Explainability', '说得清吗？', 'Can it be said?', '0.2'),
    ('distinctiveness', '差异性', 'Distinctiveness', '=差异够大吗？', '-Do they differ?', '0.3'),
    ('uniqueness', '独特性', 'Uniqueness', '有新发现吗？', 'Is one new?', '0.2'),
    ('actionability', '可行动性', 'Actionability', '打法不同吗？', 'Treated differently?', '0.3');

create table rpt_k_selection as
select segmentation_id, found.*, cast(weight as double) as weight
from dim_segmentations
cross join (values
    ('mean_silhouette', 0.34, null, 'highest', '最高'),
    ('min_jaccard', 0.8, null, 'stable', '稳定'),
    ('smallest_segment', 0.2, null, 'the smallest', '最小的'),
    ('distinctiveness', 0.5, 4.0, 'as it is', '如此'),
    ('uniqueness', 0.5, 2.0, 'as it is', '如此'),
    ('actionability', 0.5, 5.0, 'the same treatment: S01 and S02', '运营策略相同：S01 与 S02'),
    ('explainability', 0.5, 3.0, 'as it is', '如此')
) as found(criterion, value, computed_score, verdict, verdict_zh)
left join selection_criteria using (criterion);

create table playbooks as
from (values
    ('key_account_team', '重点服务', 'Key account team'), ('new_season', '上新', 'New season')
) as playbooks(playbook, label_zh, label_en);

create table int_segment_playbooks as
select segmentation_id, cluster, playbook, playbook_rank
from dim_segments
inner join (values ('key_account_team', 1), ('new_season', 2)) as fired(playbook, playbook_rank)
    on cluster = 0 or playbook_rank = 1;

create table dim_attributes as
select
    *, case theme when 'spending_power' then '消费能力' else theme end as theme_zh,
    case theme when 'spending_power' then 'Spending power' else theme end as theme_en
from (values
    ('spend', '月均消耗', 'Monthly spend', 'number', 'performance', 'spending_power',
        'usd_per_month', 'log1p', 0.0, null, true),
    ('spend_twice', '消耗两倍', 'Twice', 'number', 'profile_only', 'spending_power',
        'usd', 'log1p', 0.0, null, false),
    ('trend', '趋势', 'Trend', 'number', 'profile_only', 'activity',
        'index', 'none', -1.0, 1.0, false),
    ('google', '谷歌占比', 'Google share', 'number', 'profile_only', 'channel',
        'ratio', 'none', 0.0, 1.0, false),
    ('flat', '没有差别', 'Flat', 'number', 'performance', 'scale',
        'count', 'none', 0.0, null, true),
    ('category', '类目', 'Category', 'text', 'nominal', 'category',
        null, 'none', null, null, true),
    ('team', '团队', 'Team', 'text', 'nominal', 'background', null, 'none', null, null, false),
    ('has_risk', '高风险', 'Risky', 'flag', 'flag', 'risk', 'flag', 'none', null, null, true)
) as attributes(
    attribute, label_zh, label_en, data_type, role, theme, unit, transform, valid_min, valid_max,
    in_feature_set_a
);

create table rpt_segment_kpis as
select
    segmentation_id, cluster, segment_id, attribute, label_zh as attribute_zh,
    label_en as attribute_en, theme, unit, customers, customers as known_customers,
    strength * [1.4, 0.5, -0.5, -1.0][(cluster + shift) % 4 + 1] as effect_size_transformed,
    factor * [900.0, 50.0, 5.0, 1.0][cluster % 4 + 1] as median, factor * 100.0 as overall_median,
    -0.2 as mean, 0.1 as overall_mean
from dim_segments
cross join dim_attributes
inner join (values
    ('spend', 1, 1, 0), ('spend_twice', 2, 1, 0), ('trend', 1, -1, 1), ('google', 1, 0.5, 2),
    ('flat', 1, 0, 0)
) as numbers(attribute, factor, strength, shift) using (attribute);

create table rpt_segment_mix as
select
    segmentation_id, cluster, segment_id, attribute, label_zh as attribute_zh,
    label_en as attribute_en, theme, level, level as level_zh, level || ' (en)' as level_en,
    level = 'unknown' as is_unknown, cast(customers * share as bigint) as customers,
    share as share_of_segment, share_overall, share / share_overall as lift, 0.001 as p_adjusted
from dim_segments
cross join dim_attributes
inner join (values
    ('category', '服装', 0.6, 0.3), ('category', '美妆', 0.1, 0.2), ('category', '鞋', 0.1, 0.1),
    ('category', 'unknown', 0.2, 0.4), ('team', '1-5人', 0.05, 0.05),
    ('team', 'unknown', 0.95, 0.95), ('has_risk', '1', 0.06, 0.02), ('has_risk', '0', 0.94, 0.98)
) as levels(attribute, level, share, share_overall) using (attribute);
"""
"""The tables that the sheet reads, by hand: 1,000 customers in 2, 3, 4 and 8 segments."""


def make_database(
    path: Path, final: str = "kprototypes_k3", sizes: dict[int, list[int]] = SIZES
) -> None:
    """Make a database of a finished build."""
    values = {"final": final, "k": list(sizes), "sizes": list(sizes.values())}
    with duckdb.connect(str(path)) as connection:
        for statement in TABLES.split(";\n"):
            used = {name: value for name, value in values.items() if f"${name}" in statement}
            if statement.strip():
                connection.execute(statement, used)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a database and its review sheet once."""
    folder = tmp_path_factory.mktemp("review")
    make_database(folder / "built.duckdb")
    result = run("--database", folder / "built.duckdb", "--output", folder / "new/sheet.xlsx")
    assert result.exit_code == 0, result.output
    assert "sheet.xlsx written: K3, K4." in result.output
    return folder


@pytest.fixture
def book(written: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(written / "new/sheet.xlsx")


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    seeds = write_seeds(tmp_path)
    (seeds / "business_review.csv").write_text(HEADER, encoding="utf-8", newline="")
    return seeds


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["review-sheet", *map(str, arguments)])


def state_of(book: openpyxl.Workbook) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(book[READ_ME]["A1"].value)
    return state


def fill(
    book: openpyxl.Workbook,
    reviewer: object,
    scores: dict[tuple[str, str], object],
    comments: dict[tuple[str, str], object] | None = None,
) -> None:
    """Fill in the sheet as a person would."""
    state = state_of(book)
    book[READ_ME][state["reviewer"]].value = reviewer
    for (title, criterion), score in scores.items():
        book[title][f"C{state['sheets'][title]['rows'][criterion]}"].value = score
    for (title, criterion), comment in (comments or {}).items():
        place = state["sheets"][title]
        cell = book[title][f"{place['comment_column']}{place['rows'][criterion]}"]
        cell.value = comment
        if isinstance(comment, str):
            cell.data_type = "s"


def read(book: openpyxl.Workbook, seeds: Path, written: Path, *arguments: object) -> Result:
    """Save the filled sheet and read it back."""
    path = seeds.parent / "filled.xlsx"
    book.save(path)
    database = written / "built.duckdb"
    return run("--read", path, "--seeds", seeds, "--database", database, *arguments)


def reviews(seeds: Path) -> str:
    return (seeds / "business_review.csv").read_bytes().decode("utf-8")


def row_of(sheet: Worksheet, text: str) -> int:
    """Find the row whose label begins with a text."""
    return next(cell.row for cell in sheet["B"] if str(cell.value).startswith(text))


class TestSheet:
    def test_candidates_are_the_range_the_plan_and_the_delivered_one(
        self, written: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "sheet.xlsx"
        result = run("--database", written / "built.duckdb", "--output", output, "--k", "2,8")
        assert result.exit_code == 0, result.output
        titles = openpyxl.load_workbook(output).sheetnames
        assert titles == [READ_ME, "K2", "K3", "K8"]

    def test_a_delivered_one_of_another_method_is_there(self, tmp_path: Path) -> None:
        make_database(tmp_path / "x.duckdb", final="famd_gmm_k3")
        output = tmp_path / "sheet.xlsx"
        assert run("--database", tmp_path / "x.duckdb", "--output", output).exit_code == 0
        book = openpyxl.load_workbook(output)
        assert book.sheetnames == [READ_ME, "K3", "K4", "K3 famd_gmm"]
        assert "方法 famd_gmm" in book["K3 famd_gmm"]["B2"].value
        assert "decided by a person" in book["K3 famd_gmm"]["B2"].value

    def test_texts_never_become_formulas(self, book: openpyxl.Workbook) -> None:
        formulas = [
            str(cell.value)
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]
        assert len(formulas) == 2
        assert all(text.startswith("=COUNT(") for text in formulas)
        name = book["K3"]["D5"]
        assert name.value == "=1+1 群0\n-Segment 0"
        assert (name.data_type, name.quotePrefix) == ("s", True)

    def test_only_the_input_cells_are_unlocked_and_yellow(self, book: openpyxl.Workbook) -> None:
        state = state_of(book)
        for sheet in book:
            assert sheet.protection.sheet
            assert not sheet.protection.password
            cells = [cell for row in sheet.iter_rows() for cell in row]
            unlocked = {cell.coordinate for cell in cells if not cell.protection.locked}
            yellow = {cell.coordinate for cell in cells if cell.fill.fgColor.rgb == "00FFFF66"}
            expected = {state["reviewer"]}
            if sheet.title != READ_ME:
                rows = state["sheets"][sheet.title]["rows"].values()
                expected = {f"{column}{row}" for column in "CH" for row in rows}
            assert yellow == expected
            for area in sheet.merged_cells.ranges:
                if area.coord.split(":")[0] in yellow:
                    expected |= {f"{get_column_letter(c)}{r}" for r, c in area.cells}
            assert unlocked == expected
        assert book.security.lockStructure

    def test_scores_are_validated_in_both_languages(self, book: openpyxl.Workbook) -> None:
        (validation,) = book["K3"].data_validations.dataValidation
        rows = state_of(book)["sheets"]["K3"]["rows"]
        assert set(str(validation.sqref).split()) == {f"C{row}" for row in rows.values()}
        assert (validation.type, validation.formula1, validation.formula2) == ("decimal", "1", "5")
        assert validation.showErrorMessage
        assert validation.allow_blank
        assert "1 到 5" in validation.error
        assert "from 1 to 5" in validation.error
        assert len(validation.error) <= 225  # Excel's limits
        assert len(validation.prompt) <= 255

    def test_it_prints_on_one_page_width_and_stays_in_view(self, book: openpyxl.Workbook) -> None:
        for sheet in book:
            assert sheet.page_setup.orientation == "landscape"
            assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.column_dimensions["A"].hidden
        assert book["K3"].freeze_panes == "D6"
        assert book["K3"].print_title_rows == "$4:$5"

    def test_numbers_keep_their_unit_and_say_how_far_from_everyone(
        self, book: openpyxl.Workbook
    ) -> None:
        sheet = book["K4"]
        row = row_of(sheet, "月均消耗（美元/月，中位数）\nMonthly spend (USD a month, median)")
        assert [sheet.cell(row, column).value for column in (3, 4, 5, 6, 7)] == [
            *(100.0, 900.0, 9.0, 50.0, 0.5)
        ]
        assert sheet.cell(row, 4).number_format == '"$"#,##0'
        assert [sheet.cell(row, column).fill.fgColor.rgb[2:] for column in (4, 6, 8, 10)] == [
            *("9DC3E6", "DEEBF7", "FBE5D6", "F4B183")
        ]
        share = row_of(sheet, "谷歌占比（均值）")
        assert sheet.cell(share, 4).number_format == "0%"
        trend = row_of(sheet, "趋势（指数，均值）")
        assert sheet.cell(trend, 5).value is None  # a signed number has no ratio
        texts = [str(cell.value) for cell in sheet["B"]]
        assert not any(text.startswith(("消耗两倍", "没有差别")) for text in texts)

    def test_levels_risks_playbooks_and_twins_are_named(self, book: openpyxl.Workbook) -> None:
        sheet = book["K3"]
        row = row_of(sheet, "类目：前 2 位")
        assert sheet.cell(row, 3).value == "服装\n服装 (en)\n30%"
        assert (sheet.cell(row, 4).value, sheet.cell(row, 5).value) == (
            "服装\n服装 (en)",
            "60%\n×2.0",
        )
        assert sheet.cell(row + 2, 2).value == "　其余未知　Unknown"
        assert sheet.cell(row + 2, 4).value == pytest.approx(0.2)
        assert not any(str(cell.value).startswith("团队") for cell in sheet["B"])  # 95 % unknown
        risk = row_of(sheet, "高风险（客户占比）")
        assert (sheet.cell(risk, 4).value, sheet.cell(risk, 4).number_format) == (0.06, "0.0%")
        playbooks = row_of(sheet, "建议打法")
        assert sheet.cell(playbooks + 1, 4).value == "重点服务\nKey account team"
        assert sheet.cell(playbooks + 2, 4).value == "上新\nNew season"
        assert sheet.cell(playbooks + 2, 6).value == "–"
        twins = row_of(sheet, "打法相同的群")
        assert sheet.cell(twins, 3).value == (
            "运营策略相同：S01 与 S02\nthe same treatment: S01 and S02"
        )

    def test_questions_are_those_with_a_weight(self, book: openpyxl.Workbook) -> None:
        rows = state_of(book)["sheets"]["K3"]["rows"]
        assert tuple(rows) == QUESTIONS
        sheet = book["K3"]
        assert [sheet.cell(row, 4).value for row in rows.values()] == [4.0, 2.0, 5.0, 3.0]
        question = sheet.cell(rows["distinctiveness"] - 1, 3)
        assert question.value == "=差异够大吗？\n-Do they differ?"

    def test_the_first_sheet_says_what_the_machine_thinks(self, book: openpyxl.Workbook) -> None:
        texts = [str(cell.value) for row in book[READ_ME].iter_rows() for cell in row]
        assert "★ 双肘检验选定\n★ chosen by the double elbow" in texts
        assert "⚠ 不宜采用：不稳定\n⚠ not to be relied upon: not stable" in texts
        assert "0.34 最高\n0.34 highest" in texts
        assert "=因为 K=3 最好。" in texts
        assert "200 – 500" in texts
        assert any("3.7" in f"{cell.value:.1f}" for cell in book[READ_ME]["M"] if is_number(cell))

    def test_an_existing_sheet_is_replaced_only_when_told(self, written: Path) -> None:
        output = written / "new/sheet.xlsx"
        before = output.read_bytes()
        result = run("--database", written / "built.duckdb", "--output", output)
        assert result.exit_code == 1
        assert "exists. Replace it, and what was filled in?" in result.output
        assert output.read_bytes() == before

    def test_faults_of_the_call(self, written: Path, tmp_path: Path) -> None:
        database, output = written / "built.duckdb", tmp_path / "x.xlsx"
        result = run("--database", tmp_path / "none.duckdb", "--output", output)
        assert "There is no database at" in result.output
        (tmp_path / "text.duckdb").write_text("no database, but long enough to be read as one")
        assert "cannot be opened" in run("--database", tmp_path / "text.duckdb").output
        duckdb.connect(str(tmp_path / "empty.duckdb")).close()
        result = run("--database", tmp_path / "empty.duckdb", "--output", output)
        assert "holds no finished build" in result.output
        result = run("--database", database, "--output", output, "--k", "2-9")
        assert "no segmentation with K = 5, 6, 7, 9. Leave it out" in result.output
        for text in ("1", "7-4", "some"):
            result = run("--database", database, "--output", output, "--k", text)
            assert "Write numbers from 2: 4-7 or 3,5." in result.output
        assert not output.exists()


def is_number(cell: Any) -> bool:
    return isinstance(cell.value, float)


class TestRead:
    def test_scores_and_comments_come_into_the_seed(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        fill(
            book,
            "  李雷 ",
            {
                ("K4", "uniqueness"): "３.5",
                ("K3", "distinctiveness"): 4,
                ("K3", "actionability"): 2.5,
            },
            {
                ("K3", "distinctiveness"): '=清楚, 好讲\n"真的"',
                ("K4", "explainability"): "不知道",
            },
        )
        result = read(book, seeds, written)
        assert result.exit_code == 0, result.output
        assert reviews(seeds) == HEADER + (
            "李雷,kprototypes_k3,actionability,2.5,\n"
            '李雷,kprototypes_k3,distinctiveness,4,"=清楚, 好讲 ""真的"""\n'
            "李雷,kprototypes_k4,uniqueness,3.5,\n"
        )
        row = state_of(book)["sheets"]["K4"]["rows"]["explainability"]
        assert (
            f"Note: {seeds.parent}/filled.xlsx: sheet 'K4', cell H{row}: this comment is not"
            in (result.output)
        )
        assert "李雷: 3 scores of kprototypes_k3, kprototypes_k4" in result.output
        check_seeds(seeds)
        before = reviews(seeds)
        assert "says all of that already" in read(book, seeds, written).output
        assert reviews(seeds) == before

    def test_several_reviewers_and_a_second_thought(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        (seeds / "business_review.csv").write_text(
            REVIEWS.replace("\n", "\r\n"), encoding="utf-8", newline=""
        )
        fill(book, "Han Meimei", {("K3", "uniqueness"): 1, ("K4", "uniqueness"): 2})
        assert read(book, seeds, written).exit_code == 0
        fill(book, "han  MEIMEI ", {("K3", "uniqueness"): None, ("K3", "explainability"): 5})
        fill(book, "han  MEIMEI ", {("K4", "uniqueness"): None})
        assert read(book, seeds, written).exit_code == 0
        assert reviews(seeds) == HEADER + (
            "Han Meimei,kprototypes_k3,explainability,5,\n"
            "Han Meimei,kprototypes_k4,uniqueness,2,\n"
            "李雷,famd_gmm_k10,actionability,2.5,\n"
            '李雷,kprototypes_k5,distinctiveness,4,"清楚, 好讲"\n'
        )
        check_seeds(seeds)

    def test_two_files_at_once_all_or_none(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        first = seeds.parent / "first.xlsx"
        fill(book, "A", {("K3", "uniqueness"): 1})
        book.save(first)
        fill(book, "B", {("K3", "uniqueness"): 9})
        result = read(book, seeds, written, "--read", first)
        assert result.exit_code == 1
        assert "Nothing was written." in result.output
        assert reviews(seeds) == HEADER
        fill(book, "B", {("K3", "uniqueness"): 3})
        assert read(book, seeds, written, "--read", first).exit_code == 0
        assert reviews(seeds) == HEADER + (
            "A,kprototypes_k3,uniqueness,1,\nB,kprototypes_k3,uniqueness,3,\n"
        )

    def test_the_example_of_a_whole_round_is_sorted_and_passes(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        fill(book, "李雷", {(title, name): 3 for title in ("K3", "K4") for name in QUESTIONS})
        assert read(book, seeds, written).exit_code == 0
        lines = reviews(seeds).splitlines()[1:]
        assert len(lines) == 8
        assert lines == sorted(lines)
        assert "\r" not in reviews(seeds)
        check_seeds(seeds)


def put(title: str, criterion: str, value: object) -> Callable[[openpyxl.Workbook], None]:
    """Put a value into a score cell."""

    def action(book: openpyxl.Workbook) -> None:
        fill(book, "李雷", {(title, criterion): value})

    return action


def put_comment(value: object) -> Callable[[openpyxl.Workbook], None]:
    """Paste a formula into a comment cell, and score it."""

    def action(book: openpyxl.Workbook) -> None:
        fill(book, "李雷", {("K3", "uniqueness"): 3}, {("K3", "uniqueness"): value})
        cell = book["K3"][f"H{state_of(book)['sheets']['K3']['rows']['uniqueness']}"]
        cell.data_type = "f"

    return action


def rename(book: openpyxl.Workbook) -> None:
    book["K4"].title = "四群"


def nameless(book: openpyxl.Workbook) -> None:
    fill(book, "  ", {("K3", "uniqueness"): 3})


def move(book: openpyxl.Workbook) -> None:
    book["K3"].insert_rows(4)


def move_first(book: openpyxl.Workbook) -> None:
    fill(book, "李雷", {("K3", "uniqueness"): 3})
    book[READ_ME].insert_rows(4)


def drop_key(book: openpyxl.Workbook) -> None:
    row = state_of(book)["sheets"]["K3"]["rows"]["uniqueness"]
    book["K3"][f"A{row}"].value = None


def forget(book: openpyxl.Workbook) -> None:
    book[READ_ME]["A1"].value = "{}"


def remove_first(book: openpyxl.Workbook) -> None:
    state = book[READ_ME]["A1"].value
    book.remove(book[READ_ME])
    book["K3"]["A1"].value = state
    book.defined_names["review_sheet"].attr_text = "'K3'!$A$1"


FAULTS = [
    (
        nameless,
        ["sheet '说明 Read me', cell D{reviewer}: the reviewer is missing. Write your name"],
    ),
    (lambda book: fill(book, "李雷", {}), ["sheets K3, K4: no score is filled in. Score at least"]),
    (put("K3", "uniqueness", 6), ["sheet 'K3', cell C{K3}: the score is '6'. Write a number from"]),
    (
        put("K3", "uniqueness", 0.5),
        ["cell C{K3}: the score is '0.5'. Write a number from 1 (worst)"],
    ),
    (put("K3", "uniqueness", "很好"), ["cell C{K3}: the score is '很好'. Write a number from 1"]),
    (put("K3", "uniqueness", True), ["cell C{K3}: the score is 'True'. Write a number from 1"]),
    (put("K3", "uniqueness", "=2+2"), ["cell C{K3}: this is a formula without a stored value."]),
    (put("K3", "uniqueness", "#REF!"), ["cell C{K3}: this is the error #REF!. Write a value."]),
    (put_comment("=A1"), ["cell H{K3}: this is a formula without a stored value. Write its value"]),
    (
        rename,
        [
            "sheet '四群': this sheet was not there when the workbook was written. Remove it, or",
            "sheet 'K4': this sheet is missing. Restore it or give it its old name back;",
        ],
    ),
    (lambda book: book.create_sheet("笔记"), ["sheet '笔记': this sheet was not there when"]),
    (lambda book: book.remove(book["K4"]), ["sheet 'K4': this sheet is missing. Restore it"]),
    (remove_first, ["sheet '说明 Read me': this sheet is missing. Restore it"]),
    (
        move,
        [
            "sheet 'K3', cell C{K3}: rows were moved, uniqueness is in row {K3+1} now. Undo",
            "explainability is in row",
        ],
    ),
    (move_first, ["cell D{reviewer}: rows were moved, reviewer is in row {reviewer+1} now."]),
    (drop_key, ["sheet 'K3', cell C{K3}: rows were moved, uniqueness is not to be found. Undo"]),
    (forget, ["this is no review sheet of this version, its hidden cell review_sheet is missing"]),
    (
        lambda book: book.defined_names.pop("review_sheet"),
        ["this is no review sheet of this version, its hidden cell review_sheet is missing"],
    ),
]


class TestFaults:
    @pytest.mark.parametrize(("action", "expected"), FAULTS)
    def test_a_fault_names_its_cell_and_remedy_and_nothing_is_written(
        self,
        action: Callable[[openpyxl.Workbook], object],
        expected: list[str],
        book: openpyxl.Workbook,
        seeds: Path,
        written: Path,
    ) -> None:
        state = state_of(book)
        reviewer, row = int(state["reviewer"][1:]), state["sheets"]["K3"]["rows"]["uniqueness"]
        action(book)
        result = read(book, seeds, written)
        assert result.exit_code == 1
        for text in expected:
            text = text.replace("{K3}", str(row)).replace("{K3+1}", str(row + 1))
            text = text.replace("{reviewer}", str(reviewer))
            text = text.replace("{reviewer+1}", str(reviewer + 1))
            assert text in result.output
        assert "Nothing was written." in result.output
        assert reviews(seeds) == HEADER

    def test_all_faults_are_said_at_once(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        fill(book, None, {("K3", "uniqueness"): 7, ("K4", "distinctiveness"): "x"})
        book.create_sheet("笔记")
        lines = read(book, seeds, written).output.splitlines()
        assert len(lines) == 5
        assert all("filled.xlsx: sheet " in line for line in lines[:4])

    def test_another_build_is_refused_unless_forced(
        self, book: openpyxl.Workbook, seeds: Path, written: Path, tmp_path: Path
    ) -> None:
        sizes = {2: [700, 300], 3: [500, 299, 201], 8: [125] * 8}
        make_database(tmp_path / "later.duckdb", sizes=sizes)
        fill(book, "李雷", {("K3", "uniqueness"): 3})
        database = ("--database", tmp_path / "later.duckdb")
        result = read(book, seeds, written, *database)
        assert result.exit_code == 1
        assert (
            "sheet 'K3': it was written from another build, kprototypes_k3 has other segments now. "
            "Write the sheet anew with segmentation review-sheet and have it filled in once more, "
            "or take the scores over with --force."
        ) in result.output
        assert "sheet 'K4': it was written from another build, kprototypes_k4 is no candidate" in (
            result.output
        )
        assert reviews(seeds) == HEADER
        assert read(book, seeds, written, *database, "--force").exit_code == 0
        assert reviews(seeds) == HEADER + "李雷,kprototypes_k3,uniqueness,3,\n"

    def test_no_database_is_said_unless_forced(
        self, book: openpyxl.Workbook, seeds: Path, written: Path, tmp_path: Path
    ) -> None:
        fill(book, "李雷", {("K3", "uniqueness"): 3})
        missing = ("--database", tmp_path / "none.duckdb")
        assert "There is no database at" in read(book, seeds, written, *missing).output
        assert read(book, seeds, written, *missing, "--force").exit_code == 0

    def test_a_criterion_that_lost_its_weight_is_refused(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        edit(seeds, "selection_criteria", ",,0.2,1.2,0.2", ",,0.2,1.2,0")
        edit(seeds, "selection_criteria", ",,0.1,0.8,0.3", ",,0.1,0.8,0.5")
        fill(book, "李雷", {("K3", "uniqueness"): 3})
        result = read(book, seeds, written)
        assert "uniqueness has no weight in selection_criteria.csv" in result.output

    def test_faulty_seeds_are_not_written(
        self, book: openpyxl.Workbook, seeds: Path, written: Path
    ) -> None:
        broken = f"{HEADER}李雷,kprototypes_k5,distinctiveness,9,\n"
        (seeds / "business_review.csv").write_text(broken, encoding="utf-8", newline="")
        fill(book, "李雷", {("K3", "uniqueness"): 3})
        result = read(book, seeds, written)
        assert result.exit_code == 1
        assert "business_review.csv:2: score is '9'" in result.output
        assert reviews(seeds) == broken

    def test_what_is_no_workbook_is_said(self, seeds: Path, written: Path) -> None:
        path = seeds.parent / "filled.xlsx"
        path.write_text("no workbook")
        result = run("--read", path, "--seeds", seeds, "--database", written / "built.duckdb")
        assert "this is not an Excel workbook that can be read. Save it as .xlsx" in result.output
