"""The synthetic customers over a year: four quarterly files, with planted events.

What happens in a quarter stands in :data:`QUARTERS`. Who is not chosen for an event has the row of
the quarter before, to the last digit, but for the date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from segmentation.errors import InputError
from segmentation.sample import design
from segmentation.sample.catalogue import COLUMNS
from segmentation.sample.columns import (
    WINDOWS_FROM_FIRST,
    WINDOWS_FROM_LAST,
    Draw,
    Integers,
    draw_customers,
    or_token,
)
from segmentation.sample.design import SEGMENTS, Segment
from segmentation.sample.generate import (
    DEFAULT_SEGMENTS,
    customer_ids,
    generate_customers,
    writing,
)


class Quarter(NamedTuple):
    """What is planted in a quarter; shares are of the customers of the quarter before."""

    date: str
    grown: float = 0.0  # share whose spend and ads grow by about a half
    shrunk: float = 0.0  # share whose spend and ads fall by about a third
    left: float = 0.0  # share that is not in the file any more
    arrived: float = 0.0  # new customers, of the segments that were there before
    moves: tuple[tuple[str, str, float], ...] = ()  # from, to, share of the first
    shifted: tuple[str, str, float] | None = None  # segment, its new category, share of it
    new_media: int = 0  # customers whose main medium nobody has had before
    born: tuple[str, float, float] | None = None  # segment, new customers, converts
    split: tuple[str, str, float] | None = None  # segment, what a part becomes, share of it


QUARTERS: Final = (
    Quarter("2025-07-28"),
    Quarter(
        "2025-10-28",
        grown=0.06,
        shrunk=0.05,
        left=0.04,
        arrived=0.05,
        moves=(("growing_brands", "key_accounts", 0.06), ("steady_small", "trial_and_gone", 0.06)),
        shifted=("bursty_tiktok", "家居用品", 0.40),
        new_media=12,
    ),
    Quarter(
        "2026-01-28",
        grown=0.05,
        shrunk=0.05,
        left=0.04,
        arrived=0.04,
        moves=(("key_accounts", "growing_brands", 0.04), ("trial_and_gone", "steady_small", 0.03)),
        born=("gambling_risk", 0.10, 0.02),
    ),
    Quarter(
        "2026-04-28",
        grown=0.05,
        shrunk=0.05,
        left=0.05,
        arrived=0.04,
        moves=(("growing_brands", "key_accounts", 0.05),),
        split=("trial_and_gone", "game_studios", 0.50),
    ),
)

NEW_MEDIUM: Final = "Threads"
_MEDIA_WITH_SHARES: Final = ("Facebook", "TikTok", "Google", design.NO_VALUE)
CATEGORY_COLUMNS: Final = (
    "top_l2_category",
    "top_l3_category",
    "top_l2_and_l3_concatenated",
    "top_l2_l3_combined",
    "is_concatenated_equal_to_combined",
    *(f"is_core_category_{flag}" for flag in design.CORE_CATEGORIES),
    "core_category_count",
    "has_high_risk_flag_gambling",
    "consumed_level2_category_count",
    "consumed_level3_category_count",
)
_IDS: Final = ("corporation_id", "corporation_name")
_MIN_ROWS: Final = 500
_MAX_ROWS: Final = 200_000
# A random stream of its own: of those of a seed, (0,) is for the ids and (1,), (2,) … for chunks.
_STREAM: Final = (0, 0)


class _OfOneCategory(Draw):
    """Draws for customers who all sell the same."""

    def __init__(
        self, rng: np.random.Generator, segments: Sequence[Segment], n: int, category: str
    ) -> None:
        super().__init__(rng, segments, n)
        self._category = design.POPULARITY["top_l2_category"].index(category)

    def levels(self, attribute: str, followed: Integers) -> Integers:
        """Draw as for all customers, but the category."""
        if attribute == "top_l2_category":
            return np.full(self.n, self._category)
        return super().levels(attribute, followed)


class _Year:
    """The customers as they are, and how the quarters change them."""

    def __init__(self, n_rows: int, seed: int) -> None:
        self.customers, planted = generate_customers(n_rows, seed)
        self.segment = planted["planted_segment"].to_numpy(dtype=object)
        self.change = np.full(n_rows, "arrived", dtype=object)
        self._schema = pa.Schema.from_pandas(self.customers, preserve_index=False)
        self._seed = seed
        self._rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=_STREAM))
        self._ids_given = n_rows
        self._planted = list(SEGMENTS[:DEFAULT_SEGMENTS])

    def advance(self, quarter: Quarter) -> None:
        """Let a quarter pass."""
        old_segments = list(self._planted)
        before = len(self.customers)
        staying = self._rng.random(before) >= quarter.left
        self.customers = self.customers[staying].reset_index(drop=True)
        self.segment = self.segment[staying]
        self.change = np.full(len(self.customers), "unchanged", dtype=object)
        if quarter.split:
            name, becomes, share = quarter.split
            self._plant(becomes)
            self._move("split", self._choose(name, share), becomes)
        for name, becomes, share in quarter.moves:
            self._move("moved", self._choose(name, share), becomes)
        if quarter.born:
            name, new, converts = quarter.born
            self._plant(name)
            self._move("moved", self._choose(None, converts), name)
            self._arrive(self._draw(round(new * before), self._planted, name))
        if quarter.shifted:
            self._shift_category(*quarter.shifted)
        if quarter.new_media:
            self._change_medium(quarter.new_media)
        self._scale("grown", self._choose(None, quarter.grown), 1.5)
        self._scale("shrunk", self._choose(None, quarter.shrunk), 0.65)
        self._arrive(self._draw(round(quarter.arrived * before), old_segments))

    def tables(self, date: str) -> tuple[pa.Table, pa.Table]:
        """Give the file of a quarter, and what is planted in it."""
        customers = pa.Table.from_pandas(self.customers, self._schema, preserve_index=False)
        groups = {segment.name: segment.published_group for segment in SEGMENTS}
        planted = pa.table(
            {
                "corporation_id": customers["corporation_id"],
                "planted_segment": pa.array(self.segment, pa.string()),
                "published_group": [groups[name] for name in self.segment],
                "change": pa.array(self.change, pa.string()),
            }
        )
        dates = pa.array([date] * len(customers), pa.string())
        return customers.append_column("snapshot_date", dates), planted

    def _untouched(self, segment: str | None = None) -> Integers:
        """Give the rows to which nothing has happened in this quarter."""
        is_own = True if segment is None else self.segment == segment
        return np.flatnonzero((self.change == "unchanged") & is_own)

    def _choose(self, segment: str | None, share: float) -> Integers:
        """Choose a share of a segment, or of all, among those to whom nothing has happened."""
        size = round(
            share * (len(self.segment) if segment is None else (self.segment == segment).sum())
        )
        rows = self._untouched(segment)
        return np.sort(self._rng.choice(rows, min(size, len(rows)), replace=False))

    def _plant(self, name: str) -> None:
        """Let a segment be there from now on."""
        self._planted += [segment for segment in SEGMENTS if segment.name == name]

    def _draw(self, n: int, segments: Sequence[Segment], name: str | None = None) -> Draw:
        """Begin the draws of customers, all of one segment or of any."""
        draw = Draw(self._rng, segments, n)
        if name is not None:
            draw.segment = np.full(n, draw.names.index(name))
        return draw

    def _move(self, change: str, rows: Integers, becomes: str) -> None:
        """Give customers the traits of another segment; they keep id and name."""
        traits = [name for name in COLUMNS if name not in _IDS]
        self._redraw(change, rows, self._draw(len(rows), self._planted, becomes), traits)
        self.segment[rows] = becomes

    def _shift_category(self, segment: str, category: str, share: float) -> None:
        """Give customers of a segment another category, with all that follows from it."""
        rows = self._choose(segment, share)
        draw = _OfOneCategory(self._rng, self._planted, len(rows), category)
        self._redraw("category_shifted", rows, draw, CATEGORY_COLUMNS)

    def _redraw(self, change: str, rows: Integers, draw: Draw, columns: Sequence[str]) -> None:
        """Replace columns of customers by freshly drawn ones."""
        ids = pa.array(self.customers.loc[rows, "corporation_id"], pa.string())
        drawn = draw_customers(draw, ids).to_pandas().set_index(rows)
        self.customers.loc[rows, list(columns)] = drawn[list(columns)]
        self.change[rows] = change

    def _arrive(self, draw: Draw) -> None:
        """Add new customers."""
        drawn = draw_customers(draw, customer_ids(self._seed, self._ids_given, draw.n))
        self._ids_given += draw.n
        names = np.array(draw.names, dtype=object)[draw.segment]
        self.customers = pd.concat([self.customers, drawn.to_pandas()], ignore_index=True)
        self.segment = np.append(self.segment, names)
        self.change = np.append(self.change, np.full(draw.n, "arrived", dtype=object))

    def _change_medium(self, n: int) -> None:
        """Give a new main medium to customers whose old one has no share of spend of its own."""
        rows = self._untouched()
        media = self.customers.loc[rows, "main_media"]
        rows = rows[~media.isin(_MEDIA_WITH_SHARES)]
        rows = np.sort(self._rng.choice(rows, min(n, len(rows)), replace=False))
        self.customers.loc[rows, "main_media"] = NEW_MEDIUM
        self.change[rows] = "new_media"

    def _scale(self, change: str, rows: Integers, median: float) -> None:
        """Multiply what customers spend, top up and run; ratios, accounts and dates stay."""
        factor = median * np.exp(0.15 * self._rng.standard_normal(len(rows)))
        own = self.customers.loc[rows]
        months = np.rint((own["total_ad_count"] / own["month_avg_ad_count"]).to_numpy())
        scaled: dict[str, Any] = {}
        for windows in (WINDOWS_FROM_FIRST, WINDOWS_FROM_LAST):
            cents = np.rint(100 * own[list(windows)].to_numpy())
            total = np.maximum(np.rint(cents.sum(axis=1) * factor), months)
            parts = np.floor(cents * factor[:, None])
            parts[np.arange(len(rows)), parts.argmax(axis=1)] += total - parts.sum(axis=1)
            scaled |= dict(zip(windows, parts.T / 100, strict=True))
        spend = np.round(total / months / 100, 2)
        scaled["month_avg_spend_amt"] = spend
        unrecorded = own["first_30d_topup_amt"].to_numpy() == ""
        topup = np.round(own["month_avg_topup_amt"].to_numpy() * factor, 2)
        scaled["month_avg_topup_amt"] = np.where(unrecorded, spend, topup)
        first_topup = pd.to_numeric(own["first_30d_topup_amt"]).to_numpy() * factor
        scaled["first_30d_topup_amt"] = or_token(np.round(first_topup, 2), unrecorded, "")
        for name in ("ad_count", "campaign_count"):
            count = np.maximum(np.rint(own[f"total_{name}"].to_numpy() * factor), 1)
            scaled[f"total_{name}"] = count.astype(np.int64)
            scaled[f"month_avg_{name}"] = np.round(count / months, 4)
        table = pa.table(scaled).to_pandas().set_index(rows)
        self.customers.loc[rows, list(table)] = table
        self.change[rows] = change


def evolve_customers(n_rows: int, seed: int) -> Iterator[tuple[str, pa.Table, pa.Table]]:
    """Give the customers of :data:`QUARTERS`, one quarter after the other.

    Parameters
    ----------
    n_rows
        Customers of the first quarter, 500 to 200,000; those of
        :func:`~segmentation.sample.generate.generate_customers`.
    seed
        Seed of everything random, at least 0. The same arguments give the same values.

    Yields
    ------
    date
        Snapshot, YYYY-MM-DD.
    customers
        One row per customer: the columns of the sample and ``snapshot_date``.
    planted
        ``corporation_id``, ``planted_segment``, ``published_group``, and ``change``: what happened
        to the customer in the quarter. ``arrived``: new in the file; ``unchanged``: the row of the
        quarter before; ``grown``, ``shrunk``: spends and runs more or less; ``moved``: has the
        traits of another segment now; ``split``: likewise, with half of its segment at once;
        ``category_shifted``: sells something else; ``new_media``: advertises mainly where nobody
        did before.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    if not _MIN_ROWS <= n_rows <= _MAX_ROWS:
        raise InputError(
            f"rows is {n_rows}: a year can be made of {_MIN_ROWS} to {_MAX_ROWS:,} customers."
        )
    year = _Year(n_rows, seed)
    for place, quarter in enumerate(QUARTERS):
        if place:
            year.advance(quarter)
        yield quarter.date, *year.tables(quarter.date)


def write_year(folder: Path, n_rows: int, seed: int) -> list[Path]:
    """Write a customer file a quarter, ``customers_<date>.csv``, and what is planted beside it.

    Parameters
    ----------
    folder
        Folder to write to; it is made where missing.
    n_rows, seed
        As for :func:`evolve_customers`.

    Returns
    -------
    list of Path
        The customer files, in the order of their dates.

    Raises
    ------
    InputError
        If an argument is out of its range or ``folder`` is named like a file.
    OSError
        If the files cannot be written.
    """
    if folder.suffix.lower() in (".csv", ".parquet") or folder.is_file():
        raise InputError(f"{folder}: the year is four files; name a folder for them.")
    paths = []
    for date, customers, planted in evolve_customers(n_rows, seed):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"customers_{date}.csv"
        with (
            writing(path, customers.schema) as file,
            writing(path.with_name(f"{path.stem}_planted.csv"), planted.schema) as beside,
        ):
            file.write_table(customers)
            beside.write_table(planted)
        paths.append(path)
    return paths
