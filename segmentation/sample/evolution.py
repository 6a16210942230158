"""The synthetic customers over a year: four quarterly files, with planted events.

What happens in a quarter stands in :data:`QUARTERS`. Who is not chosen for an event has the row of
the quarter before, to the last digit, but for the date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from segmentation.errors import InputError
from segmentation.sample import design
from segmentation.sample.columns import (
    WINDOWS_FROM_FIRST,
    WINDOWS_FROM_LAST,
    Draw,
    draw_customers,
)
from segmentation.sample.design import SEGMENTS, Segment
from segmentation.sample.generate import generate_customers, writing


class Quarter(NamedTuple):
    """What is planted in a quarter; shares are of the customers of the quarter before."""

    date: str
    segments: int = 5  # of SEGMENTS, the first ones, are there
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
        shifted=("bursty_tiktok", "家居用品", 0.20),
        new_media=12,
    ),
    Quarter(
        "2026-01-28",
        segments=6,
        grown=0.05,
        shrunk=0.05,
        left=0.04,
        arrived=0.04,
        moves=(("key_accounts", "growing_brands", 0.04), ("trial_and_gone", "steady_small", 0.03)),
        born=("gambling_risk", 0.10, 0.02),
    ),
    Quarter(
        "2026-04-28",
        segments=7,
        grown=0.05,
        shrunk=0.05,
        left=0.05,
        arrived=0.04,
        moves=(("growing_brands", "key_accounts", 0.05),),
        split=("bursty_tiktok", "game_studios", 0.50),
    ),
)

NEW_MEDIUM: Final = "Threads"
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
_SCALED: Final = (
    "month_avg_spend_amt",
    "month_avg_topup_amt",
    "first_30d_topup_amt",
    "month_avg_ad_count",
    "month_avg_campaign_count",
)
_SCALED_COUNTS: Final = ("total_ad_count", "total_campaign_count")
_IDS: Final = ("corporation_id", "corporation_name")
_MAX_ROWS: Final = 200_000
# The ids of the sample have ten digits.
_FIRST_NEW_ID: Final = 10_000_000_000


class _Year:
    """The customers as they are, and how the quarters change them."""

    def __init__(self, n_rows: int, seed: int) -> None:
        self.customers, planted = generate_customers(n_rows, seed)
        self.segment = planted["planted_segment"].to_numpy(dtype=object)
        self.change = np.full(n_rows, "arrived", dtype=object)
        self._schema = pa.Schema.from_pandas(self.customers, preserve_index=False)
        self._rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
        self._next_id = _FIRST_NEW_ID

    def advance(self, quarter: Quarter) -> None:
        """Let a quarter pass."""
        segments = SEGMENTS[: quarter.segments]
        before = len(self.customers)
        staying = self._rng.random(before) >= quarter.left
        self.customers = self.customers[staying].reset_index(drop=True)
        self.segment = self.segment[staying]
        self.change = np.full(len(self.customers), "unchanged", dtype=object)
        if quarter.split:
            name, becomes, share = quarter.split
            self._move("split", self._choose(name, share), becomes, segments)
        for name, becomes, share in quarter.moves:
            self._move("moved", self._choose(name, share), becomes, segments)
        if quarter.born:
            name, new, converts = quarter.born
            self._move("moved", self._choose(None, converts), name, segments)
            self._arrive(round(new * before), segments, name)
        if quarter.shifted:
            self._shift_category(*quarter.shifted)
        if quarter.new_media:
            rows = self._rng.choice(self._untouched(), quarter.new_media, replace=False)
            self.customers.loc[rows, "main_media"] = NEW_MEDIUM
            self.change[rows] = "new_media"
        self._scale("grown", self._choose(None, quarter.grown), 1.5)
        self._scale("shrunk", self._choose(None, quarter.shrunk), 0.65)
        self._arrive(round(quarter.arrived * before), SEGMENTS[:5], None)

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

    def _untouched(self, segment: str | None = None) -> np.ndarray:
        """Give the rows to which nothing has happened in this quarter."""
        is_own = True if segment is None else self.segment == segment
        return np.flatnonzero((self.change == "unchanged") & is_own)

    def _choose(self, segment: str | None, share: float) -> np.ndarray:
        """Choose a share of a segment, or of all, among those to whom nothing has happened."""
        size = round(
            share * (len(self.segment) if segment is None else (self.segment == segment).sum())
        )
        rows = self._untouched(segment)
        return np.sort(self._rng.choice(rows, min(size, len(rows)), replace=False))

    def _drawn(
        self, n: int, segments: Sequence[Segment], name: str | None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw new customers, all of one segment or of any, with ids of their own."""
        draw = Draw(self._rng, segments, n)
        names = np.array([segment.name for segment in segments], dtype=object)
        if name is not None:
            draw.segment = np.full(n, list(names).index(name))
        ids = [str(number) for number in range(self._next_id, self._next_id + n)]
        self._next_id += n
        return draw_customers(draw, pa.array(ids)).to_pandas(), names[draw.segment]

    def _move(
        self, change: str, rows: np.ndarray, becomes: str, segments: Sequence[Segment]
    ) -> None:
        """Give customers the traits of another segment; they keep id and name."""
        drawn, _ = self._drawn(len(rows), segments, becomes)
        traits = [column for column in self.customers if column not in _IDS]
        drawn.index = rows
        self.customers.loc[rows, traits] = drawn[traits]
        self.segment[rows] = becomes
        self.change[rows] = change

    def _arrive(self, n: int, segments: Sequence[Segment], name: str | None) -> None:
        """Add new customers."""
        drawn, names = self._drawn(n, segments, name)
        self.customers = pd.concat([self.customers, drawn], ignore_index=True)
        self.segment = np.append(self.segment, names)
        self.change = np.append(self.change, np.full(n, "arrived", dtype=object))

    def _shift_category(self, segment: str, category: str, share: float) -> None:
        """Give customers of a segment another category, with all that follows from it."""
        rows = self._choose(segment, share)
        found = [pd.DataFrame()]
        while sum(map(len, found)) < len(rows):
            drawn, _ = self._drawn(4_000, SEGMENTS[:5], segment)
            found.append(drawn[drawn["top_l2_category"] == category])
        drawn = pd.concat(found).iloc[: len(rows)]
        drawn.index = rows
        columns = list(CATEGORY_COLUMNS)
        self.customers.loc[rows, columns] = drawn[columns]
        self.change[rows] = "category_shifted"

    def _scale(self, change: str, rows: np.ndarray, median: float) -> None:
        """Multiply what customers spend and run; ratios, accounts and dates stay."""
        factor = median * np.exp(0.15 * self._rng.standard_normal(len(rows)))
        for windows in (WINDOWS_FROM_FIRST, WINDOWS_FROM_LAST):
            cents = np.rint(100 * self.customers.loc[rows, list(windows)].to_numpy()).astype(int)
            total = np.rint(cents.sum(axis=1) * factor).astype(int)
            scaled = np.floor(cents * factor[:, None]).astype(int)
            largest = scaled.argmax(axis=1)
            scaled[np.arange(len(rows)), largest] += total - scaled.sum(axis=1)
            self.customers.loc[rows, list(windows)] = scaled / 100
        for column in _SCALED:
            values = self.customers.loc[rows, column]
            is_text = pd.api.types.is_string_dtype(values) or values.dtype == object
            numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float) * factor
            scaled_values = np.round(numbers, 2 if "amt" in column else 4)
            if is_text:
                texts = [
                    token if np.isnan(number) else str(number)
                    for token, number in zip(values, scaled_values, strict=True)
                ]
                self.customers.loc[rows, column] = texts
            else:
                self.customers.loc[rows, column] = scaled_values
        for column in _SCALED_COUNTS:
            counts = self.customers.loc[rows, column].to_numpy() * factor
            self.customers.loc[rows, column] = np.maximum(np.rint(counts), 1).astype(int)
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
    if not 500 <= n_rows <= _MAX_ROWS:
        raise InputError(f"rows is {n_rows}: a year can be made of 500 to {_MAX_ROWS:,} customers.")
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
        If an argument is out of its range.
    OSError
        If the files cannot be written.
    """
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
