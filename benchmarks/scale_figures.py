"""Draw the figures of `docs/benchmarks.md` from `docs/benchmarks/scale.json`.

Run it with `python benchmarks/scale_figures.py` in the activated environment; it needs the Chromium
of the system, which makes pictures of the charts. It also prints the exponents of growth.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from harness import print_table
from playwright.sync_api import sync_playwright
from scale import MEASURED

WIDTH, HEIGHT = 900, 520
COLOURS = (
    *("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#da8bc3", "#8c8c8c"),
    *("#ccb974", "#64b5cd", "#2f4b7c", "#a05195"),
)


def main() -> None:
    """Draw both figures, and print how each stage grows."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    stages = pd.DataFrame({one["rows"]: one["stages"] for one in measured})
    seconds = pd.Series({one["rows"]: one["seconds"] for one in measured})
    draw(growth(stages, seconds), "scale_growth.png")
    draw(shares(stages), "scale_stages.png")
    steps = list(pairwise(stages.columns))
    lines = [("file to report", seconds), *stages.iterrows()]
    print_table(
        ("exponent", *(f"{low:,} to {high:,}" for low, high in steps)),
        [
            (name, *(f"{exponent(spent[low], spent[high], low, high):.2f}" for low, high in steps))
            for name, spent in lines
        ],
    )


def exponent(spent_low: float, spent_high: float, low: int, high: int) -> float:
    """Give b of seconds = a * customers ** b through two points."""
    return math.log(spent_high / spent_low) / math.log(high / low)


def growth(stages: pd.DataFrame, seconds: pd.Series[float]) -> go.Figure:
    """Seconds over customers, both on a logarithmic scale."""
    figure = go.Figure()
    for (stage, spent), colour in zip(stages.iterrows(), COLOURS, strict=False):
        figure.add_scatter(x=spent.index, y=spent, name=str(stage), line={"color": colour})
    figure.add_scatter(
        x=seconds.index, y=seconds, name="file to report", line={"color": "black", "width": 4}
    )
    figure.update_xaxes(type="log", title="customers")
    figure.update_yaxes(type="log", title="seconds (of stages: added over both threads)")
    return figure


def shares(stages: pd.DataFrame) -> go.Figure:
    """Seconds by stage, a bar a number of customers, each bar as long as the others."""
    shared = 100 * stages / stages.sum()
    figure = go.Figure()
    for (stage, share), colour in zip(shared.iterrows(), COLOURS, strict=False):
        figure.add_bar(
            x=share,
            y=[f"{rows:,}" for rows in share.index],
            name=str(stage),
            orientation="h",
            marker_color=colour,
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="% of the seconds of all stages")
    figure.update_yaxes(title="customers", type="category", autorange="reversed")
    return figure


def draw(figure: go.Figure, name: str) -> None:
    """Make a picture beside the measurements."""
    figure.update_layout(
        template="plotly_white", width=WIDTH, height=HEIGHT, margin={"t": 20}, font={"size": 13}
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "figure.html"
        figure.write_html(page_file, config={"staticPlot": True})
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2)
        page.goto(page_file.as_uri())
        page.locator(".plotly-graph-div").screenshot(path=MEASURED.with_name(name))
        browser.close()


if __name__ == "__main__":
    main()
