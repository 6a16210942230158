"""Small faults for Python and SQL sources, one a mutant: what a good test should notice."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes
    ----------
    path : str
        Of the file, from the project's folder.
    line : int
    start, stop : int
        The bytes that are replaced.
    old, new : str
        What stood there, and what does now.
    """

    path: str
    line: int
    start: int
    stop: int
    old: str
    new: str

    def apply(self, source: bytes) -> bytes:
        """Give the source with the change."""
        assert source[self.start : self.stop] == self.old.encode(), f"{self.path} has changed"
        return source[: self.start] + self.new.encode() + source[self.stop :]

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self} @{self.start}-{self.stop}"

    def __str__(self) -> str:
        """Say where and what."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.path}:{self.line}: {old}  ->  {new}"


def mutants_of(folder: Path, path: str) -> list[Mutant]:
    """Give all mutants of a Python or SQL file, in the order of their places."""
    source = (folder / path).read_bytes()
    changes = python_changes(source) if path.endswith(".py") else sql_changes(source)
    return [
        Mutant(path, source[:start].count(b"\n") + 1, start, stop, source[start:stop].decode(), new)
        for start, stop, new in sorted(set(changes))
        if source[start:stop].decode() != new
    ]


# ---- Python ----

# Names of Python's operators, each with what stands in its place.
_OPERATORS = """
Lt LtE GtE; LtE Lt Gt; Gt GtE LtE; GtE Gt Lt; Eq NotEq; NotEq Eq; Is IsNot; IsNot Is; In NotIn
NotIn In; Add Sub; Sub Add; Mult Div; Div Mult; FloorDiv Mult; Mod Mult; Pow Mult; BitAnd BitOr
BitOr BitAnd; And Or; Or And
"""
_SWAPS = {name: others for name, *others in map(str.split, re.split("[;\n]", _OPERATORS.strip()))}


def _pairs(words: str) -> dict[str, str]:
    """Swap the first and the second word, the third and the fourth, and so on."""
    first, second = words.split()[::2], words.split()[1::2]
    return dict(zip(first + second, second + first, strict=True))


_NAMES = _pairs(
    "min max minimum maximum nanmin nanmax argmin argmax idxmin idxmax any all zeros ones"
    " log log1p exp expm1 floor ceil first last"
)
# What no result depends on: texts for readers, and arguments that guard or save time.
_GUARDS = "copy dtype ignore_index order sort strict validate"
_SILENT = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)


def python_changes(source: bytes) -> Iterator[tuple[int, int, str]]:
    """Give the changes of a Python source as start, stop and new text."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _nodes(ast.parse(source)):
        for new in _python_texts(node):
            yield (
                starts[node.lineno - 1] + node.col_offset,
                starts[node.end_lineno - 1] + node.end_col_offset,
                new,
            )


def _nodes(node: ast.AST) -> Iterator[Any]:
    """Walk, but not over what is said, typed or imported."""
    if isinstance(node, _SILENT):
        return
    yield node
    for field, value in ast.iter_fields(node):
        if isinstance(node, ast.keyword) and node.arg in _GUARDS.split():
            return
        if field not in ("annotation", "returns", "decorator_list"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _nodes(child)


def _others(operator: ast.AST) -> Iterator[Any]:
    for name in _SWAPS.get(type(operator).__name__, []):
        yield getattr(ast, name)()


def _python_texts(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=comparators):
            for other in _others(operator):
                yield f"({ast.unparse(ast.Compare(left, [other], comparators))})"
        case ast.BinOp(left=left, op=operator, right=right):
            for other in _others(operator):
                yield f"({ast.unparse(ast.BinOp(left, other, right))})"
        case ast.AugAssign(target=target, op=operator, value=value):
            yield "pass"
            for other in _others(operator):
                yield ast.unparse(ast.AugAssign(target, other, value))
        case ast.BoolOp(op=operator, values=values):
            for other in _others(operator):
                yield f"({ast.unparse(ast.BoolOp(other, values))})"
        case ast.UnaryOp(operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield f"({ast.unparse(ast.IfExp(test, orelse, body))})"
        case ast.Constant(value=bool() as value):
            yield str(not value)
        case ast.Constant(value=int() | float() as value):
            yield str(value + 1)
            if isinstance(value, int):
                yield f"({value - 1})"
        case ast.Expr(value=ast.Call()) | ast.Continue() | ast.Break():
            yield "pass"
        case ast.Attribute(value=value, attr=name) if name in _NAMES:
            yield ast.unparse(ast.Attribute(value, _NAMES[name], ast.Load()))
        case ast.Name(id=name) if name in _NAMES:
            yield _NAMES[name]
        case ast.Call(func=function, args=arguments, keywords=keywords):
            for left_out in keywords:
                if left_out.arg not in _GUARDS.split():
                    rest = [keyword for keyword in keywords if keyword is not left_out]
                    yield ast.unparse(ast.Call(function, arguments, rest))


# ---- SQL ----

_FUNCTIONS = _pairs("min max least greatest arg_min arg_max lead lag stddev_samp stddev_pop")
_Change = str | Callable[[re.Match[str]], str]
_SQL: list[tuple[str, _Change]] = [
    (r" <= ", " < "),
    (r" >= ", " > "),
    (r" < ", " <= "),
    (r" > ", " >= "),
    (r" != ", " = "),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"(?<!select) \* ", " / "),
    (r" / ", " * "),
    (r"\band\b", "or"),
    (r"\bor\b", "and"),
    (r"\bnot\b (?!null|distinct|materialized|loop)", ""),
    (r"\bis null\b", "is not null"),
    (r"\bis not null\b", "is null"),
    (r"\bis not distinct from\b", "="),
    (r"\b(desc|asc)\b", lambda found: "asc" if found[0] == "desc" else "desc"),
    (r"\bdistinct\b ", ""),
    (r"\bleft join\b", "inner join"),
    (r"\b(inner|full) join\b", "left join"),
    (r"\b(true|false)\b", lambda found: "false" if found[0] == "true" else "true"),
    (r"\bbool_or\(", "bool_and("),
    (r"\b(sum|avg)\(", "max("),
    (r"\babs\(", "("),
    (r"\bunion all\b(?! by name)", "union"),
    (r"(?<=partition by )(.*), \w[\w.]*(?=[\n)])", lambda found: found[1]),
    (r"(?<![\w.'])\d+(\.\d+)?(?=(e0)?(?![\w.]))", lambda found: f"{float(found[0]) + 1:.12g}"),
    *((rf"\b{name}\(", f"{other}(") for name, other in _FUNCTIONS.items()),
]
# An equals sign assigns in a block of Jinja's, so it is changed in SQL alone.
_SQL_ALONE: list[tuple[str, _Change]] = [(r" = ", " != ")]
_COMMENTS = r"--[^\n]*|\{#.*?#\}"


def sql_changes(source: bytes) -> Iterator[tuple[int, int, str]]:
    """Give the changes of an SQL source; texts of SQL stay, those of Jinja often are SQL."""
    text = source.decode()
    blocks = r"\{%.*?%\}|\{\{.*?\}\}"
    outside = _blank(rf"{_COMMENTS}|{blocks}|'[^'\n]*'", text)
    inside = _blank(_COMMENTS, text)
    for block in re.finditer(rf"{blocks}|(?P<sql>.+?)(?={blocks}|\Z)", inside, re.DOTALL):
        if block["sql"] is not None:
            inside = inside[: block.start()] + " " * len(block[0]) + inside[block.end() :]
    # Tests of loops and macros' defaults are no calculation.
    inside = _blank(r"\{%-? *(macro|for)\b.*?%\}|(map|default|groupby)\([^)]*\)", inside)
    for searched, rules in ((outside, _SQL + _SQL_ALONE), (inside, _SQL)):
        for pattern, new in rules:
            for found in re.finditer(pattern, searched):
                start = len(text[: found.start()].encode())
                stop = start + len(found[0].encode())
                yield start, stop, new(found) if callable(new) else new


def _blank(pattern: str, text: str) -> str:
    """Put blanks in the place of what matches."""
    return re.sub(pattern, lambda found: " " * len(found[0]), text, flags=re.DOTALL)
