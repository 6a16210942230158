"""The report: what it says is true, and a browser shows it as it should.

The numbers are computed anew from the customers; the page is opened in a headless Chromium without
a network. Where there is no Chromium the tests that need one are skipped.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, sync_playwright
from project import MARTS, ROOT, Project
from report_cases import HOSTILE, LONG, Case

from segmentation.errors import InputError
from segmentation.report import marts, page
from segmentation.report.cli import report_command
from segmentation.texts import clean

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
SEED = 6
A4_WIDTH = 690
ONE_OF_EACH = (
    ", ".join(
        f"#chart-{name}"
        for name in (
            "S01-radar",
            "S01-top",
            "S01-effects",
            "heat",
            "radar",
            "box-0",
            "levels",
            "mix-0",
        )
    )
    + ", #chart-map, #chart-k-gap, #chart-k-business, #chart-missing, #chart-skewness"
)
VOID = {"meta", "br", "img", "link", "input", "hr"}

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium fonts-noto-cjk"
)


@dataclass
class Shown:
    """A text of the page and the facts that stand in it."""

    facts: list[dict[str, Any]]
    in_figure: str | None
    in_table: bool
    texts: dict[str, str] = field(default_factory=lambda: {"zh-CN": "", "en": ""})


class FactsParser(HTMLParser):
    """Collect what the page says about the final segmentation, with its facts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Shown] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._saying: list[tuple[int, Shown]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        own = dict(attributes)
        self._open.append((tag, own))
        if "data-facts" in own and not self._is_in("id", "two"):
            figures = [str(a["id"]).removeprefix("figure-") for t, a in self._open if t == "figure"]
            shown = Shown(
                json.loads(own["data-facts"] or ""),
                next(iter(figures), None),
                any(t in ("td", "th") for t, _ in self._open),
            )
            self.found.append(shown)
            self._saying.append((len(self._open), shown))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self._open and self._open.pop()[0] != tag:
            pass
        while self._saying and self._saying[-1][0] > len(self._open):
            self._saying.pop()

    def handle_data(self, data: str) -> None:
        for depth, shown in self._saying:
            languages = [a["lang"] for _, a in self._open[depth:] if "lang" in a]
            for language in languages or list(shown.texts):
                shown.texts[str(language)] += data

    def _is_in(self, name: str, value: str) -> bool:
        return any(own.get(name) == value for _, own in self._open)


def facts_of(html: str) -> list[Shown]:
    parser = FactsParser()
    parser.feed(html.partition('<script type="application/json"')[0])
    return parser.found


def figures_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, re.S)
    assert found is not None
    figures: dict[str, Any] = json.loads(found[1])
    return figures


def numbers_in(value: Any) -> Iterator[float]:
    """Give every number in a figure."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict):
        for one in value.values():
            yield from numbers_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_in(one)


@pytest.fixture(scope="module")
def database(built: Project) -> Path:
    return built.database


@pytest.fixture(scope="module")
def html(database: Path) -> str:
    return page.render(marts.read_marts(database), "zh")


class Truth:
    """The customers themselves, and what is to be said of them."""

    def __init__(self, project: Project) -> None:
        table = project.query(
            "select * from fct_customer_segments inner join stg_crm__customers using (customer_id)"
        )
        bins = project.query("select * from int_feature_set_b")
        new = [name for name in bins if name == "customer_id" or name not in table]
        self.customers = table.merge(bins[new], on="customer_id")
        self.value = project.one("select value_attribute from dim_segmentations where is_final")
        self.transforms: dict[str, str] = dict(
            project.query("select attribute, transform from data_dictionary").itertuples(
                index=False
            )
        )

    def compute(self, fact: dict[str, Any]) -> float:
        """Compute a fact from the customers."""
        everyone = self.customers
        segment = fact.get("segment_id")
        rows = everyone if segment is None else everyone[everyone["segment_id"] == segment]
        figure = fact["figure"]
        if figure == "customers":
            return len(rows)
        if figure == "customer_share":
            return len(rows) / len(everyone)
        if figure == "spend_share":
            return float(rows[self.value].clip(0).sum() / everyone[self.value].clip(0).sum())
        if figure == "borderline_share":
            return float(rows["is_borderline"].mean())
        column = rows[fact["attribute"]]
        if figure == "missing_share":
            return float(column.isna().mean())
        if figure == "share":
            levels = column.astype(object).where(column.notna(), "unknown").map(_level)
            return float((levels == fact["level"]).mean())
        column = column.astype(float)
        quantiles = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
        if figure in quantiles:
            return float(column.quantile(quantiles[figure]))
        return float({"mean": column.mean, "std_dev": column.std}[figure]())


def _level(value: Any) -> str:
    return str(int(value)) if isinstance(value, int | float) else str(value)


@pytest.fixture(scope="module")
def truth(built: Project) -> Truth:
    return Truth(built)


def in_words(fact: dict[str, Any]) -> str:
    """Say a share or a number of customers as the page says it."""
    value = fact["value"]
    if fact["figure"] == "customers":
        return f"{value:,.0f}"
    text = f"{100 * value:.1f}"
    if 0 < value < 1 and float(text) in (0, 100):
        return "<0.1%" if float(text) == 0 else ">99.9%"
    return f"{text}%"


class TestNumbers:
    def test_sentences_are_true(self, html: str, truth: Truth) -> None:
        said = [shown for shown in facts_of(html) if not shown.in_table]
        assert len(said) > 20
        for place in np.random.default_rng(SEED).choice(len(said), size=5, replace=False):
            self.expect_true(said[place], truth)
        self.expect_true(said[0], truth)

    def test_charts_and_their_tables_are_true(self, html: str, truth: Truth) -> None:
        figures = figures_of(html)
        cells = [shown for shown in facts_of(html) if shown.in_table and shown.in_figure in figures]
        charts = sorted({str(shown.in_figure) for shown in cells})
        kinds = sorted({re.sub(r"^S\d+-|-\d+$", "", name) for name in charts})
        assert len(kinds) >= 6, kinds
        random = np.random.default_rng(SEED)
        for name in random.choice(charts, size=5, replace=False):
            drawn = list(numbers_in(figures[name]))
            of_chart = [shown for shown in cells if shown.in_figure == name]
            for place in random.choice(len(of_chart), size=min(8, len(of_chart)), replace=False):
                self.expect_true(of_chart[place], truth)
                for fact in of_chart[place].facts:
                    if self.is_drawn(fact, name):
                        number = self.on_axis(fact, truth)
                        assert any(math.isclose(number, one, abs_tol=2e-3) for one in drawn), fact

    @staticmethod
    def expect_true(shown: Shown, truth: Truth) -> None:
        for fact in shown.facts:
            expected = truth.compute(fact)
            assert fact["value"] == pytest.approx(expected, rel=1e-9, abs=1e-12), fact
            if fact["figure"] in ("customers", "share") or fact["figure"].endswith("_share"):
                for text in shown.texts.values():
                    assert in_words({**fact, "value": expected}) in text, (fact, text)

    @staticmethod
    def is_drawn(fact: dict[str, Any], chart: str) -> bool:
        quantiles = ("p05", "p25", "median", "p75", "p95")
        return fact["figure"] == "share" or (fact["figure"] in quantiles and "box" in chart)

    @staticmethod
    def on_axis(fact: dict[str, Any], truth: Truth) -> float:
        if fact["figure"] == "share":
            return 100 * float(fact["value"])
        if truth.transforms[fact["attribute"]] == "none":
            return float(fact["value"])
        return math.copysign(math.log1p(abs(fact["value"])), fact["value"])

    def test_unknown_and_the_rest_have_a_place(self, html: str, built: Project) -> None:
        figures = figures_of(html)
        for chart in (name for name in figures if re.fullmatch(r"S\d+-top", name)):
            assert '"unknown"' in json.dumps(figures[chart]["data"])
        for name in (name for name in figures if re.match(r"(two-)?mix-|k-business", name)):
            shown = html.partition(f'id="figure-{name}"')[2].partition("</figure>")[0]
            assert shown.count('class="swatch"') >= len(figures[name]["data"]) - 1

    def test_tables_hold_what_their_charts_leave_out(self, html: str, built: Project) -> None:
        missing = built.one(
            "select count(*) from rpt_attribute_diagnostics where is_in_file and missing_share > 0"
        )
        shown = html.partition('id="table-missing"')[2].partition("</table>")[0]
        assert shown.count("<tr>") == missing + 1

    def test_every_chart_has_a_title_a_unit_and_a_table(self, html: str) -> None:
        for name in figures_of(html):
            assert f'id="title-{name}"' in html
            assert f'id="note-{name}"' in html
            assert f'id="table-{name}"' in html


class TestFile:
    def test_asks_for_nothing_and_holds_plotly_once(self, html: str) -> None:
        outside_scripts = re.sub(r"<script.*?</script>", "", html, flags=re.S)
        assert "http-equiv" in outside_scripts
        assert re.findall(r"https?://|@import|url\(|<link|<img|<iframe", outside_scripts) == []
        assert "default-src 'none'" in html
        assert html.count("plotly.js v") == 1
        assert len(html.encode()) < 8e6

    def test_does_not_grow_with_the_customers(self, html: str, built: Project) -> None:
        shown = html.partition('<script type="application/json"')[0]
        examples = set(built.query("select customer_id from rpt_segment_examples")["customer_id"])
        others = set(built.query("select customer_id from fct_customer_segments")["customer_id"])
        assert set(re.findall("\u2068(.+?)\u2069", shown)) & (others - examples) == set()
        assert sum(len(json.dumps(one)) for one in figures_of(html).values()) < 2e6

    def test_same_marts_same_page(self, html: str, database: Path) -> None:
        assert page.render(marts.read_marts(database), "zh") == html

    def test_from_a_published_copy_that_holds_marts_only(
        self, html: str, database: Path, tmp_path: Path
    ) -> None:
        with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
            connection.execute(f"attach '{database}' as built (read_only)")
            for mart in MARTS:
                connection.execute(f"create table {mart} as select * from built.{mart}")
        assert page.render(marts.read_marts(tmp_path / "published.duckdb"), "zh") == html

    def test_command_takes_its_folder_and_language(self, built: Project, tmp_path: Path) -> None:
        result = subprocess.run(
            [str(Path(sys.executable).with_name("segmentation")), "report", "--language", "en"],
            env={**built.environment(None), "REPORTS_DIR": str(tmp_path / "reports")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        written = (tmp_path / "reports" / "segmentation_report.html").read_text(encoding="utf-8")
        assert '<html lang="en"' in written

    def test_command_warns_of_a_build_that_did_not_end(
        self, database: Path, tmp_path: Path
    ) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        for statements, said in (((), ""), (("create table unfinished_build (x int)",), "Warning")):
            case.run(*statements)
            options = ["--database", str(case.path), "--output", str(tmp_path / "report.html")]
            result = CliRunner().invoke(report_command, options)
            assert result.exit_code == 0
            assert result.stderr.startswith(said)
            assert bool(result.stderr) == bool(said)

    def test_opens_in_the_language_of_the_build(self, database: Path, tmp_path: Path) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.run("update rpt_build_parameters set value = 'en' where parameter = 'report_language'")
        page.make_report(case.path, tmp_path / "report.html")
        assert '<html lang="en"' in (tmp_path / "report.html").read_text(encoding="utf-8")


class TestIncompleteDatabases:
    def test_no_database(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no database at .*run dbt build first"):
            page.make_report(tmp_path / "none.duckdb", tmp_path / "report.html")

    def test_no_mart(self, database: Path, tmp_path: Path) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.run("drop table rpt_segment_themes")
        with pytest.raises(InputError, match="lacks the mart rpt_segment_themes; run dbt build"):
            page.make_report(case.path, tmp_path / "report.html")
        assert not (tmp_path / "report.html").exists()

    def test_mart_of_an_older_version(self, database: Path, tmp_path: Path) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.run("alter table rpt_segment_kpis drop column p95")
        with pytest.raises(InputError, match=r"mart rpt_segment_kpis .*p95.*; run dbt build"):
            page.make_report(case.path, tmp_path / "report.html")

    def test_no_final_segmentation(self, database: Path, tmp_path: Path) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.run("update dim_segmentations set is_final = false")
        with pytest.raises(InputError, match="no final segmentation"):
            page.make_report(case.path, tmp_path / "report.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Opened:
    """A report in a browser without a network, and all that it complained of or asked for."""

    def __init__(self, browser: Browser, path: Path, *, width: int = 1440, dark: bool = False):
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": 900},
            offline=True,
            color_scheme="dark" if dark else "light",
        )
        self.page: Page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self._close(dialog))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.url = path.resolve().as_uri()
        self.page.goto(self.url)
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def _close(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def draw(self, selector: str = ".plot") -> None:
        """Scroll through the page as a reader does, until every chart is drawn."""
        self.page.evaluate(
            """async (selector) => {
                for (const plot of document.querySelectorAll(selector)) {
                    plot.scrollIntoView();
                    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 5)));
                }
                scrollTo(0, 0);
            }""",
            selector,
        )

    def undrawn(self, selector: str = ".plot") -> list[str]:
        """Name the charts without marks that have a size, or that stand out of their place."""
        found: list[str] = self.page.evaluate(
            """(selector) => [...document.querySelectorAll(selector)].filter((plot) => {
                const marks = [...plot.querySelectorAll(
                    ".bars path, .trace.boxes path.box, .scatterlayer .point, .lines path"
                    + ", .hm image, .polarlayer path"
                )].filter((mark) => {
                    const box = mark.getBoundingClientRect();
                    return box.width + box.height > 1;
                });
                const svg = plot.querySelector(".main-svg")?.getBoundingClientRect();
                const place = plot.getBoundingClientRect();
                return !marks.length || !svg || svg.width > place.width + 1 || svg.height < 80;
            }).map((plot) => plot.dataset.chart)""",
            selector,
        )
        return found

    def overflow(self) -> int:
        """Give by how many pixels the page is wider than the window."""
        wider: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    def expect_quiet(self) -> None:
        """Fail when the page complained, or asked for anything but itself."""
        assert self.complaints == []
        assert {request for request in self.requests if not request.startswith("data:")} == {
            self.url
        }


@pytest.fixture(scope="module")
def written(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(browser: Browser, written: Path) -> Iterator[Opened]:
    """The report with all its charts drawn, in Chinese and light."""
    with Opened(browser, written) as report:
        report.draw()
        yield report


def serious(opened: Opened) -> list[str]:
    """Run axe-core, some tables open, and name what it finds serious or critical.

    Left out are the segments after the first and the first iteration, made of the same parts, and
    the insides of charts, which are images to those who do not see them.
    """
    opened.page.evaluate(
        "[...document.querySelectorAll('details')].slice(0, 4).forEach((one) => one.open = true)"
    )
    found = (
        Axe()
        .run(
            opened.page,
            context={"exclude": [["#two"], [".segment ~ .segment"], [".plot > *"]]},
            options={"resultTypes": ["violations"]},
        )
        .response
    )
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical") or one["id"] == "landmark-unique"
    ]


FAINT_TEXTS = """(least) => {
    const light = ([red, green, blue]) => {
        const parts = [red, green, blue].map((part) => part / 255);
        const linear = parts.map((p) => p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const rgb = (text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
    const contrast = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const found = [];
    for (const text of document.querySelectorAll(".plot .bartext-inside")) {
        const bar = getComputedStyle(text.parentNode.querySelector("path")).fill;
        if (bar.startsWith("rgb") && getComputedStyle(text).display !== "none")
            found.push([contrast(rgb(getComputedStyle(text).fill), rgb(bar)), text.textContent]);
    }
    const styles = getComputedStyle(document.documentElement);
    const hex = (name) => {
        const text = styles.getPropertyValue(`--${name}`).trim();
        return [1, 3, 5].map((place) => parseInt(text.slice(place, place + 2), 16));
    };
    for (const text of document.querySelectorAll("#chart-heat .heatmap-label text"))
        for (const name of ["low", "mid", "high"])
            found.push([contrast(rgb(getComputedStyle(text).fill), hex(name)), name]);
    return [found.length, found.filter(([value]) => value < least)];
}"""
"""Texts upon bars and cells, and those whose contrast is less."""

CLIPPED_TEXTS = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
    const edge = plot.querySelector(".main-svg").getBoundingClientRect();
    return [...plot.querySelectorAll("text")].filter((text) => {
        const box = text.getBoundingClientRect();
        return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1);
    }).map((text) => `${plot.dataset.chart}: ${text.textContent}`);
})"""

CROWDED_TEXTS = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
    const bars = [...plot.querySelectorAll(".bartext-inside")].filter((text) => {
        const bar = text.parentNode.querySelector("path").getBoundingClientRect();
        return text.getBoundingClientRect().width > bar.width + 1;
    });
    const names = [...plot.querySelectorAll(".ytick text")].map((t) => t.getBoundingClientRect());
    const order = names.sort((a, b) => a.top - b.top);
    const over = order.filter((box, place) => place && order[place - 1].bottom > box.top + 2);
    return [...bars.map((text) => text.textContent), ...over.map(() => "a name of a row")].map(
        (what) => `${plot.dataset.chart}: ${what}`);
})"""
"""Names wider than their part of a bar, and names of rows that overlap."""


@needs_browser
class TestBrowser:
    """In the order of the tests: the page keeps the language and the theme of the one before."""

    def test_opens_quietly_and_draws_every_chart(self, opened: Opened) -> None:
        opened.expect_quiet()
        assert opened.undrawn() == []
        assert opened.overflow() == 0

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_languages_and_themes(self, opened: Opened, language: str, theme: str) -> None:
        page = opened.page
        for button, state in (("language", "lang"), ("theme", "dataset.theme")):
            wanted = language if button == "language" else theme
            if page.evaluate(f"document.documentElement.{state}") != wanted:
                page.locator(f"#{button}").press("Enter")
            assert page.evaluate(f"document.documentElement.{state}") == wanted
        opened.draw(ONE_OF_EACH)
        assert opened.undrawn(ONE_OF_EACH) == []
        zh = language == "zh-CN"
        assert page.title() == ("客户分群分析报告" if zh else "Customer segmentation report")
        assert ("客户" in page.locator("h1").inner_text()) == zh
        words = page.locator("#chart-map").evaluate("plot => plot.textContent")
        assert ("轴 1" in words) == zh
        assert ("Axis 1" in words) != zh
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        drawn = page.locator("#chart-map .main-svg").first.evaluate("s => s.style.background")
        assert drawn == paper
        assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (theme == "dark")
        assert serious(opened) == []
        texts, faint = page.evaluate(FAINT_TEXTS, 4.5)
        assert texts > 50
        assert faint == []
        assert page.evaluate(CROWDED_TEXTS) == []
        opened.expect_quiet()

    def test_one_colour_a_segment(self, opened: Opened) -> None:
        figures = opened.page.evaluate("JSON.parse(document.getElementById('figures').textContent)")
        names = opened.page.locator("#answer tbody .id").all_inner_texts()
        for place, name in enumerate(names):
            for kind in ("radar", "effects"):
                text = json.dumps(figures[f"{name}-{kind}"])
                assert set(re.findall(r'"\$": "(s\d+)"', text)) == {f"s{place}"}

    def test_prints_in_light_colours_on_a4(self, opened: Opened, tmp_path: Path) -> None:
        assert opened.page.evaluate("document.documentElement.dataset.theme") == "dark"
        opened.page.evaluate(
            """() => addEventListener("beforeprint", () => {
                const plots = [...document.querySelectorAll(".plot")];
                window.printed = {
                    theme: document.documentElement.dataset.theme,
                    widths: plots.map((plot) => plot.querySelector(".main-svg").clientWidth),
                    closed: document.querySelectorAll("details.printed:not([open])").length,
                    crowded: (CROWDED)(),
                };
            })""".replace("CROWDED", CROWDED_TEXTS)
        )
        path = tmp_path / "report.pdf"
        opened.page.pdf(path=path, prefer_css_page_size=True, print_background=True)
        printed = opened.page.evaluate("window.printed")
        assert printed["theme"] == "light"
        assert printed["closed"] == 0
        assert printed["crowded"] == []
        assert opened.page.locator("details.printed[open].numbers").count() < 4
        assert 0 < min(printed["widths"]) <= max(printed["widths"]) <= A4_WIDTH
        assert opened.page.evaluate("document.documentElement.dataset.theme") == "dark"
        pages = len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))
        assert 20 < pages < 90
        sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", path.read_bytes())
        assert {(round(float(w)), round(float(h))) for w, h in sizes} <= {(595, 842), (596, 842)}

    def test_keyboard(self, browser: Browser, written: Path) -> None:
        with Opened(browser, written) as report:
            report.page.keyboard.press("Tab")
            assert report.page.evaluate("document.activeElement.className") == "skip"
            report.page.keyboard.press("Enter")
            assert report.page.evaluate("location.hash") == "#answer"
            summary = report.page.locator("summary").first
            summary.focus()
            report.page.keyboard.press("Enter")
            assert summary.evaluate("one => one.parentElement.open")

    def test_phone(self, browser: Browser, written: Path) -> None:
        with Opened(browser, written, width=390, dark=True) as report:
            assert report.page.evaluate("document.documentElement.dataset.theme") == "dark"
            report.draw()
            assert report.undrawn() == []
            assert report.overflow() == 0
            assert report.page.evaluate(CLIPPED_TEXTS) == []
            assert report.page.evaluate(CROWDED_TEXTS) == []
            rows = report.page.locator(".examples tbody tr").evaluate_all(
                "rows => rows.map((row) => row.getBoundingClientRect().height)"
            )
            assert 0 < max(rows) < 250
            report.expect_quiet()


@needs_browser
class TestUnusualCases:
    @staticmethod
    def open(browser: Browser, case: Case, folder: Path, language: str = "zh") -> Opened:
        page.make_report(case.path, folder / "report.html", language=language)
        return Opened(browser, folder / "report.html")

    def test_hostile_names_are_text(self, browser: Browser, database: Path, tmp_path: Path) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.make_hostile()
        with self.open(browser, case, tmp_path) as report:
            report.draw()
            report.expect_quiet()
            assert report.undrawn() == []
            for selector, number in (("script", 3), ("style", None), ("img, iframe, form", 0)):
                if number is not None:
                    assert report.page.locator(selector).count() == number
            assert report.page.locator("svg a, svg b, svg image[href^=http]").count() == 0
            shown = report.page.evaluate("document.body.textContent")
            drawn = report.page.evaluate(
                "[...document.querySelectorAll('.plot')].map((plot) => plot.textContent).join(' ')"
            )
            for name in HOSTILE:
                assert clean(name) in shown, name
            for name in ("<script>alert(1)", "=cmd|' /C", "<b>bold</b>"):
                assert name in drawn.replace("\u2068", ""), name
            assert not set("\u202e\u2066\u2067") & set(shown)

    def test_two_segments_without_a_decision(
        self, browser: Browser, database: Path, tmp_path: Path
    ) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.make_final("agglomerative_k2")
        case.run("delete from rpt_k_decision")
        with self.open(browser, case, tmp_path) as report:
            report.draw()
            report.expect_quiet()
            assert report.undrawn() == []
            assert report.page.locator("#two").count() == 0
            assert report.page.locator("#segments .segment").count() == 2
            assert "没有关于群数的决定" in report.page.locator("#answer").inner_text()

    def test_ten_segments_with_long_names_and_a_small_one(
        self, browser: Browser, database: Path, tmp_path: Path
    ) -> None:
        case = Case(database, tmp_path / "case.duckdb")
        case.make_final("kprototypes_k7")
        case.add_segments("kprototypes_k7", 10)
        case.run(
            f"update dim_segments set name_zh = '{LONG}' || segment_id, "
            f"name_en = '{LONG}' || segment_id",
            "update dim_segments set customer_share = 0.01, spend_share = 0.0001, "
            "stability = 'not to be trusted' where segment_id = 'S10'",
            "update rpt_segment_kpis set attribute_zh = '非常长的指标名称非常长的指标名称' "
            "|| attribute_zh, attribute_en = 'A very long name of an attribute, ' || attribute_en",
            "update rpt_k_decision set support = 'unsupported', is_override = true, "
            "override_reason = 'Sales has ten teams'",
        )
        with self.open(browser, case, tmp_path, "en") as report:
            report.draw()
            report.expect_quiet()
            assert report.undrawn() == []
            assert report.overflow() == 0
            assert report.page.evaluate(CROWDED_TEXTS) == []
            warnings = " ".join(report.page.locator("#answer .warning").all_inner_texts())
            assert "Sales has ten teams" in warnings
            assert "doubtful whether the data support segments" in warnings
            assert "S10 (not to be trusted" in warnings
            chips = report.page.locator("#answer .chip").evaluate_all(
                "chips => chips.map((chip) => getComputedStyle(chip).backgroundColor)"
            )
            assert len(set(chips)) == 10
            assert serious(report) == []
