from __future__ import annotations

import csv
from pathlib import Path

import pytest
from seed_samples import edit, write_seeds

from segmentation.dictionary.attributes import check_seeds
from segmentation.dictionary.words import (
    CRITERION_COLUMNS,
    INDICATOR_COLUMNS,
    NAME_COLUMNS,
    PLAYBOOK_COLUMNS,
    REVIEW_COLUMNS,
    SELECTION_CRITERIA,
    TRAIT_COLUMNS,
    TRIGGER_COLUMNS,
)
from segmentation.errors import InputError

SEEDS = Path(__file__).parents[2] / "seeds"
METHODS = "the method one of kprototypes, famd_kmeans, famd_gmm, agglomerative, K from 2."


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_seeds(tmp_path)


def rows_of(name: str) -> list[dict[str, str]]:
    """Read a seed of the project."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def messages(seeds: Path) -> list[str]:
    """Give the faults of the seeds, a line each, without the folder."""
    with pytest.raises(InputError) as error:
        check_seeds(seeds)
    return [line.removeprefix(f"{seeds}/") for line in str(error.value).splitlines()]


FAULTS = [
    # file, old text, new text, what the message must say
    (
        "selection_criteria",
        "uniqueness,",
        "uniquness,",
        ":4: criterion 'uniquness' is not known. Did you mean uniqueness? Write one of: "
        "smallest_segment, distinctiveness, uniqueness, actionability, explainability.",
    ),
    ("selection_criteria", "uniqueness,", "uniquness,", ":1: no row for uniqueness. Add it, with"),
    (
        "selection_criteria",
        "uniqueness,",
        "distinctiveness,",
        ":4: criterion 'distinctiveness' stands in line 3 already. Change or remove one.",
    ),
    ("selection_criteria", "独特性", "", ":4: label_zh is blank. Fill it in."),
    ("selection_criteria", ",0.02,", ",2%,", ":2: knock_out_below is '2%'. Write a plain number"),
    ("selection_criteria", ",,0.2,1.2,", ",,low,1.2,", ":4: worst_value is 'low'"),
    ("selection_criteria", ",,0.2,1.2,", ",,0.2,inf,", ":4: best_value is 'inf'"),
    (
        "selection_criteria",
        ",,0.2,1.2,",
        ",,1.2,1.2,",
        ":4: best_value 1.2 is not above worst_value 1.2. Write the value that scores 1 as",
    ),
    (
        "selection_criteria",
        ",,0.2,1.2,",
        ",,0.2,,",
        ":4: best_value is blank, and uniqueness has the weight 0.2. Fill it in, or set the",
    ),
    ("selection_criteria", "Is one new?", "", ":4: question_en is blank, and uniqueness has"),
    ("selection_criteria", "1.2,0.2", "1.2,", ":4: weight is ''. Write a number from 0, such as"),
    ("selection_criteria", "1.2,0.2", "1.2,-0.2", ":4: weight is '-0.2'. Write a number from 0"),
    (
        "selection_criteria",
        "1.2,0.2",
        "1.2,0.25",
        ":1: the weights add up to 1.05. Change them so that they add up to 1.",
    ),
    ("business_review", "李雷,famd", ",famd", ":3: reviewer is blank. Fill it in."),
    (
        "business_review",
        "kprototypes_k5",
        "kprototype_k5",
        ":2: segmentation_id 'kprototype_k5' is none. Did you mean kprototypes_k5? Write",
    ),
    ("business_review", "kprototypes_k5", "kmodes", ":2: segmentation_id 'kmodes' is none. Write"),
    ("business_review", "kprototypes_k5", "kprototypes_k1", METHODS),
    ("business_review", "kprototypes_k5", "kprototypes_k05", METHODS),
    ("business_review", "kprototypes_k5", "", METHODS),
    (
        "business_review",
        "distinctiveness",
        "distinctivness",
        ":2: criterion 'distinctivness' is not known. Did you mean distinctiveness? Write one of: "
        "distinctiveness, uniqueness, actionability, explainability.",
    ),
    (
        "business_review",
        "distinctiveness",
        "smallest_segment",
        ":2: criterion smallest_segment has no weight, so it is not scored. Remove the row, or",
    ),
    ("business_review", ",4,", ",6,", ":2: score is '6'. Write a number from 1 (worst) to 5"),
    ("business_review", ",4,", ",,", ":2: score is ''. Write a number from 1 (worst) to 5 (best)."),
    (
        "business_review",
        "famd_gmm_k10,actionability",
        "kprototypes_k5,distinctiveness",
        ":3: reviewer '李雷', segmentation_id 'kprototypes_k5', criterion 'distinctiveness' stands "
        "in line 2 already",
    ),
    (
        "segment_traits",
        "tier,value_attribute,,0.4",
        "teir,value_attribute,,0.4",
        ":2: slot 'teir' is not known. Did you mean tier? Write one of: tier, level, risk, core,",
    ),
    (
        "segment_traits",
        "behaviour,months",
        "behaviour,month",
        ":4: attribute 'month' is unknown. Did you mean months?",
    ),
    (
        "segment_traits",
        "behaviour,months",
        "behaviour,size",
        ":4: size has levels. Write one into level, and set min_share or min_lift; only a",
    ),
    (
        "data_dictionary",
        "integer,performance,none,loyalty,higher_is_better,months,false,zero",
        "integer,excluded,none,loyalty,higher_is_better,months,false,none",
        "segment_traits.csv:4: months is not profiled: its role is excluded, its data_type integer",
    ),
    ("segment_traits", "months,,0.4,", "months,,some,", ":4: min_effect is 'some'"),
    ("segment_traits", "months,,0.4,,", "months,,0.4,0.4,", ":4: min_effect 0.4 is not below max"),
    ("segment_traits", "months,,0.4,,,,", "months,,,,,,", ":4: months has no bound, so nothing is"),
    ("segment_traits", "长期,", ",", ":4: phrase_zh is blank. Fill it in."),
    (
        "segment_traits",
        "lifecycle,months,,,-0.4,,,新",
        "lifecycle,months,,,-0.4,,,新的",
        ":7: 'new' is '新的' in line 6 and '新' here. Conditions of one phrase have the same words",
    ),
    (
        "segment_traits",
        "lifecycle,months,,,-0.4,,",
        "lifecycle,size,SMB,,,0.4,",
        ":7: slot 'lifecycle', phrase_en 'new', attribute 'size', level 'SMB' stands in line 6 al",
    ),
    (
        "segment_traits",
        "size,SMB",
        "size,SBM",
        ":7: size has no level 'SBM'. Did you mean SMB? Write one of: SMB, KA.",
    ),
    (
        "segment_traits",
        "size,SMB",
        "size,unknown",
        ":7: a segment is not named by what is unknown. Name another level.",
    ),
    ("segment_traits", ",0.5,1.2,新", ",50,1.2,新", ":7: min_share 50 is no share. Write a number"),
    (
        "segment_traits",
        "core,value_attribute",
        "core,spend",
        ":5: the slot core is about the share of the business. Write value_attribute as the attri",
    ),
    (
        "segment_traits",
        "core,value_attribute,,,,0.5,2",
        "core,value_attribute,,0.5,,,2",
        ":5: the slot core asks for a share of the value of all customers. Set min_share, such as",
    ),
    (
        "segment_traits",
        "level,category,美妆,",
        "level,category,美妆类,",
        ":8: category has no level '美妆类'. Did you mean 美妆? Write one of: 服装, 美妆.",
    ),
    (
        "segment_traits",
        "level,category,美妆,",
        "level,category,unknown,",
        ":8: level is 'unknown'. Write a level of category: what is unknown is never in a name.",
    ),
    (
        "segment_traits",
        "level,category,美妆,",
        "level,months,1,",
        ":8: months has no levels: its data_type is integer. Name a category.",
    ),
    (
        "segment_traits",
        "level,category,美妆,",
        "level,categories,美妆,",
        ":8: attribute 'categories' is unknown. Did you mean category?",
    ),
    (
        "segment_traits",
        "level,category,美妆,,,,,",
        "level,category,美妆,,,0.5,,",
        ":8: min_share: the bounds of levels are the same for all. Clear them.",
    ),
    (
        "segment_traits",
        "美妆店,beauty shop",
        "美妆店,",
        ":8: phrase_zh and phrase_en go together. Write what names call the level, or clear both",
    ),
    (
        "segment_names",
        "kprototypes_k5,S01",
        "kprototype_k5,S01",
        ":2: segmentation_id 'kprototype_k5' is none. Did you mean kprototypes_k5? Write",
    ),
    (
        "segment_names",
        "kprototypes_k5,S01",
        "kprototypes_k5,S1",
        ":2: segment_id 'S1' is none. Write S and two digits, such as S01, as dim_segments does.",
    ),
    (
        "segment_names",
        "kprototypes_k5,S01",
        "kprototypes_k5,S02",
        ":3: segmentation_id 'kprototypes_k5', segment_id 'S02' stands in line 2 already. Change",
    ),
    ("segment_names", "金主", " ", ":2: name_zh is blank. Fill it in."),
    ("segment_names", "Patrons", "", ":2: name_en is blank. Fill it in."),
    (
        "segment_names",
        "金主",
        "新秀",
        ":3: segmentation_id 'kprototypes_k5', name_zh '新秀' stands in line 2 already. Change",
    ),
    (
        "segment_names",
        "Patrons",
        '"Rising, young"',
        ":3: segmentation_id 'kprototypes_k5', name_en 'Rising, young' stands in line 2 already.",
    ),
    ("segment_names", "金主", "金" * 31, ":2: name_zh has 31 characters. Write at most 30."),
    ("segment_names", "Patrons", "P" * 61, ":2: name_en has 61 characters. Write at most 60."),
    (
        "segment_names",
        "Patrons",
        '"Patrons\nof ours"',
        ":2: name_en 'Patrons\\nof ours' has a line break or a control character. Remove it.",
    ),
    (
        "segment_names",
        "Patrons",
        "Patrons S03",
        ":2: name_en 'Patrons S03' ends in a segment id, which is what computed names that would",
    ),
    (
        "theme_indicators",
        "loyalty,months",
        "loyality,months",
        ":4: theme 'loyality' is not known. Did you mean loyalty? Write one of: spending_power, ",
    ),
    ("theme_indicators", "loyalty,months", ",months", ":4: theme is blank. Fill it in."),
    (
        "theme_indicators",
        "loyalty,months",
        "scale,months",
        ":4: months has the theme loyalty in data_dictionary.csv, not scale. Change one of the two",
    ),
    (
        "theme_indicators",
        ",months",
        ",runway",
        ":4: runway has the theme (blank) in data_dictionary.csv, not loyalty.",
    ),
    (
        "theme_indicators",
        ",months",
        ",month",
        ":4: attribute 'month' is unknown. Did you mean months?",
    ),
    ("theme_indicators", ",months", ",", ":4: attribute '' is unknown. Add it to data_dictionary"),
    (
        "theme_indicators",
        ",months",
        ",is_fashion",
        ":4: is_fashion has no mean to compare: its role is flag, its data_type flag. Name a num",
    ),
    (
        "theme_indicators",
        ",months",
        ",balance",
        ":4: attribute 'balance' stands in line 3 already. Change or remove one.",
    ),
    (
        "theme_indicators",
        "size,SMB",
        "size,",
        ":4: except_attribute and except_level go together. Name a category and the level of it",
    ),
    (
        "theme_indicators",
        "size,SMB",
        "sizes,SMB",
        ":4: except_attribute 'sizes' is unknown. Did you mean size?",
    ),
    (
        "theme_indicators",
        "size,SMB",
        "runway,SMB",
        ":4: except_attribute runway has no levels in profiles: its role is profile_only, its",
    ),
    (
        "theme_indicators",
        "size,SMB",
        "size,SBM",
        ":4: size has no level 'SBM'. Did you mean SMB? Write one of: SMB, KA.",
    ),
    (
        "data_dictionary",
        "loyalty,higher_is_better,months",
        "loyalty,neutral,months",
        "theme_indicators.csv:4: months is neutral: more of it is neither better nor worse. Give",
    ),
    (
        "data_dictionary",
        "integer,performance,none,loyalty,higher_is_better,months,false,zero",
        "integer,excluded,none,loyalty,higher_is_better,months,false,none",
        "theme_indicators.csv:4: months has no mean to compare: its role is excluded",
    ),
    ("playbooks", "new_season", "New season", ":3: playbook is 'New season'. Write a snake_case"),
    (
        "playbooks",
        "new_season",
        "new_seasons",
        ":3: new_seasons has no trigger, so it is never proposed. Add a row to playbook_triggers",
    ),
    (
        "playbooks",
        "new_season",
        "new_seasons",
        "playbook_triggers.csv:3: playbook 'new_season' is unknown. Did you mean new_seasons?",
    ),
    (
        "playbooks",
        "new_season",
        "key_account_team",
        ":3: playbook 'key_account_team' stands in line 2 already",
    ),
    ("playbooks", "Raise spend.", "", ":3: goal_en is blank. Fill it in."),
    ("playbooks", "每周测试新款。", "", ":3: action_zh is blank. Fill it in."),
    ("playbooks", ",months,", ",month,", ":3: kpi 'month' is unknown. Did you mean months?"),
    ("playbooks", ",months,", ",customer_id,", ":3: kpi customer_id has the role id"),
    ("playbooks", ",months,3", ",months,high", ":3: priority 'high' is not known. Write one of: 1"),
    (
        "playbook_triggers",
        "key_account_team,",
        "hunters,",
        ":2: playbook 'hunters' is unknown. Add it to playbooks.csv.",
    ),
    (
        "playbook_triggers",
        ",months,",
        ",month,",
        ":3: attribute 'month' is unknown. Did you mean months?",
    ),
    ("playbook_triggers", "value_attribute", "customer_id", ":2: customer_id is not profiled"),
    (
        "playbook_triggers",
        "months,,-0.4,0.4,,",
        "months,,0.4,0.4,,",
        ":3: min_effect 0.4 is not below max_effect 0.4. Swap them, or clear one.",
    ),
    (
        "playbook_triggers",
        "-0.4,0.4",
        "-0.4,some",
        ":3: max_effect is 'some'. Write a plain number",
    ),
    (
        "playbook_triggers",
        "value_attribute,,0.4,,,",
        "value_attribute,,,,,",
        ":2: value_attribute has no bound, so nothing is asked of it. Set min_effect or max_effect",
    ),
    (
        "playbook_triggers",
        "value_attribute,,0.4",
        "value_attribute,high,0.4",
        ":2: value_attribute is a number and has no level 'high'. Clear level, and set min_effect",
    ),
    (
        "playbook_triggers",
        "months,,-0.4,0.4,,",
        "months,,-0.4,0.4,0.5,2",
        ":3: months is a number, which has no shares. Clear min_share and min_lift, and set min_ef",
    ),
    (
        "playbook_triggers",
        "is_fashion,1,,,0.05,1.5",
        "is_fashion,1,0.4,,0.05,1.5",
        ":4: is_fashion is no number, which has no effects. Clear min_effect, and set min_share",
    ),
    (
        "playbook_triggers",
        "is_fashion,1,",
        "is_fashion,,",
        ":4: is_fashion has levels. Write one into level, and set min_share or min_lift",
    ),
    (
        "playbook_triggers",
        "is_fashion,1,",
        "is_fashion,yes,",
        ":4: is_fashion has no level 'yes'. Write one of: 0, 1.",
    ),
    (
        "playbook_triggers",
        "服装,",
        "服 装,",
        ":5: category has no level '服 装'. Did you mean 服装? Write one of: 服装, 美妆.",
    ),
    (
        "playbook_triggers",
        "category,服装",
        "spend_level,middle",
        ":5: spend_level has no level 'middle'. Did you mean mid? Write one of: low, mid, high.",
    ),
    ("playbook_triggers", "0.05,", "5,", ":4: min_share 5 is no share. Write a number from 0 to 1"),
    ("playbook_triggers", ",1.2", ",0", ":5: min_lift 0 is not above 0. Write a lift such as 1.5"),
    ("playbook_triggers", ",1.2", ",", ":5: category has no bound, so nothing is asked of it"),
    (
        "playbook_triggers",
        "category,服装",
        "is_fashion,1",
        ":5: playbook 'new_season', attribute 'is_fashion', level '1' stands in line 4 already",
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), FAULTS)
def test_a_fault_is_named_with_its_place(
    seeds: Path, name: str, old: str, new: str, message: str
) -> None:
    edit(seeds, name, old, new)
    found = messages(seeds)
    assert any(message in line for line in found), found


def test_all_faults_come_at_once(seeds: Path) -> None:
    edit(seeds, "selection_criteria", "1.2,0.2", "1.2,0.25")
    edit(seeds, "business_review", ",4,", ",6,")
    edit(seeds, "playbooks", ",months,3", ",months,4")
    edit(seeds, "playbook_triggers", "0.05,", "5,")
    edit(seeds, "segment_traits", "长期,", ",")
    edit(seeds, "segment_names", "Patrons", "")
    edit(seeds, "theme_indicators", "SMB", "")
    places = [line.split(": ")[0] for line in messages(seeds)]
    assert places == [
        "business_review.csv:2",
        "playbook_triggers.csv:4",
        "playbooks.csv:3",
        "segment_names.csv:2",
        "segment_traits.csv:4",
        "selection_criteria.csv:1",
        "theme_indicators.csv:4",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "business_review",
        "playbook_triggers",
        "playbooks",
        "segment_names",
        "segment_traits",
        "theme_indicators",
    ],
)
def test_a_seed_that_is_missing_is_named(seeds: Path, name: str) -> None:
    (seeds / f"{name}.csv").unlink()
    assert messages(seeds) == [f"{name}.csv: the file is missing. Restore it from git."]


def test_criteria_that_cannot_be_read_are_one_fault(seeds: Path) -> None:
    edit(seeds, "selection_criteria", "best_value,weight", "best_value,weights")
    assert [line.split(" column")[0] for line in messages(seeds)] == [
        "selection_criteria.csv:1: missing",
        "selection_criteria.csv:1: unknown",
    ]


def test_a_level_may_be_kept_out_of_names(seeds: Path) -> None:
    edit(seeds, "segment_traits", "美妆店,beauty shop", ",")
    check_seeds(seeds)


def test_the_criteria_may_lie_elsewhere(seeds: Path) -> None:
    """Proposed seeds have none: the criteria go with any dictionary."""
    (seeds / "selection_criteria.csv").unlink()
    check_seeds(seeds)


def test_weights_may_be_thirds(seeds: Path) -> None:
    edit(seeds, "selection_criteria", "0.8,0.3", "0.8,0.3333333")
    edit(seeds, "selection_criteria", "1.2,0.2", "1.2,0.3333333")
    edit(seeds, "selection_criteria", "1,0.3", "1,0.3333334")
    edit(seeds, "selection_criteria", "0.95,0.2", "0.95,0")
    check_seeds(seeds)


def test_a_missing_value_is_a_level_and_undeclared_levels_may_be_any(seeds: Path) -> None:
    edit(seeds, "playbook_triggers", "category,服装", "category,unknown")
    check_seeds(seeds)
    edit(seeds, "data_dictionary", "category,,类目,Category", "kind,,种类,Kind")
    for name in ("attribute_levels", "category_flags"):
        path = seeds / f"{name}.csv"
        path.write_text(path.read_text("utf-8").replace("category,", "size,"), "utf-8")
    path = seeds / "attribute_levels.csv"
    path.write_text("".join(path.read_text("utf-8").splitlines(True)[:3]), "utf-8")
    edit(seeds, "category_flags", "服装", "SMB")
    edit(seeds, "segment_traits", "level,category", "level,kind")
    edit(seeds, "playbook_triggers", "category,unknown", "kind,anything")
    check_seeds(seeds)


def test_what_is_excluded_triggers_nothing(seeds: Path) -> None:
    edit(
        seeds,
        "data_dictionary",
        "integer,performance,none,loyalty,higher_is_better,months,false,zero",
        "integer,excluded,none,loyalty,higher_is_better,months,false,none",
    )
    edit(seeds, "segment_traits", "behaviour,months,,0.4,,,,长期,long-standing\n", "")
    edit(seeds, "segment_traits", "lifecycle,months,,,-0.4,,,新,new\n", "")
    edit(seeds, "theme_indicators", "loyalty,months,size,SMB\n", "")
    kpi, trigger = messages(seeds)[::-1]
    assert "playbooks.csv:3: kpi months has the role excluded, so it is not profiled" in kpi
    assert "playbook_triggers.csv:3: months is not profiled: its role is excluded" in trigger


def test_the_seeds_of_the_project_have_the_columns_and_the_criteria_asked_for() -> None:
    for name, columns in (
        ("selection_criteria", CRITERION_COLUMNS),
        ("business_review", REVIEW_COLUMNS),
        ("segment_traits", TRAIT_COLUMNS),
        ("segment_names", NAME_COLUMNS),
        ("theme_indicators", INDICATOR_COLUMNS),
        ("playbooks", PLAYBOOK_COLUMNS),
        ("playbook_triggers", TRIGGER_COLUMNS),
    ):
        header = (SEEDS / f"{name}.csv").read_text("utf-8").splitlines()[0]
        assert tuple(header.split(",")) == columns
    assert tuple(row["criterion"] for row in rows_of("selection_criteria")) == SELECTION_CRITERIA
    assert rows_of("business_review") == rows_of("segment_names") == []


def test_nouns_of_names_are_short_and_end_in_what_customers_are() -> None:
    for row in rows_of("segment_traits"):
        if row["slot"] in ("risk", "core", "lifecycle", "behaviour"):
            assert row["phrase_zh"].endswith("群")
            assert len(row["phrase_zh"]) <= 7
            assert len(row["phrase_en"]) <= 25
            assert row["phrase_en"] == "core" or row["phrase_en"].endswith("s")


def test_the_indicators_of_a_theme_are_those_of_the_plan() -> None:
    themes: dict[str, list[str]] = {}
    for row in rows_of("theme_indicators"):
        themes.setdefault(row["theme"], []).append(row["attribute"])
    assert themes == {
        "spending_power": ["month_avg_spend_amt", "total_ad_count", "month_avg_topup_amt"],
        "activity": ["days_since_last_spend", "avg_monthly_active_days", "month_avg_ad_count"],
        "loyalty": ["month_std2avg", "value_concentration_index"],
        "scale": ["total_account_count", "channel_count"],
    }


def test_a_playbook_fits_whatever_the_value_of_a_segment() -> None:
    """Its tiers are those that segments are named by, without a gap."""
    alone = [row for row in rows_of("playbook_triggers") if row["attribute"] == "value_attribute"]
    playbooks = [row["playbook"] for row in rows_of("playbook_triggers")]
    tiers = {
        (row["min_effect"], row["max_effect"])
        for row in rows_of("segment_traits")
        if row["slot"] == "tier"
    }
    assert tiers == {
        (row["min_effect"], row["max_effect"])
        for row in alone
        if playbooks.count(row["playbook"]) == 1
    }


def test_playbooks_say_one_thing_each_in_one_sentence() -> None:
    rows = rows_of("playbooks")
    assert len(rows) >= 22
    for column in ("label_zh", "label_en", "goal_zh", "goal_en", "action_zh", "action_en"):
        texts = [row[column] for row in rows]
        assert len(set(texts)) == len(texts)
        if not column.startswith("label"):
            end = "。" if column.endswith("_zh") else "."
            assert [text for text in texts if text.find(end) != len(text) - 1] == []
