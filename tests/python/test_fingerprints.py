from __future__ import annotations

import duckdb
import pytest

from segmentation.fingerprints import fingerprint

ROWS = "(values (1, 'a', 0.1::double), (2, null, null), (3, '', 1e20)) as t (id, text, number)"


def of(query: str) -> str:
    with duckdb.connect() as connection:
        return fingerprint(connection.sql(query), ["id"])


def test_the_order_of_rows_and_the_16th_digit_count_for_nothing() -> None:
    expected = of(f"from {ROWS}")
    assert of(f"from {ROWS} order by id desc") == expected
    assert of(f"select id, text, number * (1 + 4e-16) as number from {ROWS}") == expected
    assert of(f"select id, text, number + 1e-17 as number from {ROWS}") == expected


@pytest.mark.parametrize(
    "changed",
    [
        "select id, text, number * (1 + 1e-11) as number",
        "select id, coalesce(text, '') as text, number",
        "select id, text, coalesce(number, 0) as number",
        "select id + 1 as id, text, number",
    ],
)
def test_everything_else_counts(changed: str) -> None:
    assert of(f"{changed} from {ROWS}") != of(f"from {ROWS}")


def test_a_zero_has_no_sign() -> None:
    assert of("select 1 as id, -1e-20::double as x") == of("select 1 as id, 0::double as x")


def test_no_row_has_a_hash() -> None:
    assert of(f"from {ROWS} limit 0") == "d41d8cd98f00b204e9800998ecf8427e"
