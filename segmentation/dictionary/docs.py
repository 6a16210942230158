"""Generate the descriptions of attribute columns in the models' YAML from the dictionary.

dbt cannot read a CSV while it parses, so the text stands in the YAML, between two comments inside a
model's ``columns:`` list; everything else in the file is written by hand::

    # <dictionary columns: all>
    # </dictionary columns>

The selector is ``all`` (every attribute but the id, which is described by hand, and the binned
ones), ``file`` (the same and the id, named as in the file), ``flags``, ``binned``,
``feature_set_b``, ``profiled_texts``, or roles joined by commas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from segmentation.dictionary.attributes import Attribute, column_name
from segmentation.dictionary.words import ROLES
from segmentation.errors import InputError

_BEGIN = re.compile(r"(?P<indent> *)# <dictionary columns: (?P<selector>.*)>\s*")
_END = re.compile(r" *# </dictionary columns>\s*")
_SELECTORS = {
    "all": tuple(role for role in ROLES if role not in ("id", "binned")),
    "file": tuple(role for role in ROLES if role != "binned"),
    "flags": ("flag",),
    "profiled_texts": ("profile_only",),
    "feature_set_b": ("binned", "ordinal", "nominal", "high_cardinality", "flag"),
}


def update_docs(folders: Iterable[Path], attributes: list[Attribute], write: bool) -> list[Path]:
    """Bring the generated columns of all YAML files up to date.

    Parameters
    ----------
    folders : iterable of Path
        Where to look for ``*.yml``, subfolders included.
    attributes : list of Attribute
        The dictionary, in the order the columns shall have.
    write : bool
        Whether to rewrite the stale files.

    Returns
    -------
    list of Path
        The files that were stale.

    Raises
    ------
    InputError
        A selector is unknown, or a region does not begin or end.
    """
    stale = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.yml")):
        text = path.read_bytes().decode("utf-8")
        fresh = render_columns(text, attributes, path)
        if fresh != text:
            stale.append(path)
            if write:
                path.write_bytes(fresh.encode("utf-8"))
    return stale


def render_columns(text: str, attributes: list[Attribute], path: Path) -> str:
    """Give a YAML text with its regions generated anew."""
    lines: list[str] = []
    begin: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if is_end := _END.fullmatch(line):
            if begin is None:
                raise InputError(f"{path}:{number}: nothing begins here. Remove this comment.")
            lines += _columns(begin[1], attributes, path, begin[0])
            begin = None
        if begin is None:
            lines.append(line)
        if not is_end and (match := _BEGIN.fullmatch(line)):
            if begin is not None:
                break
            begin = (number, match)
    if begin is not None:
        raise InputError(
            f"{path}:{begin[0]}: this region does not end. Add the comment "
            "'# </dictionary columns>' after it."
        )
    return "".join(lines)


def _columns(begin: re.Match[str], attributes: list[Attribute], path: Path, line: int) -> list[str]:
    """Write the columns that the selector of a region asks for."""
    indent, selector = begin["indent"], begin["selector"].strip()
    roles = _SELECTORS.get(selector, tuple(re.split(r"\s*,\s*", selector)))
    if unknown := [role for role in roles if role not in ROLES]:
        raise InputError(
            f"{path}:{line}: unknown selector {', '.join(unknown)!r}. Write one of "
            f"{', '.join(_SELECTORS)}, or roles joined by commas: {', '.join(ROLES)}."
        )
    lines = []
    for item in attributes:
        if item.role not in roles:
            continue
        if selector == "profiled_texts" and item.data_type in ("number", "integer"):
            continue
        text = f"{item.label_zh} · {item.label_en}. {item.definition_en}"
        name = item.attribute if selector == "file" else column_name(item)
        lines.append(f"{indent}- name: {name}\n")
        lines.append(f"{indent}  description: {_quoted(text)}\n")
    return lines


def _quoted(text: str) -> str:
    """Quote a text for YAML, its braces for the Jinja with which dbt renders descriptions."""
    one_line = " ".join(text.split())
    return json.dumps(re.sub(r"\{[{%#]", r"{{ '\g<0>' }}", one_line), ensure_ascii=False)
