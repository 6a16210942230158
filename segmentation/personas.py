"""The persona cards of a segmentation as Markdown, for a wiki, a mail or the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import click
import duckdb

from segmentation.database_faults import open_to_read
from segmentation.errors import InputError
from segmentation.options import database_option

LANGUAGES = ("zh", "en")
_HEADINGS = {"zh": ("维度", "画像"), "en": ("What", "Who they are")}
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")


def persona_cards(database: Path, segmentation_id: str | None = None, language: str = "zh") -> str:
    """Write the cards of every segment of a segmentation, the most valuable first.

    Parameters
    ----------
    database : Path
        A DuckDB database with the marts.
    segmentation_id : str, optional
        Such as ``agglomerative_k2``; the final one by default.
    language : {"zh", "en"}

    Returns
    -------
    str
        Markdown: a heading and a table a segment. What comes from data is text, never markup.

    Raises
    ------
    InputError
        When the database is not there, holds no cards, or knows no such segmentation.
    """
    if language not in LANGUAGES:
        raise InputError(f"language is {language!r}; give one of: {', '.join(LANGUAGES)}.")
    dimension = "dimension" if language == "zh" else "dimension_en"
    with open_to_read(database) as connection:
        try:
            known = connection.execute(
                "select segmentation_id, is_final from dim_segmentations order by 1"
            ).fetchall()
            wanted = segmentation_id or next((name for name, is_final in known if is_final), "")
            rows = connection.execute(
                f"select segment_id, name_{language}, {dimension}, text_{language} "
                "from rpt_persona_cards "
                "inner join dim_segments using (segmentation_id, cluster, segment_id) "
                "where segmentation_id = ? order by segment_id, dimension_order",
                [wanted],
            ).fetchall()
        except duckdb.CatalogException as error:
            raise InputError(
                f"{database} holds no finished build ({str(error).splitlines()[0]}); run dbt build."
            ) from error
    if not rows:
        names = ", ".join(name for name, _ in known)
        raise InputError(f"There is no segmentation {wanted!r}; give one of: {names}.")
    lines: list[str] = []
    current = None
    for segment_id, name, heading, text in rows:
        if segment_id != current:
            first, second = _HEADINGS[language]
            lines += ["", f"### {segment_id} {_plain(name)}", "", f"| {first} | {second} |"]
            lines.append("|---|---|")
            current = segment_id
        lines.append(f"| {_plain(heading)} | {_plain(text)} |")
    return "\n".join(lines[1:])


def _plain(text: str) -> str:
    """Escape what Markdown would read as markup, in a single line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


@click.command("personas")
@database_option
@click.option("--segmentation", help="Such as agglomerative_k2; the final one by default.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
def personas_command(database: Path, segmentation: str | None, language: str) -> None:
    """Print the persona cards of the last dbt build as Markdown."""
    try:
        click.echo(persona_cards(database, segmentation, language))
    except InputError as error:
        raise click.ClickException(str(error)) from error
