"""Call a macro of the project without dbt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt_common.clients.jinja import get_environment
from dbt_common.exceptions import MacroReturn

ROOT = Path(__file__).parents[2]


def macro(path: str, **called: Any) -> Callable[..., Any]:
    """Compile a macro, given the macros that it calls and what else dbt would give it."""
    template = get_environment().from_string((ROOT / path).read_text(encoding="utf-8"))
    prefix = "dbt_macro__test_" if path.startswith("tests/") else "dbt_macro__"
    compiled = getattr(template.make_module({"return": _give, **called}), prefix + Path(path).stem)

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return compiled(*arguments, **named)
        except MacroReturn as returned:
            return returned.value

    return call


def _give(value: Any) -> None:
    raise MacroReturn(value)
