"""The Superset dashboard fits the marts, and its parts fit one another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from postgres_server import Server
from superset_bundle import (
    CHART_BY_UUID,
    CHARTS,
    CHINESE,
    DASHBOARD,
    DATABASES,
    DATASET_BY_UUID,
    DATASETS,
    ENGLISH,
    FILTERS,
    FINAL,
    POSITION,
    ROOT,
    TABS,
    columns_of,
    metrics_of,
)

from segmentation.dictionary.words import CURRENCIES, SELECTION_CRITERIA, UNITS

CONTRACTS = {
    model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
    for model in yaml.safe_load(
        (ROOT / "models" / "marts" / "_marts__models.yml").read_text(encoding="utf-8")
    )["models"]
}
POSTGRES_TYPES = {"double": "double precision", "varchar": "text"}
REQUIREMENTS = ROOT / "examples" / "superset" / "requirements.txt"

each_dataset = pytest.mark.parametrize("name", DATASETS)
each_chart = pytest.mark.parametrize("name", CHARTS)


def table(mart: str, types: dict[str, str]) -> str:
    columns = (f'"{name}" {types.get(kind, kind)}' for name, kind in CONTRACTS[mart].items())
    return f"create table {mart} ({', '.join(columns)})"


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts as their contracts say, without rows."""
    with duckdb.connect() as connection:
        for mart in CONTRACTS:
            connection.execute(table(mart, {}))
        yield connection


def conditions(chart: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Give the columns and the SQL that a chart filters by."""
    filters = chart["params"]["adhoc_filters"]
    return (
        [own["subject"] for own in filters if own["expressionType"] == "SIMPLE"],
        [own["sqlExpression"] for own in filters if own["expressionType"] == "SQL"],
    )


def pivoted(chart: dict[str, Any]) -> list[str]:
    """Give the columns of a pivot table, which it heads with what they are called in the query."""
    own = chart["params"].get("groupbyRows", []) + chart["params"].get("groupbyColumns", [])
    assert all(is_bilingual(column["label"]) for column in own)
    return [column["sqlExpression"] for column in own]


def is_bilingual(text: str) -> bool:
    return bool(re.search(r"[一-鿿]", text) and re.search(r"[A-Za-z]", text))


@each_dataset
def test_dataset_has_the_columns_it_declares(name: str, marts: duckdb.DuckDBPyConnection) -> None:
    dataset = DATASETS[name]
    found = marts.sql(dataset["sql"])
    declared = {column["column_name"]: column["type"] for column in dataset["columns"]}
    assert dict(zip(found.columns, map(str, found.types), strict=True)) == declared


@each_dataset
def test_dataset_and_its_metrics_are_understood_by_postgres(name: str, postgres: Server) -> None:
    database = postgres.add_database(f"superset_{name}")
    metrics = ", ".join(metrics_of(DATASETS[name]).values()) or "count(*)"
    postgres.run(
        *(table(mart, POSTGRES_TYPES) for mart in CONTRACTS),
        f"select {metrics} from ({DATASETS[name]['sql']}) as dataset",
        database=database,
    )


@each_dataset
def test_metrics_bind(name: str, marts: duckdb.DuckDBPyConnection) -> None:
    for expression in metrics_of(DATASETS[name]).values():
        marts.sql(f"select {expression} from ({DATASETS[name]['sql']}) as dataset").fetchall()


@each_dataset
def test_headings_are_in_both_languages(name: str) -> None:
    parts = DATASETS[name]["columns"] + DATASETS[name]["metrics"]
    headings = [part["verbose_name"] for part in parts]
    assert [heading for heading in headings if heading != "K" and not is_bilingual(heading)] == []


@each_dataset
def test_texts_come_in_both_languages(name: str, marts: duckdb.DuckDBPyConnection) -> None:
    """A label in one language only would be shown whatever the filter says."""
    chosen = {column for column in columns_of(DATASETS[name]) if column.endswith(("_zh", "_en"))}
    assert chosen == set()
    one_sided = re.findall(r"\b(\w+)_zh\b", DATASETS[name]["sql"])
    other_sided = re.findall(r"\b(\w+)_en\b", DATASETS[name]["sql"])
    # Two texts stand without an ending: they are the other language's.
    assert set(one_sided) ^ set(other_sided) <= {"stability", "dimension"}


@each_chart
def test_chart_names_what_its_dataset_has(name: str, marts: duckdb.DuckDBPyConnection) -> None:
    chart = CHARTS[name]
    params = chart["params"]
    dataset = DATASET_BY_UUID[chart["dataset_uuid"]]
    assert chart["viz_type"] == params["viz_type"]
    assert is_bilingual(chart["slice_name"])

    groups = params.get("groupby") or []
    columns = (
        [params[key] for key in ("x_axis",) if key in params]
        + ([groups] if isinstance(groups, str) else groups)
        + pivoted(chart)
        + params.get("all_columns", [])
        + [json.loads(order)[0] for order in params.get("order_by_cols", [])]
        + conditions(chart)[0]
    )
    metrics = params.get("metrics", []) + [
        params[key] for key in ("metric", "timeseries_limit_metric") if key in params
    ]
    assert set(columns) <= set(columns_of(dataset))
    assert set(metrics) <= set(metrics_of(dataset))
    assert set(params.get("column_config", {})) <= {*columns, *metrics}
    assert columns or metrics
    for condition in conditions(chart)[1]:
        marts.sql(f"select 1 from ({dataset['sql']}) as dataset where {condition}").fetchall()


def test_an_unknown_ability_is_no_zero(marts: duckdb.DuckDBPyConnection) -> None:
    """A radar draws a missing value in its centre, as the worst there is."""
    (own,) = conditions(CHARTS["ability_radar"])[0]
    marts.execute("insert into dim_segmentations by name select 'a_k2' as segmentation_id")
    for cluster, score in enumerate(("50.0", "null")):
        marts.execute(
            "insert into dim_segments by name select 'a_k2' as segmentation_id, "
            f"{cluster} as cluster, 'S0{cluster + 1}' as segment_id"
        )
        marts.execute(
            "insert into rpt_segment_themes by name select 'a_k2' as segmentation_id, "
            f"{cluster} as cluster, 'S0{cluster + 1}' as segment_id, axis, "
            f"if(axis = 'loyalty', {score}, 50.0) as score "
            "from (values ('loyalty'), ('scale')) as axes(axis)"
        )
    drawn = marts.sql(
        f"select distinct segment_id from ({DATASETS['abilities']['sql']}) where {own}"
    ).fetchall()
    for mart in ("dim_segmentations", "dim_segments", "rpt_segment_themes"):
        marts.execute(f"truncate {mart}")
    assert drawn == [("S01",)]


def test_indicators_are_shown_in_their_unit(marts: duckdb.DuckDBPyConnection) -> None:
    units = [*UNITS, None]
    marts.execute("insert into dim_segmentations by name select 'a_k2' as segmentation_id")
    marts.execute(
        "insert into dim_segments by name "
        "select 'a_k2' as segmentation_id, 0 as cluster, 'S01' as segment_id"
    )
    for place, unit in enumerate(units):
        marts.execute(
            "insert into dim_attributes by name select ? as attribute, "
            "if(? = 'ratio', 1.0, null) as valid_max",
            [str(place), unit],
        )
        marts.execute(
            "insert into rpt_segment_kpis by name select 'a_k2' as segmentation_id, "
            "0 as cluster, ? as attribute, '数' as attribute_zh, 'Number' as attribute_en, "
            "? as unit, 0.5 as median, 0.25 as overall_median",
            [str(place), unit],
        )
    shown = {
        (language, kpi): (own, overall)
        for language, kpi, own, overall in marts.sql(
            f"select language, kpi_in_unit, middle, overall_median from ({DATASETS['kpis']['sql']})"
        ).fetchall()
    }
    for mart in ("dim_segmentations", "dim_segments", "dim_attributes", "rpt_segment_kpis"):
        marts.execute(f"truncate {mart}")
    assert len(shown) == 2 * len([*CURRENCIES, *CURRENCIES, "days", "months", "%", ""])
    assert shown[CHINESE, "数（%）"] == shown[ENGLISH, "Number (%)"] == (50, 25)
    assert shown[ENGLISH, "Number (CNY/month)"] == shown[ENGLISH, "Number"] == (0.5, 0.25)


@each_chart
def test_numbers_keep_their_digits(name: str) -> None:
    """Three significant digits would make 4,210 of 4,205."""
    params = CHARTS[name]["params"]
    formats = [own.get("d3NumberFormat", "") for own in params.get("column_config", {}).values()]
    formats += [params.get("valueFormat", "")]
    assert not [one for one in formats if one.endswith("r")]


def test_every_weighted_criterion_is_in_the_business_score() -> None:
    (condition,) = (
        own
        for own in CHARTS["k_business"]["params"]["adhoc_filters"]
        if "comparator" in own and own["subject"] == "weight"
    )
    assert (condition["operator"], condition["comparator"]) == (">", 0)
    for criterion in SELECTION_CRITERIA:
        assert f"when selection.criterion = '{criterion}' then" in DATASETS["k_selection"]["sql"]


def test_teal_is_high_as_in_the_report_and_the_workbook() -> None:
    assert CHARTS["kpi_heatmap"]["params"]["linear_color_scheme"] == "brown_white_green"
    colours = {
        own["operator"]: own["colorScheme"]
        for own in CHARTS["kpi_differences"]["params"]["conditional_formatting"]
    }
    assert colours == {"≥": "#80cdc1", "≤": "#dfc27d"}


@pytest.mark.parametrize("name", TABS["TAB-mix"])
def test_legends_are_whole(name: str) -> None:
    """At the top there is room for a few short names, in a chart that fills the page."""
    params = CHARTS[name]["params"]
    if params["viz_type"] == "table":
        return
    (width,) = (
        part["meta"]["width"]
        for part in POSITION.values()
        if part["type"] == "CHART" and part["meta"]["uuid"] == CHARTS[name]["uuid"]
    )
    place = ("top", 12) if params["legendOrientation"] == "top" else ("right", 6)
    assert (params["legendType"], params["legendOrientation"], width) == ("plain", *place)


def test_identifiers_refer_to_one_another() -> None:
    (database,) = DATABASES.values()
    assert {dataset["database_uuid"] for dataset in DATASETS.values()} == {database["uuid"]}
    parts = [database, DASHBOARD, *DATASETS.values(), *CHARTS.values()]
    assert len({part["uuid"] for part in parts}) == len(parts)
    assert {chart["dataset_uuid"] for chart in CHARTS.values()} <= set(DATASET_BY_UUID)
    assert all(dataset["table_name"] == name for name, dataset in DATASETS.items())


def test_the_layout_is_a_tree_with_every_chart_once() -> None:
    placed = [part["meta"] for part in POSITION.values() if part["type"] == "CHART"]
    assert sorted(CHART_BY_UUID[meta["uuid"]] for meta in placed) == sorted(CHARTS)
    assert len({meta["chartId"] for meta in placed}) == len(placed)
    for meta in placed:
        assert meta["sliceName"] == CHARTS[CHART_BY_UUID[meta["uuid"]]]["slice_name"]
    for key, part in POSITION.items():
        assert part["id"] == key
        for child in part.get("children", []):
            assert POSITION[child]["parents"] == [*part.get("parents", []), key]
        if part["type"] == "ROW":
            assert sum(POSITION[child]["meta"]["width"] for child in part["children"]) == 12
    assert all(is_bilingual(POSITION[tab]["meta"]["text"]) for tab in TABS)


@pytest.mark.parametrize("own", FILTERS, ids=lambda own: own["id"])
def test_filter_reaches_only_charts_that_have_its_column(own: dict[str, Any]) -> None:
    """Of a chart without the column Superset would say that the filter was not applied."""
    (target,) = own["targets"]
    column = target["column"]["name"]
    assert column in columns_of(DATASET_BY_UUID[target["datasetUuid"]])
    assert is_bilingual(own["name"])
    assert own["scope"]["excluded"] == []
    assert set(own["cascadeParentIds"]) <= {other["id"] for other in FILTERS}
    reached = [
        name
        for tab, names in TABS.items()
        if {"ROOT_ID", tab} & set(own["scope"]["rootPath"])
        for name in names
    ]
    assert reached
    for name in reached:
        assert column in columns_of(DATASET_BY_UUID[CHARTS[name]["dataset_uuid"]]), name


def test_every_chart_that_could_count_twice_is_filtered() -> None:
    """Datasets hold both languages and all candidates; a chart shows one of each."""
    for column, required in {"language": True, "segmentation": True, "segment_id": False}.items():
        (own,) = (own for own in FILTERS if own["targets"][0]["column"]["name"] == column)
        assert own["controlValues"]["enableEmptyFilter"] is required
        assert own["controlValues"]["multiSelect"] is not required
        for tab, names in TABS.items():
            for name in names:
                dataset = DATASET_BY_UUID[CHARTS[name]["dataset_uuid"]]
                if column in columns_of(dataset) and name != "k_candidates":
                    assert {"ROOT_ID", tab} & set(own["scope"]["rootPath"]), name


def test_filters_open_on_values_that_there_are(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into dim_segmentations by name "
        "select 'a_k2' as segmentation_id, true as is_final union all select 'b_k3', false"
    )
    marts.execute(
        "insert into dim_segments by name "
        "select 'a_k2' as segmentation_id, 0 as cluster, 'S01' as segment_id"
    )
    values = {}
    for own in FILTERS:
        column = own["targets"][0]["column"]["name"]
        dataset = DATASET_BY_UUID[own["targets"][0]["datasetUuid"]]
        found = marts.sql(f"select distinct {column} from ({dataset['sql']}) as dataset")
        values[column] = {value for (value,) in found.fetchall()}
        chosen = own["defaultDataMask"]["filterState"].get("value") or []
        assert set(chosen) <= values[column]
        assert own["defaultDataMask"]["extraFormData"].get("filters", []) == (
            [{"col": column, "op": "IN", "val": chosen}] if chosen else []
        )
    marts.execute("truncate dim_segmentations")
    marts.execute("truncate dim_segments")
    assert values == {
        "language": {CHINESE, ENGLISH},
        "segmentation": {FINAL, "b_k3"},
        "segment_id": {"S01"},
    }


def test_the_lineage_ends_in_the_dashboard() -> None:
    exposures = yaml.safe_load(
        (ROOT / "models" / "marts" / "_marts__exposures.yml").read_text(encoding="utf-8")
    )["exposures"]
    (own,) = (one for one in exposures if one["name"] == "superset_dashboard")
    sql = "\n".join(dataset["sql"] for dataset in DATASETS.values())
    read = sorted(set(re.findall(r"\b(?:from|join) ((?:dim|fct|rpt)_\w+)", sql)))
    assert own["depends_on"] == [f"ref('{mart}')" for mart in read]


def test_superset_is_pinned_with_all_it_needs() -> None:
    lines = [
        line
        for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", " "))
    ]
    assert len(lines) > 100
    assert [line for line in lines if not re.fullmatch(r"[\w.\-]+==[\w.]+ \\", line)] == []


def test_nothing_secret_is_in_the_bundle() -> None:
    (database,) = DATABASES.values()
    assert "@" not in database["sqlalchemy_uri"]
    assert "password" not in database
