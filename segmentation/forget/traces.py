"""Where a customer may stand in a table, and the SQL that finds and removes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from segmentation.postgres import identifier, literal
from segmentation.texts import BLANKS

CUSTOMER = "customer_id"
_TEXTS = ("varchar", "text", "character", "json")


@dataclass(frozen=True)
class Customer:
    """Whom to look for.

    Attributes
    ----------
    id : str
    keys : frozenset of str
        Names of columns, in lower case, that say whose row it is.
    names : tuple of str
        Names of the company that stand in no other customer's row.
    """

    id: str
    keys: frozenset[str] = frozenset({CUSTOMER})
    names: tuple[str, ...] = ()

    @cached_property
    def is_telling(self) -> bool:
        """Whether the id in a text means the customer; a short number may count anything."""
        has_both = bool(re.search("[A-Za-z]", self.id) and re.search("[0-9]", self.id))
        return len(self.id) >= (4 if has_both else 8)

    @cached_property
    def pattern(self) -> str:
        """A regular expression of DuckDB, PostgreSQL and Python that finds it in a text.

        A short id counts only where a persona card begins with it.
        """
        own = _escaped(self.id)
        of_id = f"(^|[^A-Za-z0-9]){own}([^A-Za-z0-9]|$)" if self.is_telling else f"^{own} ?[:：]"
        return "|".join([of_id, *map(_escaped, self.names)])

    def is_in(self, content: bytes) -> bool:
        """Whether a file of text names it; a short id is not looked for."""
        texts = [re.escape(name.encode()) for name in self.names]
        if self.is_telling:
            own = re.escape(self.id.encode())
            texts.append(b"(?<![A-Za-z0-9])" + own + b"(?![A-Za-z0-9])")
        return bool(texts) and re.search(b"|".join(texts), content) is not None


def _escaped(text: str) -> str:
    """Quote a text for a regular expression of any of the three."""
    return re.sub(r"([^\w\s])", lambda found: _quoted(found[1]), text)


def _quoted(character: str) -> str:
    return f"\\{character}" if character.isascii() else character


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name, type : str
    is_required : bool
        Whether it cannot be null.
    """

    name: str
    type: str
    is_required: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it holds text, alone or in lists."""
        return any(text in self.type.lower() for text in _TEXTS)


@dataclass(frozen=True)
class Removal:
    """What removes a customer from a table.

    Attributes
    ----------
    goes : str
        SQL condition of the rows that are deleted, never null.
    emptied : dict of str to tuple of str
        By column: SQL condition of the rows of others that name the customer there, and what
        remains in the column.
    """

    goes: str
    emptied: dict[str, tuple[str, str]]

    @property
    def is_changed(self) -> str:
        """SQL condition of the rows that stay with a column emptied."""
        conditions = [condition for condition, _ in self.emptied.values()]
        return f"not {self.goes} and {_any(conditions)}"


def removal(
    columns: Sequence[Column], customer: Customer, matches: Callable[[str, str], str]
) -> Removal:
    """Say what is to go from a table.

    Rows whose column of customers holds the id go. Where another customer's row names it, that
    value becomes null, and an element of a list goes alone. In a table without customers a value
    that is the id becomes null (the first customer of a segment), and a text in which it stands
    goes with its row (a persona card).

    Parameters
    ----------
    columns : sequence of Column
    customer : Customer
    matches : callable
        Writes that an SQL text matches a regular expression; both are SQL.

    Returns
    -------
    Removal
    """
    own = literal(customer.id)
    is_keyed = any(column.name.lower() in customer.keys for column in columns)
    goes: list[str] = []
    emptied: dict[str, tuple[str, str]] = {}
    for column in columns:
        quoted, name = identifier(column.name), column.name.lower()
        as_text = f"cast({quoted} as varchar)"
        is_own = f"{trimmed(as_text)} = {own}"
        if name in customer.keys:
            goes.append(is_own)
        elif not column.is_text:
            continue
        elif column.type == "VARCHAR[]":
            if customer.is_telling or name.endswith(f"{CUSTOMER}s"):
                rest = f"list_filter({quoted}, lambda one: one is distinct from {own})"
                emptied[column.name] = f"len({rest}) < len({quoted})", rest
        else:
            names_it = matches(as_text, literal(customer.pattern))
            is_whole = customer.is_telling or name.endswith(CUSTOMER)
            if is_keyed:
                names_it = f"({names_it} or {is_own})" if name.endswith(CUSTOMER) else names_it
                to_empty = names_it
            else:
                to_empty = is_own if is_whole else "false"
                goes.append(f"({names_it} and not {is_own})")
            if to_empty == "false":
                continue
            if column.is_required:
                goes.append(to_empty)
            else:
                emptied[column.name] = to_empty, "null"
    return Removal(_any(goes), emptied)


def trimmed(text: str) -> str:
    """Write an SQL text without the blanks around it."""
    return f"trim({text}, {literal(BLANKS)})"


def _any(conditions: Sequence[str]) -> str:
    return f"coalesce({' or '.join(conditions)}, false)" if conditions else "false"


@dataclass(frozen=True)
class Found:
    """Traces of a customer in one table or file.

    Attributes
    ----------
    place, part : str
        The database or folder, and the table or file in it.
    rows, going, changed : int
        All rows, those that are the customer's, those of others that name it. A file that is no
        table has no rows.
    """

    place: str
    part: str
    rows: int = 0
    going: int = 0
    changed: int = 0
