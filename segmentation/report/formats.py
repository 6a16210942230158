"""Text in Chinese and English, and numbers written for their unit in both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MONEY = ("usd", "usd_per_month")


class Text(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str


class Fact(NamedTuple):
    """A number that is shown, and what it is of; tests compute it anew from the customers.

    Attributes
    ----------
    figure : str
        customers, customer_share, spend_share, mean, median, p05, p25, p75, p95, share, …
    value : float
    segment_id : str, optional
        None for everyone.
    attribute, level : str, optional
    """

    figure: str
    value: float
    segment_id: str | None = None
    attribute: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Said:
    """A text together with the facts that stand in it."""

    text: Text
    facts: tuple[Fact, ...] = ()

    @property
    def zh(self) -> str:
        """Give the Chinese text."""
        return self.text.zh

    @property
    def en(self) -> str:
        """Give the English text."""
        return self.text.en


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    columns : tuple of Text
    rows : tuple of tuples of Said
        The first cell of a row names it.
    numeric : tuple of bool
        Whether a column holds numbers.
    """

    columns: tuple[Text, ...]
    rows: tuple[tuple[Said, ...], ...]
    numeric: tuple[bool, ...] = field(default=())


def isolate(text: str) -> str:
    """Keep a text of unknown direction from turning what stands around it."""
    return f"\u2068{text}\u2069"


def lower_first(text: str) -> str:
    """Write an English label as it stands within a sentence; abbreviations stay."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def same(text: str) -> Text:
    """Give a text that both languages write alike."""
    return Text(text, text)


def say(zh: str, en: str, **parts: Said | Text | str) -> Said:
    """Fill a sentence in both languages; the facts of its parts are its own.

    Parameters
    ----------
    zh, en : str
        Templates with the same ``{names}``.
    **parts : Said, Text or str
        What stands in for the names.
    """
    said = {name: as_said(part) for name, part in parts.items()}
    text = Text(
        zh.format_map({name: part.zh for name, part in said.items()}),
        en.format_map({name: part.en for name, part in said.items()}),
    )
    return Said(text, tuple(fact for part in said.values() for fact in part.facts))


def as_said(part: Said | Text | str) -> Said:
    """Turn any text into one with facts."""
    if isinstance(part, Said):
        return part
    return Said(part if isinstance(part, Text) else same(part))


def join(parts: Iterable[Said | Text | str], zh: str = "、", en: str = ", ") -> Said:
    """Put texts in a row."""
    said = [as_said(part) for part in parts]
    text = Text(zh.join(part.zh for part in said), en.join(part.en for part in said))
    return Said(text, tuple(fact for part in said for fact in part.facts))


def is_known(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)


def digits(value: float) -> str:
    """Write a number: no decimals from 100 on, one from 10 on, else two; no zeros at the end."""
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def large(value: float) -> Text:
    """Write a number shortly: 11.6 万, 2.06 亿; 1.2M, 206M."""
    zh = en = digits(value)
    for size, unit in ((1e8, " 亿"), (1e4, " 万")):
        if abs(value) >= max(size, 1e5):
            zh = digits(value / size) + unit
            break
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= max(size, 1e5):
            en = digits(value / size) + unit
            break
    return Text(zh, en)


def count(value: float) -> Text:
    """Write a whole number."""
    return same(f"{value:,.0f}")


def percent(value: float, decimals: int = 1) -> Text:
    """Write a share; 100 % only of all, 0 % only of none."""
    number = 100 * value
    text = f"{number:.{decimals}f}"
    edge = 10.0**-decimals
    if 0 < number < 100 and float(text) in (0, 100):
        text = f"<{edge:g}" if float(text) == 0 else f">{100 - edge:g}"
    return same(f"{text}%")


def signed(value: float, decimals: int = 2) -> Text:
    """Write a number with its sign."""
    text = f"{value:+.{decimals}f}"
    return same(text.replace("-", "\u2212") if float(text) else f"{0:.{decimals}f}")


def decimal(value: float | None, decimals: int = 2) -> Text:
    """Write a number with a fixed number of decimals; unknown gives a dash."""
    if value is None:
        return same("–")
    return same(f"{value:,.{decimals}f}".replace("-", "\u2212"))


def quantity(value: float | None, unit: str | None, *, is_share: bool = False) -> Text:
    """Write a number with its unit.

    Parameters
    ----------
    value : float or None
        Unknown gives a dash.
    unit : str or None
        As the data dictionary writes it.
    is_share : bool, default=False
        Whether a ratio is a share of something, at most 1.
    """
    if value is None or not math.isfinite(value):
        return same("—")
    if unit in ("ratio", "flag") and is_share:
        return percent(value)
    short = large(value)
    match unit:
        case "usd" | "usd_per_month":
            minus, amount = ("-", short.en[1:]) if short.en.startswith("-") else ("", short.en)
            month = ("/月", "/month") if unit == "usd_per_month" else ("", "")
            space = "" if short.zh.endswith(("万", "亿")) else " "
            return Text(f"{short.zh}{space}美元{month[0]}", f"{minus}${amount}{month[1]}")
        case "days":
            return Text(f"{short.zh} 天", f"{short.en} day{'' if short.en == '1' else 's'}")
        case "months":
            return Text(f"{short.zh} 个月", f"{short.en} month{'' if short.en == '1' else 's'}")
        case "count_per_month":
            return Text(f"{short.zh}/月", f"{short.en}/month")
        case _:
            return short


def as_dict(fact: Fact) -> Mapping[str, object]:
    """Give a fact as it stands in the page, without what is empty."""
    return {name: value for name, value in fact._asdict().items() if value is not None}
