"""The dashboard in a real Superset: every chart is drawn, and shows the numbers of the marts.

Superset is started as ``make superset`` starts it, on the published copy and on PostgreSQL; a
headless Chromium logs in, opens every tab in both languages, and what each chart received is held
to SQL over the published copy. Screenshots go to target/bi.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import postgres_server
import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from superset_bundle import CHARTS, CHINESE, ENGLISH, ROOT, TABS

from segmentation.postgres import read_url
from segmentation.publish.marts import read_marts
from segmentation.publish.postgres import publish_to_postgres

PYTHON = ROOT / ".venv-superset" / "bin" / "python"
STARTER = ROOT / "examples" / "superset" / "start.py"
PUBLISHED = Path(os.environ.get("PUBLISHED_DIR") or ROOT / "published") / "segments.duckdb"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PASSWORD = "only for this test"
SCREENSHOTS = ROOT / "target" / "bi"
TALL = {"width": 1440, "height": 4200}
"""Charts are drawn when they come into view: in this window all are in view."""

VIEWS = """
create temp view chosen as
select * from dim_segments where segmentation_id = (select segmentation_id from rpt_k_decision);

create temp view main as
select selection.*
from rpt_k_selection as selection inner join rpt_k_decision as decision using (method);

create temp macro of_final(marts) as table
select * from query_table(marts)
where segmentation_id = (select segmentation_id from rpt_k_decision);

create temp view whole_pentagons as
select segment_id from of_final(rpt_segment_themes)
group by segment_id having count(score) = count(*);

create temp view shown_kpis as
select
    kpis.*,
    if(kpis.unit = 'ratio' and valid_max = 1, 'share', kpis.unit) as shown_unit,
    if(shown_unit = 'share', 100, 1) as factor,
    coalesce(' (' || map {
        'usd': 'USD', 'usd_per_month': 'USD/month', 'days': 'days', 'months': 'months',
        'ratio': 'times', 'share': '%'
    }[shown_unit] || ')', '') as unit_en,
    coalesce('（' || map {
        'usd': '美元', 'usd_per_month': '美元/月', 'days': '天', 'months': '月',
        'ratio': '倍', 'share': '%'
    }[shown_unit] || '）', '') as unit_zh
from of_final(rpt_segment_kpis) as kpis inner join dim_attributes using (attribute);

create temp macro stacked(own) as table
with places as (
    select
        level,
        row_number() over (partition by is_unknown order by sum(customers) desc, level) as place
    from of_final(rpt_segment_mix)
    where attribute = own
    group by level, is_unknown
),
parts as (
    select
        segment_id,
        case when is_unknown then 'unknown' when place <= 7 then level else 'rest' end as part,
        sum(customers) as customers
    from of_final(rpt_segment_mix) inner join places using (level)
    where attribute = own
    group by all
)
select customers / sum(customers) over (partition by segment_id) as share from parts;
"""
SEGMENT = "segment_id || ' ' || name_{l}"
NAMED = "chosen.segment_id || ' ' || chosen.name_{l}"
METHOD = (
    "case method when 'kprototypes' then 'K-Prototypes' when 'famd_kmeans' then 'FAMD + K-Means' "
    "when 'famd_gmm' then 'FAMD + GMM' else if('{l}' = 'zh', '层次聚类', 'Agglomerative') end"
)


def bars(attribute: str) -> list[str]:
    return [
        "select segment_id from chosen",
        f"select share from stacked('{attribute}')",
    ]


def by_k(criterion: str) -> list[str]:
    return [f"select k, value from main where criterion = '{criterion}'"]


def by_method(criterion: str) -> list[str]:
    return [
        f"select distinct k from rpt_k_selection where criterion = '{criterion}'",
        f"select value from rpt_k_selection where criterion = '{criterion}'",
    ]


EXPECTED: dict[str, list[str]] = {
    "total_customers": ["select count(*) from fct_customer_segments"],
    "total_segments": ["select k from rpt_k_decision"],
    "total_value": ["select sum(segment_value) from chosen"],
    "total_silhouette": ["select mean_silhouette from dim_segmentations where is_final"],
    "total_stability": ["select min_jaccard from dim_segmentations where is_final"],
    "customers_by_segment": [f"select {SEGMENT}, count(*) from fct_customer_segments group by all"],
    "value_by_segment": [
        f"select {SEGMENT}, segment_value / sum(segment_value) over () from chosen"
    ],
    "segment_table": [
        f"select {SEGMENT}, customers, customer_share, segment_value, spend_share, "
        "mean_silhouette, jaccard, if('{l}' = 'zh', stability_zh, stability) from chosen"
    ],
    "personas": [f"select {SEGMENT}, persona_{{l}}, golden_rule_{{l}}, playbook_{{l}} from chosen"],
    "ability_radar": [
        "select segment_id from whole_pentagons",
        "select score from of_final(rpt_segment_themes) inner join whole_pentagons "
        "using (segment_id)",
    ],
    "ability_scores": [
        "select segment_id from chosen",
        "select score from of_final(rpt_segment_themes)",
    ],
    "rules": [
        f"select {NAMED}, rule_{{l}}, rules.customers, precision, recall, lift "
        "from of_final(rpt_segment_rules) as rules inner join chosen using (cluster) "
        "where is_golden"
    ],
    "playbooks": [
        f"select {NAMED}, playbook_rank, label_{{l}}, goal_{{l}}, action_{{l}}, kpi_{{l}}, "
        "kpi_value_{l}, kpi_overall_value_{l} "
        "from of_final(rpt_segment_playbooks) inner join chosen using (cluster)"
    ],
    "persona_cards": [
        f"select {NAMED}, if('{{l}}' = 'zh', dimension, dimension_en), text_{{l}} "
        "from of_final(rpt_persona_cards) inner join chosen using (cluster)"
    ],
    "kpi_heatmap": [
        "select segment_id, attribute_{l}, effect_size_transformed from of_final(rpt_segment_kpis) "
        "where attribute in (select attribute from dim_attributes where in_feature_set_a)"
    ],
    "kpi_medians": [
        "select segment_id, attribute_{l} || unit_{l}, factor * median from shown_kpis"
    ],
    "kpi_differences": [
        f"select {NAMED}, attribute_{{l}} || unit_{{l}}, factor * median, "
        "factor * overall_median, index_vs_overall, effect_size_transformed "
        "from shown_kpis inner join chosen using (cluster) "
        "where effect_size_transformed is not null"
    ],
    "mix_media": bars("main_media"),
    "mix_region": bars("top_custom_region_all"),
    "mix_category": bars("top_l2_category"),
    "mix_channel": bars("corporation_promotion_channel_second"),
    "mix_size": bars("corporation_size"),
    "mix_activity": bars("activity_status"),
    "mix_risk": [
        "select segment_id from chosen",
        "select share_of_segment from of_final(rpt_segment_mix) "
        "where attribute like 'has_high_risk_flag%' and level = '1'",
    ],
    "mix_preferences": [
        f"select {NAMED}, attribute_{{l}}, level_{{l}}, mix.customers, share_of_segment, "
        "share_overall, lift "
        "from of_final(rpt_segment_mix) as mix inner join chosen using (cluster) "
        "where not is_unknown and share_of_segment >= 0.1 and lift >= 1.2 and p_adjusted < 0.05"
    ],
    "chosen_k": ["select k from rpt_k_decision"],
    "business_score": ["select score from rpt_k_decision"],
    "k_reason": [f"select segmentation_id, {METHOD}, k_values, reason_{{l}} from rpt_k_decision"],
    "k_cost": by_k("cost"),
    "k_gap": by_k("gap"),
    "k_business": [
        "select distinct k from main where contribution is not null",
        "select contribution from main where weight > 0",
    ],
    "k_silhouette": by_method("mean_silhouette"),
    "k_stability": by_method("min_jaccard"),
    "k_candidates": [
        f"select segmentation_id, {METHOD}, k, mean_silhouette, min_jaccard, "
        "tree_balanced_accuracy, business_score, agreement_with_main, "
        "case when not is_supported then unsupported_{l} "
        "when '{l}' = 'zh' then '有依据' else 'Supported' end from dim_segmentations"
    ],
    "listed_customers": ["select count(*) from fct_customer_segments"],
    "borderline_customers": ["select count(*) from fct_customer_segments where is_borderline"],
    "borderline_share": [
        "select count(*) filter (is_borderline) / count(*) from fct_customer_segments"
    ],
    "runner_up_heatmap": [
        "select segment_id, runner_up_segment_id, count(*) filter (is_borderline) "
        "from fct_customer_segments group by all"
    ],
    "customer_list": [
        f"select customer_id, {NAMED}, silhouette, distance, "
        "next.segment_id || ' ' || next.name_{l}, "
        "if('{l}' = 'zh', if(is_borderline, '是', '否'), if(is_borderline, 'Yes', 'No')) "
        "from fct_customer_segments as own inner join chosen using (cluster) "
        "inner join chosen as next on own.runner_up_cluster = next.cluster "
        "order by chosen.segment_id, silhouette desc, customer_id limit 20"
    ],
}
"""By chart, the values that it must have received and no others; {l} is zh or en."""

SHOWN = {
    "total_customers": "select format('{:,}', count(*)) from fct_customer_segments",
    "total_silhouette": (
        "select format('{:.2f}', mean_silhouette) from dim_segmentations where is_final"
    ),
    "segment_table": "select format('{:,}', customers) from chosen",
    "rules": "select rule_{l} from of_final(rpt_segment_rules) where is_golden",
    "chosen_k": "select k from rpt_k_decision",
    "k_reason": "select reason_{l} from rpt_k_decision",
    "borderline_customers": (
        "select format('{:,}', count(*)) from fct_customer_segments where is_borderline"
    ),
}
"""What must stand on the page."""

DRAWN = """holder => {
    if (holder.querySelector('.loading, [aria-label="Loading"]')) {
        return false;
    }
    const canvas = holder.querySelector('canvas');
    if (canvas) {
        const pixels = new Uint32Array(
            canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
        return new Set(pixels).size > 20;
    }
    const end = holder.getBoundingClientRect().bottom;
    const shown = part => part.checkVisibility({ visibilityProperty: true })
        && part.offsetHeight > 0 && part.getBoundingClientRect().bottom <= end;
    const cell = holder.querySelector('tbody td');
    return (cell && [cell, ...holder.querySelectorAll('.dt-pagination')].every(shown))
        || /[0-9]/.test(holder.querySelector('.header-line')?.textContent ?? '');
}"""


def comparable(value: Any) -> Any:
    """Numbers to six digits, so that the order of additions does not matter."""
    return f"{float(value):.6g}" if isinstance(value, int | float) else str(value)


def counted(values: list[Any]) -> Counter[Any]:
    return Counter(comparable(value) for value in values if value not in (None, 0))


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    if not PUBLISHED.is_file():
        pytest.fail(f"{PUBLISHED} is missing: `make build` publishes the marts")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{PUBLISHED}' as published (read_only)")
        connection.execute("use published")
        connection.execute(VIEWS)
        yield connection


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no Chromium is installed: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Superset's own folder, used by one start after the other."""
    return tmp_path_factory.mktemp("superset")


@pytest.fixture(scope="module")
def started() -> Iterator[ExitStack]:
    """What is stopped after Superset."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def address(request: pytest.FixtureRequest, home: Path, started: ExitStack) -> Iterator[str]:
    """The address of a Superset that reads the marts from DuckDB, then from PostgreSQL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "SUPERSET_HOME": str(home),
        "SUPERSET_PORT": str(port),
        "SUPERSET_ADMIN_PASSWORD": PASSWORD,
        "PUBLISH_POSTGRES_URL": "",
        "PUBLISHED_DIR": str(PUBLISHED.parent),
    }
    if request.param == "postgresql":
        binaries = postgres_server.programs()
        if binaries is None:
            pytest.skip("the programs of a PostgreSQL server are missing")
        server = started.enter_context(postgres_server.started(binaries))
        url = server.url(database=server.add_database("superset"))
        manifest = ROOT / "target" / "manifest.json"
        publish_to_postgres(PUBLISHED, read_marts(manifest), read_url(url), "segmentation")
        environment["PUBLISH_POSTGRES_URL"] = url
    log = home / f"{request.param}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [PYTHON, STARTER],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://localhost:{port}"
    try:
        wait_until_up(address, process, log)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    assert postgres_server.PASSWORD not in log.read_text(errors="replace")
    assert PASSWORD not in log.read_text(errors="replace")


def wait_until_up(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5)
        except OSError:
            time.sleep(1)
        else:
            return
    pytest.fail("Superset did not start:\n" + log.read_text(errors="replace")[-5000:])


@dataclass
class Dashboard:
    """The dashboard in a browser, and what its charts received since the last reload.

    Attributes
    ----------
    page : Page
    charts : dict
        Superset's number of a chart by the chart's name.
    received : dict
        The last answer by the number of the chart.
    troubles : list of str
        Requests that failed or went elsewhere, and errors on the console.
    """

    page: Page
    charts: dict[str, int]
    received: dict[int, dict[str, Any]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def listen(self, response: Response) -> None:
        parts = urlsplit(response.url)
        if parts.path.endswith("/api/v1/chart/data") and "form_data" in (
            query := parse_qs(parts.query)
        ):
            number = json.loads(query["form_data"][0])["slice_id"]
            self.received[number] = response.json()

    def open_tab(self, tab: str) -> None:
        """Open a tab and wait until its charts are drawn."""
        place = list(TABS).index(tab)
        self.page.get_by_role("tab").nth(place).click()
        for name in TABS[tab]:
            holder = self.holder(name)
            expect(holder).to_be_visible(timeout=60_000)
            deadline = time.monotonic() + 90
            while not (self.charts[name] in self.received and holder.evaluate(DRAWN)):
                assert time.monotonic() < deadline, f"{name} is not drawn: {holder.inner_text()}"
                self.page.wait_for_timeout(250)

    def holder(self, name: str) -> Any:
        return self.page.locator(f".dashboard-chart-id-{self.charts[name]}")

    def values(self, name: str) -> list[Any]:
        """Give what a chart received, without the rank that Superset adds for colours."""
        answer = self.received[self.charts[name]]["result"][0]
        return [value for row in answer["data"] for key, value in row.items() if key != "rank"]

    def take_picture(self, tab: str, path: Path) -> None:
        """Save how a tab looks, down to its last chart."""
        boxes = [self.holder(name).bounding_box() for name in TABS[tab]]
        height = max(box["y"] + box["height"] for box in boxes) + 24
        path.parent.mkdir(parents=True, exist_ok=True)
        clip = {"x": 0, "y": 0, "width": TALL["width"], "height": height}
        self.page.screenshot(path=path, clip=clip)

    def choose_language(self, language: str) -> None:
        """Set the filter, as a reader would."""
        self.received.clear()
        self.page.locator(".ant-select", has_text=CHINESE).first.click()
        self.page.locator(".ant-select-item-option", has_text=language).click()
        self.page.get_by_role("button", name="Apply").click()


@pytest.fixture(scope="module")
def dashboard(address: str, browser: Browser) -> Iterator[Dashboard]:
    """The dashboard, opened by somebody who logged in."""
    page = browser.new_page(viewport=TALL)
    page.goto(f"{address}/login/")
    page.locator("#username").fill("admin")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/welcome/**", timeout=60_000)
    listed = page.request.get(f"{address}/api/v1/dashboard/customer-segments/charts").json()[
        "result"
    ]
    numbers = {chart["slice_name"]: chart["id"] for chart in listed}
    opened = Dashboard(page, {name: numbers[CHARTS[name]["slice_name"]] for name in CHARTS})
    page.on("response", opened.listen)
    page.on("pageerror", lambda error: opened.troubles.append(str(error)))
    page.goto(f"{address}/superset/dashboard/customer-segments/")
    expect(page.get_by_role("tab")).to_have_count(len(TABS), timeout=90_000)
    yield opened
    page.close()


def test_every_chart_shows_the_numbers_of_the_marts(
    marts: duckdb.DuckDBPyConnection, dashboard: Dashboard, request: pytest.FixtureRequest
) -> None:
    source = request.node.callspec.params["address"]
    wrong = []
    for code, language in (("zh", CHINESE), ("en", ENGLISH)):
        if language != CHINESE:
            dashboard.choose_language(language)
        for tab, names in TABS.items():
            dashboard.open_tab(tab)
            dashboard.page.wait_for_timeout(1000)
            dashboard.take_picture(tab, SCREENSHOTS / f"{source}.{tab}.{code}.png")
            assert dashboard.page.locator(".ant-alert-error:visible").count() == 0
            for name in names:
                found = counted(dashboard.values(name))
                expected = counted(
                    [
                        value
                        for sql in EXPECTED[name]
                        for row in marts.execute(sql.replace("{l}", code)).fetchall()
                        for value in row
                    ]
                )
                if name in ("kpi_medians", "kpi_differences"):  # themes have no name in the marts
                    found = found & expected
                if not expected or found != expected:
                    wrong.append((name, code, found - expected, expected - found))
            for name in set(names) & set(SHOWN):
                for (shown,) in marts.execute(SHOWN[name].replace("{l}", code)).fetchall():
                    expect(dashboard.holder(name)).to_contain_text(str(shown), timeout=30_000)
    assert wrong == [], wrong
    assert dashboard.troubles == []


def test_a_customer_is_found_in_the_list(
    marts: duckdb.DuckDBPyConnection, dashboard: Dashboard
) -> None:
    ((customer,),) = marts.execute("select max(customer_id) from fct_customer_segments").fetchall()
    dashboard.open_tab("TAB-customers")
    holder = dashboard.holder("customer_list")
    holder.get_by_placeholder("records").fill(customer)
    expect(holder.locator("tbody tr")).to_have_count(1, timeout=30_000)
    expect(holder.locator("tbody tr")).to_contain_text(customer)


def test_a_filter_reaches_the_charts(
    marts: duckdb.DuckDBPyConnection, dashboard: Dashboard
) -> None:
    """One segment of the final segmentation, then another segmentation altogether."""
    page = dashboard.page
    for value, sql in (
        ("S02", "select customers from chosen where segment_id = 'S02'"),
        (
            "agglomerative_k2",
            "select customers from dim_segments "
            "where segmentation_id = 'agglomerative_k2' and segment_id = 'S02'",
        ),
    ):
        dashboard.received.clear()
        page.locator(".ant-select", has_text="options" if value == "S02" else "Final").first.click()
        page.keyboard.type(value)
        page.locator(".ant-select-item-option", has_text=value).first.click()
        page.get_by_role("button", name="Apply").click()
        dashboard.open_tab("TAB-overview")
        (expected,) = marts.execute(sql).fetchall()
        assert counted(dashboard.values("total_customers")) == counted(list(expected))
