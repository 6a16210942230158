"""Hashes of tables, the same on every engine that holds them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from segmentation.postgres import identifier


def fingerprint(rows: duckdb.DuckDBPyRelation, key: Sequence[str]) -> str:
    """Hash a table: its texts as they are, its numbers to 12 digits.

    Sums in another order, or another engine, give numbers that differ in their 16th digit: they do
    not make another table. Nor does what is a zero with a rounding, such as 1e-17.

    Parameters
    ----------
    rows : DuckDBPyRelation
    key : sequence of str
        Columns that name a row.

    Returns
    -------
    str
        An MD5, in hexadecimal digits; that of an empty text where there is no row.

    Raises
    ------
    duckdb.BinderException
        A column of the key is not there.
    """
    texts = ", ".join(
        f"coalesce({_text(identifier(name), str(kind))}, chr(0))"
        for name, kind in zip(rows.columns, rows.types, strict=True)
    )
    order = ", ".join(map(identifier, key))
    row = f"md5(concat_ws(chr(31), {texts}))"
    hashed = rows.aggregate(f"md5(coalesce(string_agg({row}, '' order by {order}), ''))")
    return str(hashed.fetchall()[0][0])


def _text(column: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT"):
        return f"printf('%.12g', round({column}, 12) + 0.0)"
    return f"cast({column} as varchar)"
