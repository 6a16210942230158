"""The checks of the vars that begin a build: one message names every fault.

tests/python/integration/test_settings.py builds with most of these faults at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import agate
import duckdb
import pytest
import yaml
from dbt.context.base import BaseContext
from jinja_macros import ROOT, macro

from segmentation.errors import InputError

DEFAULTS = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def run_query(sql: str) -> agate.Table:
    result = duckdb.sql(sql)
    return agate.Table(result.fetchall(), result.columns)


def refuse(message: str) -> NoReturn:
    raise InputError(message)


def var_names() -> list[str]:
    setting_names = macro("macros/setting_names.sql")
    names: list[str] = macro("macros/var_names.sql", setting_names=setting_names)()
    return names


def unknown_vars(given: dict[str, Any]) -> Any:
    """Call the macro that looks for vars that nothing reads, given those of ``--vars``."""
    return macro(
        "macros/unknown_vars.sql",
        var_names=var_names,
        invocation_args_dict={"vars": given},
        fromyaml=BaseContext.fromyaml,
        project_name="customer_segmentation",
        run_query=run_query,
        sql_literal=macro("macros/sql_literal.sql"),
    )()


def check(name: str, **changed: Any) -> None:
    """Call a macro that checks vars, some of them changed from their defaults."""
    macro(
        f"macros/{name}.sql",
        var=(DEFAULTS | changed).__getitem__,
        run_query=run_query,
        exceptions=SimpleNamespace(raise_compiler_error=refuse),
        modules=SimpleNamespace(re=re),
        is_plain_number=macro("macros/is_plain_number.sql"),
        unknown_vars=lambda: unknown_vars(changed),
        sql_literal=macro("macros/sql_literal.sql"),
    )()


def test_defaults_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    check("check_vars")
    check("check_value_attribute")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"k_values": "4, 5"}, "k_values is '4, 5'; give a list"),
        ({"k_values": [5]}, "k_values is [5], a single number of segments; give at least two"),
        ({"as_of_date": "28.07.2025"}, "as_of_date is 28.07.2025; write a date as 'YYYY-MM-DD'."),
        ({"gamma": "auto"}, "gamma is 'auto';"),
        (
            {"k_vales": [4, 5]},
            "k_vales (--vars) is no var of this project; did you mean k_values?",
        ),
        (
            {"Final_K": 4, "it's": 1},
            "Final_K (--vars) is no var of this project; did you mean final_k?\n- it's (--vars)",
        ),
    ],
)
def test_a_bad_setting_is_named(
    changed: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError, match=re.escape(f"Settings that cannot work:\n- {message}")):
        check("check_vars", **changed)


def test_every_var_is_known() -> None:
    assert sorted(var_names()) == sorted(DEFAULTS)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("vars: {gamma: 1, N_inits: 3}", "dbt_project.yml"),
        (
            "vars: {customer_segmentation: {n_init: 3, N_inits: 3}}",
            "dbt_project.yml, customer_segmentation",
        ),
    ],
)
def test_a_var_of_the_project_file_that_nothing_reads_is_named(
    text: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    message = f"N_inits ({place}) is no var of this project; did you mean n_init?"
    assert unknown_vars({}) == [message]


def test_value_attribute_must_be_a_number_of_the_dictionary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    message = "value_attribute is 'main_media'; name a number .*month_avg_spend_amt"
    with pytest.raises(InputError, match=message):
        check("check_value_attribute", value_attribute="main_media")


def test_a_build_begins_with_all_checks() -> None:
    done = []

    def noted(what: str) -> Callable[..., str]:
        return lambda *_: done.append(what) or ""

    checks = ("check_database_name", "check_vars", "check_model_version", "check_value_attribute")
    begin = macro(
        "macros/check_inputs.sql",
        execute=True,
        flags=SimpleNamespace(WHICH="build"),
        var=DEFAULTS.__getitem__,
        env_var=lambda name, default: default,
        run_query=lambda sql: SimpleNamespace(rows=[[noted(sql)()]]),
        sql_literal=macro("macros/sql_literal.sql"),
        **{check: noted(check) for check in checks},
    )
    begin()
    assert [what for what in done if what in checks] == list(checks)
    assert any("check_inputs(" in what for what in done)


def test_a_model_version_must_be_kept_and_not_beside_a_fit() -> None:
    def check_version(version: str | None, selected: list[str]) -> None:
        macro(
            "macros/check_model_version.sql",
            var={"model_version": version}.__getitem__,
            kept_relation=lambda model: model,
            relation_rows=lambda *_, **__: [{"model_version": "abc"}, {"model_version": "def"}],
            project_name="customer_segmentation",
            selected_resources=selected,
            exceptions=SimpleNamespace(raise_compiler_error=refuse),
        )()

    fit = "model.customer_segmentation.ml_kprototypes_parameters"
    check_version(None, [fit])
    check_version("abc", ["model.customer_segmentation.fct_customer_segments"])
    with pytest.raises(InputError, match=r"model_version is xyz.*Give one of abc, def"):
        check_version("xyz", [])
    with pytest.raises(InputError, match=r"this run fits a new model.*--selector score"):
        check_version("abc", [fit])
