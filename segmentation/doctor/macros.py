"""Call the macros with which a build checks its settings, without dbt."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import duckdb
import yaml
from dbt_common.clients.jinja import get_environment
from dbt_common.exceptions import MacroReturn

from segmentation.errors import InputError


def check_by_macro(name: str, **context: Any) -> None:
    """Call a macro that checks something, of the project in the current folder.

    Parameters
    ----------
    name : str
    **context : Any
        What dbt would give it, beside what every check uses.

    Raises
    ------
    InputError
        What the macro refuses.
    """
    given = {
        "return": _give,
        "run_query": _run_query,
        "fromyaml": yaml.safe_load,
        "exceptions": SimpleNamespace(raise_compiler_error=_refuse),
        "modules": SimpleNamespace(re=re),
        **context,
    }
    for called in ("is_plain_number", "sql_literal", "setting_names", "var_names", "unknown_vars"):
        given[called] = _macro(called, given)
    _macro(name, given)()


def _macro(name: str, context: dict[str, Any]) -> Any:
    """Compile a macro of the project into a function."""
    text = Path("macros", f"{name}.sql").read_text(encoding="utf-8")
    compiled = getattr(
        get_environment().from_string(text).make_module(context), f"dbt_macro__{name}"
    )

    def call(*arguments: Any) -> Any:
        try:
            return compiled(*arguments)
        except MacroReturn as returned:
            return returned.value

    return call


def _run_query(sql: str) -> SimpleNamespace:
    """Run SQL in a database of its own."""
    with duckdb.connect() as connection:
        return SimpleNamespace(rows=connection.execute(sql).fetchall())


def _give(value: Any) -> NoReturn:
    raise MacroReturn(value)


def _refuse(message: str) -> NoReturn:
    raise InputError(message)
