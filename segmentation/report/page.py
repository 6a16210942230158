"""Put the page together and write it: one file that asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pkgutil
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from segmentation.errors import InputError
from segmentation.files import write_whole
from segmentation.report import findings, words
from segmentation.report.charts import Chart
from segmentation.report.formats import Fact, Text, as_dict
from segmentation.report.marts import Marts, read_marts, with_ids_of_its_own
from segmentation.report.migration import migration_part
from segmentation.report.sections import (
    SegmentationPart,
    agreement_table,
    definitions,
    parameters_table,
    quality_part,
    segmentation_part,
    selection_charts,
)

LANGUAGES = ("zh", "en")


def make_report(
    database: Path, output: Path, *, language: str | None = None, lineage: Path | None = None
) -> bool:
    """Write the report of the last build.

    Parameters
    ----------
    database : Path
        The DuckDB database, or a published copy of its marts.
    output : Path
        The HTML file; its folder is made.
    language : {'zh', 'en'}, optional
        What the page opens in; else the var ``report_language`` of the build.
    lineage : Path, optional
        The page of dbt's documentation, linked where it exists.

    Returns
    -------
    bool
        Whether the last build did not end well: the marts may not fit together.

    Raises
    ------
    InputError
        When the database lacks what the report shows.
    """
    marts = read_marts(database)
    if language is None:
        language = next(
            (row["value"] for row in marts.parameters if row["parameter"] == "report_language"),
            None,
        )
    if language not in LANGUAGES:
        raise InputError(f"The report cannot open in the language {language!r}; give zh or en.")
    link = None
    if lineage is not None and lineage.exists():
        link = Path(os.path.relpath(lineage, output.parent)).as_posix()
    write_whole(output, render(marts, language, link).encode("utf-8"))
    return marts.is_unfinished


def render(marts: Marts, language: str = "zh", lineage: str | None = None) -> str:
    """Make the page.

    Parameters
    ----------
    marts : Marts
    language : {'zh', 'en'}
        What the page opens in.
    lineage : str, optional
        Link to dbt's documentation.

    Returns
    -------
    str
        HTML. The same marts give the same text.
    """
    final = segmentation_part(marts, marts.final, "")
    two_groups = (
        segmentation_part(marts, with_ids_of_its_own(marts.two_groups), "two-")
        if marts.two_groups
        else None
    )
    selection = selection_charts(marts)
    quality = quality_part(marts)
    migration = migration_part(marts)
    drawn = [
        *_charts_of(final),
        *(_charts_of(two_groups) if two_groups else []),
        *selection,
        *quality.charts,
        *(migration.charts if migration else []),
    ]
    figures = {chart.id: chart.as_figure() for chart in drawn}
    plotly = pkgutil.get_data("plotly", "package_data/plotly.min.js")
    if plotly is None:
        raise InputError("The package plotly holds no plotly.min.js; install it anew with pip.")
    # A script must not hold what ends it, nor what opens a comment.
    library = plotly.decode("utf-8").replace("</script", "<\\/script").replace("<!--", "<\\!--")
    script = _template_text("page.js")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("segmentation.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["facts"] = _facts
    html_page: str = environment.get_template("report.html.j2").render(
        marts=marts,
        language=language,
        lineage=lineage,
        final=final,
        two_groups=two_groups,
        selection=selection,
        agreement=agreement_table(marts),
        quality=quality,
        migration=migration,
        settings=parameters_table(marts, "setting"),
        versions=parameters_table(marts, "version"),
        answer=findings.answer(marts),
        trust=findings.trust(marts),
        warnings=findings.warnings(marts),
        value_within=findings.of_value(marts, Text("{}", "{}")),
        value_share=findings.of_value(marts, Text("占{}", "Of {}")),
        value_median=findings.of_value(marts, Text("{}中位数", "Median {}")),
        definitions=definitions(marts, marts.attributes),
        methods=words.METHODS,
        glossary=words.GLOSSARY,
        style=Markup(_template_text("style.css")),
        figures=Markup(_json(figures)),
        library=Markup(library),
        script=Markup(script),
        hashes=[_hash(library), _hash(script)],
    )
    return html_page


def _charts_of(part: SegmentationPart) -> Iterable[Chart]:
    for segment in part.segments:
        yield from segment.charts
    yield from part.overview
    yield from part.boxes
    yield from part.mix
    if part.map:
        yield part.map


def _json(value: Any) -> str:
    """Write JSON that can stand inside a script element, whatever it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _facts(facts: Iterable[Fact]) -> str:
    return json.dumps([as_dict(fact) for fact in facts], ensure_ascii=False)


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _template_text(name: str) -> str:
    return (resources.files("segmentation.report") / "templates" / name).read_text("utf-8")
