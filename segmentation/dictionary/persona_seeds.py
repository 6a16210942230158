"""Checks of the seeds that persona cards are written from: their rows and their sentences."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from segmentation.dictionary.seed_checks import Seed
from segmentation.dictionary.seed_csv import Fault
from segmentation.dictionary.words import DIMENSION_COLUMNS, PHRASE_COLUMNS, THEMES

_NUMBER_WORDS = ("label", "value", "overall", "share")
_LEVEL_WORDS = ("label", "items", "share", "overall")
_PLAYBOOK_WORDS = ("rank", "label", "action", "goal", "kpi", "value", "overall")
_RULE_WORDS = ("conditions", "precision", "recall", "discovery", "contradiction")
PHRASES: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "portrait": ("traits",),
    "portrait_plain": (),
    "name_overridden": (),
    "name_provisional": ("reason",),
    "size": ("customers", "share", "value_share", "label"),
    "rule_golden": _RULE_WORDS,
    "rule_one_segment": (),
    "rule_discovery": _RULE_WORDS,
    "rule_contradiction": _RULE_WORDS,
    "rule_none": (),
    **{
        f"number_{side}_{grade}": _NUMBER_WORDS
        for side in ("above", "below")
        for grade in ("far", "clear", "slight")
    },
    "number_plain": _NUMBER_WORDS,
    "number_mean": _NUMBER_WORDS,
    "number_unknown": ("label", "share"),
    "numbers_similar": ("label",),
    "whales": ("label", "value"),
    "levels_more": _LEVEL_WORDS,
    "levels_seldom": _LEVEL_WORDS,
    "levels_flat": _LEVEL_WORDS,
    "levels_unknown": _LEVEL_WORDS,
    "flags_more": ("items",),
    "flags_less": ("items",),
    "risk_higher": ("items",),
    "risk_lower": ("items",),
    "risk_average": ("items",),
    "nothing": (),
    "nothing_special": (),
    "example_typical": ("customer", "figures"),
    "playbook": _PLAYBOOK_WORDS,
    "playbook_share": _PLAYBOOK_WORDS,
    "playbook_none": (),
}
"""The phrases that the models say, and the words in braces that each may have filled in."""

DIMENSIONS = ("群体命名", "客户占比", "核心规则", "代表客户", "建议")
"""The rows of a card that tell of the segment itself, whatever the dictionary."""

_WORD = re.compile(r"\{(\w+)\}")
_ORDER = re.compile(r"[1-9][0-9]?")


def check_persona_seeds(folder: Path, faults: list[Fault]) -> None:
    """Check the rows and the sentences of persona cards.

    Both seeds go with any dictionary, so that they may be missing in a folder of proposed seeds.

    Parameters
    ----------
    folder : Path
        The folder of ``persona_dimensions.csv`` and ``persona_phrases.csv``.
    faults : list of Fault
        Receives every fault.
    """
    dimensions = folder / "persona_dimensions.csv"
    if dimensions.exists():
        _check_dimensions(Seed(dimensions, DIMENSION_COLUMNS, faults))
    phrases = folder / "persona_phrases.csv"
    if phrases.exists():
        _check_phrases(Seed(phrases, PHRASE_COLUMNS, faults))


def _check_dimensions(seed: Seed) -> None:
    """Check ``persona_dimensions.csv``."""
    seed.check_filled("dimension", "dimension_en")
    seed.check_unique("dimension", "theme")
    first: dict[str, tuple[int, dict[str, str]]] = {}
    themes: dict[str, int] = {}
    for line, row in seed.rows:
        if not _ORDER.fullmatch(row["dimension_order"]):
            seed.fault(
                line,
                f"dimension_order is {row['dimension_order']!r}. Write a whole number from 1 to "
                "99.",
            )
        theme = row["theme"]
        if theme and theme not in THEMES:
            seed.fault(
                line, f"theme {theme!r} is not known. Write one of: {', '.join(THEMES)}, or none."
            )
        elif theme and themes.setdefault(theme, line) != line:
            seed.fault(line, f"theme {theme} is told of in line {themes[theme]} already.")
        earlier, same = first.setdefault(row["dimension"], (line, row))
        for column in ("dimension_order", "dimension_en"):
            if row[column] != same[column]:
                seed.fault(
                    line,
                    f"{column} of {row['dimension']} is {row[column]!r}, in line {earlier} "
                    f"{same[column]!r}. Write the same in both.",
                )
    for name in DIMENSIONS:
        if seed.is_read and name not in first:
            seed.fault(1, f"no row for {name}, of which every segment tells. Add it.")


def _check_phrases(seed: Seed) -> None:
    """Check ``persona_phrases.csv``."""
    seed.check_filled("text_zh", "text_en")
    seed.check_unique("phrase")
    for line, row in seed.rows:
        phrase = row["phrase"]
        if phrase not in PHRASES:
            near = difflib.get_close_matches(phrase.lower(), PHRASES, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Remove the row."
            seed.fault(line, f"no model says the phrase {phrase!r}. {hint}")
            continue
        words = {column: set(_WORD.findall(row[column])) for column in ("text_zh", "text_en")}
        for column, found in words.items():
            if set("{}") & set(_WORD.sub("", row[column])):
                seed.fault(
                    line, f"{column} has a brace that encloses no word. Remove it or close it."
                )
            for word in sorted(found - set(PHRASES[phrase])):
                known = ", ".join(map("{{{}}}".format, PHRASES[phrase])) or "no word in braces"
                seed.fault(line, f"{column} has {{{word}}}; {phrase} knows {known}.")
        for word in sorted(words["text_zh"] ^ words["text_en"]):
            seed.fault(
                line,
                f"{{{word}}} stands in one language only. Both say the same: add it to the other.",
            )
    for phrase in PHRASES:
        if seed.is_read and phrase not in seed.by("phrase"):
            seed.fault(1, f"no row for {phrase}, which a card may say. Add it.")
