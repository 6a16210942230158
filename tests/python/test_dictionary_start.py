from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from segmentation.dictionary.attributes import DICTIONARY_COLUMNS, check_seeds
from segmentation.dictionary.cli import dictionary
from segmentation.dictionary.start import propose_seeds, write_seeds
from segmentation.errors import InputError

REGIONS = ("North", "South", "Unknown")


def write_customers(path: Path, columns: dict[str, list[object]]) -> str:
    """Write a customer file with a header row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


@pytest.fixture
def location(tmp_path: Path) -> str:
    n = 300
    return write_customers(
        tmp_path / "customers.csv",
        {
            "Client No": [f"C{i}" for i in range(n)],
            "Spend (USD)": [f"${1.05**i:,.2f}" for i in range(n)],
            "age": [20 + i % 50 for i in range(n)],
            "Net result": [(-1) ** i * 1.04**i for i in range(n)],
            "last contact": [-1 if i % 3 else i for i in range(n)],
            "runway": ["infinity" if i % 3 == 0 else i / 7 for i in range(n)],
            "region": [REGIONS[i % 3] for i in range(n)],
            "product": [f"P{i % 25}" for i in range(n)],
            "comment": [f"call {i}" for i in range(n)],
            "default": ["yes" if i % 9 else "no" for i in range(n)],
            "joined": [f"2024-01-{1 + i % 28:02d}" for i in range(n)],
            "empty": [""] * n,
            "cluster": [i % 4 for i in range(n)],
            "区域": ["甲" if i % 2 else "乙" for i in range(n)],
        },
    )


def test_every_column_gets_the_role_that_its_values_suggest(location: str) -> None:
    rows = propose_seeds(location).seeds["data_dictionary.csv"]
    columns = ("data_type", "role", "transform", "missing_tokens", "valid_min")
    assert {row["attribute"]: tuple(row[column] for column in columns) for row in rows} == {
        "client_no": ("text", "id", "none", "", ""),
        "spend_usd": ("number", "performance", "log1p", "", "0"),
        "age": ("integer", "performance", "none", "", ""),
        "net_result": ("number", "performance", "none", "", ""),
        "last_contact": ("integer", "performance", "log1p", "-1", "0"),
        "runway": ("number", "performance", "none", "infinity", ""),
        "region": ("text", "nominal", "none", "", ""),
        "product": ("text", "high_cardinality", "none", "", ""),
        "comment": ("text", "excluded", "none", "", ""),
        "default_value": ("flag", "flag", "none", "", ""),
        "joined": ("date", "excluded", "none", "", ""),
        "empty": ("text", "excluded", "none", "", ""),
        "cluster_value": ("integer", "performance", "none", "", ""),
        "column_14": ("text", "nominal", "none", "", ""),
    }
    assert [row["aliases"] for row in rows][:2] == ["Client No", "Spend (USD)"]
    assert [row["label_en"] for row in rows][2:4] == ["Age", "Net result"]


def test_skewed_values_of_both_signs_are_put_on_a_signed_log_scale(tmp_path: Path) -> None:
    location = write_customers(
        tmp_path / "c.csv", {"id": list(range(200)), "balance": [1.1**i - 5 for i in range(200)]}
    )
    balance = propose_seeds(location).seeds["data_dictionary.csv"][1]
    assert (balance["transform"], balance["valid_min"]) == ("signed_log1p", "")


def test_a_single_negative_amount_is_no_missing_token(tmp_path: Path) -> None:
    location = write_customers(
        tmp_path / "c.csv", {"id": list(range(200)), "balance": [-57, *range(199)]}
    )
    proposal = propose_seeds(location)
    assert proposal.seeds["data_dictionary.csv"][1]["missing_tokens"] == ""
    assert not any("missing" in note for note in proposal.notes)


def test_levels_are_listed_the_most_frequent_first_without_missing_ones(location: str) -> None:
    rows = propose_seeds(location).seeds["attribute_levels.csv"]
    assert [(row["attribute"], row["level"], row["level_order"]) for row in rows] == [
        ("region", "North", "1"),
        ("region", "South", "2"),
        ("column_14", "乙", "1"),
        ("column_14", "甲", "2"),
    ]


def test_what_may_be_wrong_is_said(location: str) -> None:
    notes = "\n".join(propose_seeds(location).notes)
    assert "last_contact: -1 is proposed as missing" in notes
    assert "runway: infinity is proposed as missing" in notes
    assert "default_value: renamed" in notes
    assert "cluster_value: renamed" in notes
    assert "comment: 300 different texts are no levels" in notes
    assert "empty: every value is missing" in notes
    assert "data_dictionary.csv: no theme is proposed, and persona cards tell only of" in notes


def test_a_playbook_is_proposed_for_each_tier_of_the_value_attribute(location: str) -> None:
    proposal = propose_seeds(location)
    names = ("playbooks", "playbook_triggers", "segment_traits")
    playbooks, triggers, traits = (proposal.seeds[f"{name}.csv"] for name in names)
    tiers = [row for row in traits if row["slot"] == "tier"]
    assert len(playbooks) == 5
    assert {row["kpi"] for row in playbooks} == {"spend_usd"}
    assert [row["playbook"] for row in triggers] == [row["playbook"] for row in playbooks]
    bounds = ("attribute", "min_effect", "max_effect")
    assert [[row[name] for name in bounds] for row in triggers] == [
        [row[name] for name in bounds] for row in tiers
    ]
    assert [row["phrase_en"] for row in traits if row["slot"] != "tier"] == ["core"]
    assert proposal.seeds["business_review.csv"] == proposal.seeds["segment_names.csv"] == []
    assert "selection_criteria.csv" not in proposal.seeds
    assert any("spend_usd, the first number, is proposed as the kpi" in n for n in proposal.notes)


def test_no_number_speaks_for_a_theme_before_a_person_gives_it_one(location: str) -> None:
    proposal = propose_seeds(location)
    assert proposal.seeds["theme_indicators.csv"] == []
    assert any(note.startswith("theme_indicators.csv: empty") for note in proposal.notes)


def test_without_a_number_no_playbook_is_proposed(tmp_path: Path) -> None:
    location = write_customers(
        tmp_path / "c.csv", {"id": list(range(200)), "city": ["A", "B"] * 100}
    )
    proposal = propose_seeds(location)
    assert proposal.seeds["playbooks.csv"] == proposal.seeds["playbook_triggers.csv"] == []
    assert "No column is a number" in proposal.notes[-1]
    write_seeds(proposal, tmp_path / "seeds_new")
    check_seeds(tmp_path / "seeds_new")


def test_the_seeds_pass_their_checks_as_they_are_written(location: str, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds_new"
    result = CliRunner().invoke(dictionary, ["start", location, "--output", str(seeds)])
    assert result.exit_code == 0, result.output
    assert "Look at last_contact" in result.output
    check_seeds(seeds)
    text = (seeds / "data_dictionary.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(DICTIONARY_COLUMNS)


def test_edited_seeds_are_never_overwritten(location: str, tmp_path: Path) -> None:
    (tmp_path / "feature_bins.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"feature_bins.csv exists. Give another folder"):
        write_seeds(propose_seeds(location), tmp_path)
    assert not (tmp_path / "data_dictionary.csv").exists()


def test_a_file_without_an_id_says_so(tmp_path: Path) -> None:
    location = write_customers(tmp_path / "c.csv", {"age": [30] * 20, "city": ["A", "B"] * 10})
    assert propose_seeds(location).notes[0].startswith("No column names the customer")


def test_headers_that_make_one_name_stay_apart(tmp_path: Path) -> None:
    location = write_customers(tmp_path / "c.csv", {"a-b": [1, 2], "A b": [1, 1], "a.b": [2, 2]})
    rows = propose_seeds(location).seeds["data_dictionary.csv"]
    assert [row["attribute"] for row in rows] == ["a_b", "a_b_2", "a_b_3"]
