"""The Superset dashboard in examples/superset, as its YAML files say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "examples" / "superset" / "bundle"
CHINESE = "中文"
ENGLISH = "English"
FINAL = "最终方案 · Final"


def _read(folder: str) -> dict[str, dict[str, Any]]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((BUNDLE / folder).rglob("*.yaml"))
    }


DATABASES = _read("databases")
DATASETS = _read("datasets")
CHARTS = _read("charts")
DASHBOARD = _read("dashboards")["customer_segments"]
POSITION: dict[str, dict[str, Any]] = {
    key: part for key, part in DASHBOARD["position"].items() if isinstance(part, dict)
}
FILTERS: list[dict[str, Any]] = DASHBOARD["metadata"]["native_filter_configuration"]
DATASET_BY_UUID = {dataset["uuid"]: dataset for dataset in DATASETS.values()}
CHART_BY_UUID = {chart["uuid"]: name for name, chart in CHARTS.items()}
TABS = {
    tab: [
        CHART_BY_UUID[part["meta"]["uuid"]]
        for part in POSITION.values()
        if part["type"] == "CHART" and tab in part["parents"]
    ]
    for tab in POSITION["TABS-main"]["children"]
}
"""The names of the charts by tab, in the order of the tabs."""


def columns_of(dataset: dict[str, Any]) -> list[str]:
    """Give the names of a dataset's columns."""
    return [column["column_name"] for column in dataset["columns"]]


def metrics_of(dataset: dict[str, Any]) -> dict[str, str]:
    """Give the SQL of a dataset's metrics by their names."""
    return {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
