"""Compare two builds table by table: rows in any order, texts exactly, numbers to a tolerance."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import duckdb
import pandas as pd
from project import Project

ABOUT_BUILDS = {"stg_builds__stages", "rpt_build_log"}
"""When they were, and how long they took."""

ABOUT_THE_FILE = {
    "base_crm__customers_raw",
    "base_crm__customers_checked",
    "stg_crm__customer_value_issues",
    "stg_crm__customers_rejected",
    "stg_crm__file_columns",
    "int_file_column_types",
    "rpt_dictionary_alignment",
}
"""Row numbers, raw texts and headers of the file as it came."""


def tables(project: Project) -> list[str]:
    """Name all tables and views that dbt made, but for those about builds."""
    names = (name.removeprefix("main.") for name in project.relations() if name[:5] == "main.")
    return [name for name in names if name not in ABOUT_BUILDS]


def differences(
    one: Project,
    other: Project,
    *,
    only: Collection[str] = (),
    leave_out: Collection[str] = (),
    columns: Mapping[str, Collection[str]] | None = None,
    renamed: Mapping[str, str] | None = None,
    relative: float = 0.0,
    absolute: float = 0.0,
    without: Collection[str] = (),
) -> list[str]:
    """Say where two builds differ.

    Parameters
    ----------
    one, other : Project
        Both built.
    only : collection of str
        Tables that are compared; all by default.
    leave_out : collection of str
        Tables that are not.
    columns : mapping, optional
        Columns of a table that are not compared; of `*`, in every table.
    renamed : mapping, optional
        Texts of `other`, whole cells, and what they are in `one`.
    relative, absolute : float
        How far numbers may be apart.
    without : collection of str
        Attributes whose columns, and the rows about them, are not compared.

    Returns
    -------
    list of str
        A line a table or column that differs; empty where all is equal.
    """
    columns = columns or {}
    names = [tables(project) for project in (one, other)]
    found = [f"{name}: only in one" for name in sorted(set(names[0]) ^ set(names[1]))]
    with (
        duckdb.connect(str(one.database), read_only=True) as first,
        duckdb.connect(str(other.database), read_only=True) as second,
    ):
        for name in names[0]:
            if name in leave_out or name not in names[1] or (only and name not in only):
                continue
            left_out = {*columns.get(name, ()), *columns.get("*", ())}
            relations = [connection.sql(f'from "{name}"') for connection in (first, second)]
            if _hash(relations[0]) == _hash(relations[1]):
                continue
            frames = [_read(relation, left_out) for relation in relations]
            if renamed:
                frames[1] = frames[1].replace(dict(renamed))
            if without:
                frames = [_without(frame, without) for frame in frames]
            found += [f"{name}{difference}" for difference in _compare(*frames, relative, absolute)]
    return found


def _hash(rows: duckdb.DuckDBPyRelation) -> object:
    """Give the sum of the rows' hashes: what is equal bit for bit need not be read."""
    return rows.query("rows", "select count(*), sum(hash(rows)) from rows").fetchall()


def _read(rows: duckdb.DuckDBPyRelation, left_out: Collection[str]) -> pd.DataFrame:
    kinds = dict(zip(rows.columns, map(str, rows.types), strict=True))
    kept = [column for column in rows.columns if column not in left_out]
    nested = [column for column in kept if "[" in kinds[column] or "(" in kinds[column]]
    table = rows.to_arrow_table()  # once: a view may give its rows in another order each time
    frame = duckdb.from_arrow(table).df()[kept]
    for column in nested:
        values = pd.Series(table[column].to_pylist(), dtype=object)
        is_list = kinds[column].endswith("]")
        frame[column] = values if is_list else values.map(_sorted_map)
    frame.attrs["nested"] = nested
    return frame


def _sorted_map(value: object) -> object:
    """Give a map, or what comes as a list of pairs, in the order of its keys."""
    return sorted(value) if isinstance(value, list) else value


def _without(frame: pd.DataFrame, attributes: Collection[str]) -> pd.DataFrame:
    """Drop the columns of attributes and the rows about them."""
    names = [name for name in ("attribute", "feature", "field", "column_name") if name in frame]
    rest = frame[~frame[names].isin(list(attributes)).any(axis=1)]
    return rest.drop(columns=list(attributes), errors="ignore").reset_index(drop=True)


def _compare(one: pd.DataFrame, other: pd.DataFrame, relative: float, absolute: float) -> list[str]:
    if set(one.columns) != set(other.columns):
        return [f": columns {sorted(set(one.columns) ^ set(other.columns))}"]
    if len(one) != len(other):
        return [f": {len(one)} rows and {len(other)}"]
    nested = one.attrs["nested"]
    numbers = [name for name in one if one[name].dtype.kind == "f" and name not in nested]
    keys = sorted(name for name in one if name not in nested and name not in numbers)
    frames = [_sorted(frame, keys, numbers) for frame in (one, other)]
    found = []
    for name in [*keys, *numbers, *nested]:
        values, others = (frame[name] for frame in frames)
        if name in numbers:
            near = _near(values, others, relative, absolute)
        elif name in nested:
            near = pd.Series(
                [_is_near(a, b, relative, absolute) for a, b in zip(values, others, strict=True)],
                dtype=bool,
            )
        else:
            near = (values == others) | (values.isna() & others.isna())
        near = near.fillna(False).astype(bool)
        if not near.all():
            row = int((~near).to_numpy().argmax())
            found.append(
                f".{name}: {(~near).sum()} of {len(near)} differ, "
                f"{values[row]!r:.200} and {others[row]!r:.200}"
            )
    return found


def _sorted(frame: pd.DataFrame, keys: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Sort by what must be equal, and only then by numbers."""
    by = {name: frame[name].astype("str") for name in keys} | {n: frame[n] for n in numbers}
    if not by:
        return frame
    order = pd.DataFrame(by).sort_values(list(by), kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _near(
    one: pd.Series[float], other: pd.Series[float], relative: float, absolute: float
) -> pd.Series[bool]:
    allowed = absolute + relative * pd.concat([one.abs(), other.abs()], axis=1).max(axis=1)
    return (one == other) | ((one - other).abs() <= allowed) | (one.isna() & other.isna())


def _is_near(one: object, other: object, relative: float, absolute: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        is_near = math.isclose(one, other, rel_tol=relative, abs_tol=absolute)
        return is_near or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _is_near(value, other[key], relative, absolute) for key, value in one.items()
        )
    if hasattr(one, "__len__") and hasattr(other, "__len__") and not isinstance(one, str):
        return len(one) == len(other) and all(
            _is_near(a, b, relative, absolute) for a, b in zip(one, other, strict=True)
        )
    return bool(one == other)
