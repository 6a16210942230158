"""Checks of the seeds that persona cards are written from."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from seed_samples import write_seeds

from segmentation.dictionary.attributes import check_seeds
from segmentation.errors import InputError

ROOT = Path(__file__).parents[2]
DIMENSIONS, PHRASES = "persona_dimensions.csv", "persona_phrases.csv"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A valid folder of seeds with the project's own cards."""
    folder = write_seeds(tmp_path)
    for name in (DIMENSIONS, PHRASES):
        shutil.copy(ROOT / "seeds" / name, folder)
    return folder


def test_the_projects_cards_are_valid(seeds: Path) -> None:
    check_seeds(seeds)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (PHRASES, "nothing,文件没有这方面的属性,", "nothing,文件没有{label},", "knows no word"),
        (PHRASES, "risk_higher,风险高于平均的是 {items},", "risk_higher,,", "one language only"),
        (PHRASES, "whales,{label}", "whales,{{label}", "brace that encloses no word"),
        (PHRASES, "whales,", "whale,", "Did you mean whales?"),
        (PHRASES, "whales,", "whale,", "no row for whales"),
        (PHRASES, "rule_none,", "rule_golden,", "stands in line"),
        (PHRASES, "No playbook is triggered; serve as usual", "", "text_en is blank"),
        (DIMENSIONS, "12,建议,Advice,", "0,建议,Advice,", "dimension_order is '0'"),
        (DIMENSIONS, "12,建议,Advice,", "12,劝告,Advice,", "no row for 建议"),
        (DIMENSIONS, "Risk,risk", "Risk,danger", "theme 'danger' is not known"),
        (DIMENSIONS, "Risk,risk", "Risk,scale", "theme scale is told of in line"),
        (DIMENSIONS, "5,活跃与忠诚,Activity and loyalty,loyalty", "6,活跃与忠诚,Loyalty,loyalty",
         "dimension_en of 活跃与忠诚"),
    ],
)  # fmt: skip
def test_a_fault_is_named(seeds: Path, file: str, old: str, new: str, message: str) -> None:
    path = seeds / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        check_seeds(seeds)
