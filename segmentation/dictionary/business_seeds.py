"""Checks of the seeds that the business decides by: criteria, reviews, playbooks, triggers."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.dictionary.conditions import check_condition
from segmentation.dictionary.seed_checks import (
    SNAKE_CASE,
    Seed,
    nearest,
    parse_number,
    read_bound,
    segmentation_fault,
)
from segmentation.dictionary.seed_csv import Fault
from segmentation.dictionary.words import (
    CRITERION_COLUMNS,
    PLAYBOOK_COLUMNS,
    REVIEW_COLUMNS,
    SELECTION_CRITERIA,
    TRIGGER_COLUMNS,
)

if TYPE_CHECKING:
    from segmentation.dictionary.attributes import Attribute

_WEIGHT_TOLERANCE = 1e-6


def check_business_seeds(
    folder: Path,
    by_name: Mapping[str, Attribute],
    levels: Mapping[str, tuple[str, ...]],
    faults: list[Fault],
) -> None:
    """Check the seeds that say how a number of segments is chosen and what is done with each.

    Parameters
    ----------
    folder : Path
        The folder of ``selection_criteria.csv``, ``business_review.csv``, ``playbooks.csv`` and
        ``playbook_triggers.csv``. The first goes with any dictionary, so that it may be missing
        in a folder of proposed seeds.
    by_name : mapping of str to Attribute
        The attributes of the dictionary.
    levels : mapping of str to tuple of str
        The levels of the attributes that declare them.
    faults : list of Fault
        Receives every fault.
    """
    weighted: Collection[str] = SELECTION_CRITERIA
    path = folder / "selection_criteria.csv"
    if path.exists():
        criteria = Seed(path, CRITERION_COLUMNS, faults)
        if criteria.is_read:
            _check_criteria(criteria)
            weighted = {row["criterion"] for _, row in criteria.rows if _has_weight(row)}
    _check_reviews(Seed(folder / "business_review.csv", REVIEW_COLUMNS, faults), weighted)
    playbooks = Seed(folder / "playbooks.csv", PLAYBOOK_COLUMNS, faults)
    triggers = Seed(folder / "playbook_triggers.csv", TRIGGER_COLUMNS, faults)
    _check_playbooks(playbooks, triggers, by_name)
    _check_triggers(triggers, playbooks, by_name, levels)


def _has_weight(row: Mapping[str, str]) -> bool:
    """Whether a criterion counts in the score."""
    return (parse_number(row["weight"]) or 0) > 0


def _check_criteria(criteria: Seed) -> None:
    """Check ``selection_criteria.csv``."""
    criteria.check_words("criterion")
    criteria.check_filled("label_zh", "label_en")
    criteria.check_unique("criterion")
    for line, row in criteria.rows:
        _check_scale(row, partial(criteria.fault, line))
    missing = [name for name in SELECTION_CRITERIA if name not in criteria.by("criterion")]
    if missing:
        criteria.fault(
            1, f"no row for {', '.join(missing)}. Add it, with the weight 0 to leave it out."
        )
    weights = [parse_number(row["weight"]) for _, row in criteria.rows]
    numbers = [weight for weight in weights if weight is not None]
    total = math.fsum(numbers)
    if numbers and numbers == weights and abs(total - 1) > _WEIGHT_TOLERANCE:
        criteria.fault(
            1, f"the weights add up to {total:.6g}. Change them so that they add up to 1."
        )


def _check_scale(row: dict[str, str], fault: Callable[[str], None]) -> None:
    """Check the numbers of one criterion, and that it can be asked and scored where it counts."""
    read_bound(row, "knock_out_below", fault, "0.5")
    worst = read_bound(row, "worst_value", fault, "0.5")
    best = read_bound(row, "best_value", fault, "0.5")
    weight = parse_number(row["weight"])
    if weight is None or weight < 0:
        fault(f"weight is {row['weight']!r}. Write a number from 0, such as 0.3.")
    if worst is not None and best is not None and worst >= best:
        fault(
            f"best_value {row['best_value']} is not above worst_value {row['worst_value']}. "
            "Write the value that scores 1 as the worst and the one that scores 5 as the best."
        )
    if _has_weight(row):
        for column in ("question_zh", "question_en", "worst_value", "best_value"):
            if not row[column]:
                fault(
                    f"{column} is blank, and {row['criterion']} has the weight {row['weight']}. "
                    "Fill it in, or set the weight to 0."
                )


def _check_reviews(reviews: Seed, weighted: Collection[str]) -> None:
    """Check ``business_review.csv`` against the criteria that have a weight."""
    reviews.check_filled("reviewer")
    reviews.check_unique("reviewer", "segmentation_id", "criterion")
    listed = ", ".join(name for name in SELECTION_CRITERIA if name in weighted)
    for line, row in reviews.rows:
        criterion, score = row["criterion"], parse_number(row["score"])
        if message := segmentation_fault(row["segmentation_id"]):
            reviews.fault(line, message)
        if criterion in SELECTION_CRITERIA and criterion not in weighted:
            reviews.fault(
                line,
                f"criterion {criterion} has no weight, so it is not scored. Remove the row, or "
                "give it a weight in selection_criteria.csv.",
            )
        elif criterion not in SELECTION_CRITERIA:
            near = difflib.get_close_matches(criterion.lower(), weighted, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            reviews.fault(
                line, f"criterion {criterion!r} is not known. {hint}Write one of: {listed}."
            )
        if score is None or not 1 <= score <= 5:
            reviews.fault(
                line, f"score is {row['score']!r}. Write a number from 1 (worst) to 5 (best)."
            )


def _check_playbooks(playbooks: Seed, triggers: Seed, by_name: Mapping[str, Attribute]) -> None:
    """Check ``playbooks.csv``."""
    playbooks.check_filled(*(name for name in PLAYBOOK_COLUMNS if name.endswith(("_zh", "_en"))))
    playbooks.check_unique("playbook")
    playbooks.check_words("priority")
    triggered = triggers.by("playbook")
    for line, row in playbooks.rows:
        playbook, kpi = row["playbook"], row["kpi"]
        if not SNAKE_CASE.fullmatch(playbook):
            playbooks.fault(
                line,
                f"playbook is {playbook!r}. Write a snake_case code: lower-case words and digits "
                "joined by single _, a letter first.",
            )
        if triggers.is_read and playbook not in triggered:
            playbooks.fault(
                line,
                f"{playbook} has no trigger, so it is never proposed. Add a row to "
                "playbook_triggers.csv, or remove the playbook.",
            )
        if kpi not in by_name:
            playbooks.fault(line, f"kpi {kpi!r} is unknown. {nearest(kpi, by_name)}")
        elif by_name[kpi].role in ("id", "excluded"):
            playbooks.fault(
                line,
                f"kpi {kpi} has the role {by_name[kpi].role}, so it is not profiled. Name an "
                "attribute of another role.",
            )


def _check_triggers(
    triggers: Seed,
    playbooks: Seed,
    by_name: Mapping[str, Attribute],
    levels: Mapping[str, tuple[str, ...]],
) -> None:
    """Check ``playbook_triggers.csv``."""
    triggers.check_unique("playbook", "attribute", "level")
    known = playbooks.by("playbook")
    for line, row in triggers.rows:
        fault = partial(triggers.fault, line)
        playbook = row["playbook"]
        if playbooks.is_read and playbook not in known:
            fault(f"playbook {playbook!r} is unknown. {nearest(playbook, known, 'playbooks.csv')}")
        check_condition(row, by_name, levels, fault)
