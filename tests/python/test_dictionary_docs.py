from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
import yaml
from click.testing import CliRunner
from seed_samples import edit, write_seeds

from segmentation.dictionary.attributes import load_dictionary
from segmentation.dictionary.cli import dictionary
from segmentation.dictionary.docs import render_columns
from segmentation.errors import InputError

HAND_WRITTEN = """\
version: 2

models:
  - name: stg_crm__customers
    columns:
      - name: customer_id   # by hand
        data_tests: [unique, not_null]
      # <dictionary columns: SELECTOR>
      - name: stale
      # </dictionary columns>
  - name: another
    columns:
      - name: mine
"""


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_seeds(tmp_path)


def render(seeds: Path, selector: str, path: str = "models/intermediate/x.yml") -> str:
    attributes = load_dictionary(seeds / "data_dictionary.csv")
    return render_columns(HAND_WRITTEN.replace("SELECTOR", selector), attributes, Path(path))


def columns(text: str) -> list[dict[str, str]]:
    model = yaml.safe_load(text)["models"][0]
    assert model["columns"][0]["name"] == "customer_id"
    generated: list[dict[str, str]] = model["columns"][1:]
    return generated


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("all", ["spend", "balance", "months", "runway", "size", "category", "is_fashion"]),
        ("flags", ["is_fashion"]),
        ("binned", ["spend_level"]),
        ("feature_set_b", ["size", "category", "is_fashion", "spend_level"]),
        ("performance, ordinal", ["spend", "balance", "months", "size"]),
        ("id", ["customer_id"]),
    ],
)
def test_a_selector_chooses_attributes_in_dictionary_order(
    seeds: Path, selector: str, names: list[str]
) -> None:
    assert [column["name"] for column in columns(render(seeds, selector))] == names


def test_only_the_region_changes_and_a_second_run_changes_nothing(seeds: Path) -> None:
    text = render(seeds, "flags")
    before, after = HAND_WRITTEN.replace("SELECTOR", "flags").split("      - name: stale\n")
    assert text.startswith(before)
    assert text.endswith(after)
    assert render_columns(text, load_dictionary(seeds / "data_dictionary.csv"), Path("x")) == text


def test_columns_of_the_file_are_named_as_in_the_file(seeds: Path) -> None:
    names = {column["name"] for column in columns(render(seeds, "file"))}
    ids = {column["name"] for column in columns(render(seeds, "id"))}
    assert ids == {"customer_id"}
    attributes = load_dictionary(seeds / "data_dictionary.csv")
    assert {item.attribute for item in attributes if item.role == "id"} <= names


@pytest.mark.parametrize(
    "definition",
    [
        """Share of "big" spenders: 5 % # not a comment, 'quoted' \\n - item""",
        "Braces {{ var('x') }}, {% endif %}, {# hidden #}, {{{% lone { and }} }",
        "价格：“高”；见：{{名称}}",
    ],
)
def test_text_survives_yaml_and_the_jinja_of_dbt(seeds: Path, definition: str) -> None:
    quoted = '"' + definition.replace('"', '""') + '"'
    edit(seeds, "data_dictionary", '"Spend ""net"" of credits."', quoted)
    (spend,) = [item for item in columns(render(seeds, "all")) if item["name"] == "spend"]
    rendered = jinja2.Environment().from_string(spend["description"]).render()
    assert rendered == f"月均消耗 · Monthly spend. {definition}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n# <dictionary columns: all>\n", "x.yml:2: this region does not end"),
        (
            "# <dictionary columns: all>\n# <dictionary columns: all>\n# </dictionary columns>\n",
            "x.yml:1: this region does not end",
        ),
        ("a\n# </dictionary columns>\n", "x.yml:2: nothing begins here"),
        (
            "# <dictionary columns: flags, flagg>\n# </dictionary columns>\n",
            "x.yml:1: unknown selector 'flags, flagg'",
        ),
    ],
)
def test_a_broken_region_is_named(seeds: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        render_columns(text, load_dictionary(seeds / "data_dictionary.csv"), Path("x.yml"))


def test_check_names_the_stale_file_and_docs_mends_it(seeds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "staging"
    folder.mkdir(parents=True)
    stale, other = folder / "_stale__models.yml", folder / "_other__models.yml"
    stale.write_text(HAND_WRITTEN.replace("SELECTOR", "all"), "utf-8")
    other.write_text("version: 2\n", "utf-8")
    options = ["--seeds", str(seeds), "--models", str(tmp_path / "models")]

    failed = CliRunner().invoke(dictionary, ["docs", "--check", *options])
    assert failed.exit_code == 1
    assert str(stale) in failed.output
    assert str(other) not in failed.output
    assert "stale" in stale.read_text("utf-8")

    assert CliRunner().invoke(dictionary, ["docs", *options]).exit_code == 0
    assert "- name: spend\n" in stale.read_text("utf-8")
    assert CliRunner().invoke(dictionary, ["docs", "--check", *options]).exit_code == 0

    edit(seeds, "data_dictionary", "Monthly spend", "Spend per month")
    assert CliRunner().invoke(dictionary, ["docs", "--check", *options]).exit_code == 1


def test_docs_refuses_a_faulty_dictionary(seeds: Path, tmp_path: Path) -> None:
    edit(seeds, "data_dictionary", "integer,performance", "int,performance")
    result = CliRunner().invoke(
        dictionary, ["docs", "--seeds", str(seeds), "--models", str(tmp_path)]
    )
    assert result.exit_code == 1
    assert "data_dictionary.csv:5: months: data_type 'int' is not known" in result.output
