"""Random texts through the SQL of staging: no error, no lost row, no value lost in silence.

`base_crm__customers_checked` is rendered as dbt does it, for attributes of every type and policy.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from dbt_common.clients.jinja import get_environment
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja_macros import ROOT, macro

from segmentation.dictionary.attributes import MISSING_TOKENS
from segmentation.texts import BLANKS

UNDECLARED = dict.fromkeys(("missing_tokens", "valid_min", "valid_max", "out_of_range_policy"))
ATTRIBUTES = [
    {**UNDECLARED, "attribute": name, "data_type": data_type, "role": role, **declared}
    for name, data_type, role, declared in (
        ("client_code", "text", "id", {}),
        ("amount", "number", "performance", {"missing_tokens": "Infinity|999"}),
        (
            "share",
            "number",
            "performance",
            {"valid_min": 0, "valid_max": 1, "out_of_range_policy": "clip"},
        ),
        ("months", "integer", "performance", {"valid_min": 0, "out_of_range_policy": "set_null"}),
        ("accounts", "integer", "performance", {"valid_min": 0, "out_of_range_policy": "reject"}),
        ("is_vip", "flag", "flag", {}),
        ("opened", "date", "profile_only", {}),
        ("industry", "text", "nominal", {}),
    )
]
NAMES = [str(attribute["attribute"]) for attribute in ATTRIBUTES]
COLUMNS = ["_read_error", *NAMES]
MISSING = {token.lower() for token in MISSING_TOKENS}
REASONS = {None, "unreadable_row", "missing_id", "summary_row", "out_of_range", "duplicate_id"}


def staging_sql() -> str:
    """Render the model over the table ``file_rows``."""
    literal = macro("macros/sql_literal.sql")
    column_type = macro("macros/column_type.sql")
    is_out_of_range = macro("macros/is_out_of_range.sql")
    parsers = {
        name: macro(f"macros/{name}.sql") for name in ("parse_number", "parse_flag", "parse_date")
    }
    model = "models/staging/crm/base/base_crm__customers_checked.sql"
    template = get_environment().from_string((ROOT / model).read_text(encoding="utf-8"))
    context = {
        **parsers,
        "config": lambda **_: "",
        "dictionary": lambda: ATTRIBUTES,
        "id_attribute": lambda: "client_code",
        "column_names": lambda _: NAMES,
        "ref": lambda _: "file_rows",
        "var": {"pseudonymize": False}.__getitem__,
        "adapter": {"quote": '"{}"'.format},
        "trimmed_text": macro("macros/trimmed_text.sql"),
        "known_text": macro("macros/known_text.sql", sql_literal=literal),
        "parse_value": macro("macros/parse_value.sql", **parsers),
        "column_type": column_type,
        "is_out_of_range": is_out_of_range,
        "apply_range_policy": macro(
            "macros/apply_range_policy.sql",
            column_type=column_type,
            is_out_of_range=is_out_of_range,
        ),
    }
    return str(template.render(context))


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        columns = ", ".join(f"{name} varchar" for name in COLUMNS)
        connection.execute(f"create table file_rows (_row_number bigint, {columns})")
        connection.execute(f"create view checked as {staging_sql()}")
        yield connection


FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
AMOUNTS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
WRITTEN = st.sampled_from(
    ["{}", "{:,}", "{:.2f}", "{:e}", "{:+}", "{}%", "({})", "(-{})", "${:,.2f}", "{:,}元", "US$ {}"]
)
NUMBERS = st.builds(str.format, WRITTEN, AMOUNTS)
DATES = st.builds(
    lambda day, written: day.strftime(written),
    st.dates(),
    st.sampled_from(
        ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%d.%m.%Y", "%Y-%m-%d %H:%M"]
    ),
)
ODD = st.sampled_from(
    [
        "1e308", "-1e308", "1e309", "1e-320", "-0", ".5", "5.", "1,23", "1.2.3", "--", "+-", "%",
        "$", "(", "()", "(())", "NaN", "-nan", "inf", "-Infinity", "0x1F", "1_000",
        "9223372036854775808", "2025-02-30", "0000-00-00", "99999-01-01", "epoch", "infinity",
        "today", "合计", "Total:", "是", "否", "TRUE", "no", "1.0", "0.0", "y", "½", "٣", "Ⅻ", "😀",
        "\U0001f469\u200d\U0001f4bb", "e\u0301", "'", "''", '"', "\\", "\\N", "\\'", ";", "{}",
        "%s", "$1", "unknown", "未知", "N/A",
    ]
)  # fmt: skip
PLAIN = st.integers(-5, 5).map(str)
TEXTS = st.text(max_size=12) | NUMBERS | DATES | ODD | PLAIN
FULL_WIDTH_TEXTS = st.builds(str.translate, TEXTS, st.just(FULL_WIDTH))
CELLS = st.none() | st.builds(
    "{}{}{}".format,
    st.text(BLANKS, max_size=2),
    TEXTS | FULL_WIDTH_TEXTS,
    st.text(BLANKS, max_size=2),
)
ROWS = st.lists(
    st.tuples(st.none() | st.just("The row has too many values."), *[CELLS] * len(NAMES))
)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_every_row_is_kept_or_refused_and_every_value_read_or_told(
    database: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, ...]]
) -> None:
    file = pa.table(
        {
            "_row_number": pa.array(range(len(rows)), pa.int64()),
            **{
                name: pa.array([row[place] for row in rows], pa.string())
                for place, name in enumerate(COLUMNS)
            },
        }
    )
    database.execute("truncate file_rows")
    database.register("file", file)
    database.execute("insert into file_rows from file")
    found = database.sql("from checked").to_arrow_table().to_pylist()

    assert [row["row_number"] for row in found] == list(range(len(rows)))
    kept = [row for row in found if row["rejection_reason"] is None]
    assert len({row["customer_id"] for row in kept}) == len(kept)
    assert {row["rejection_reason"] for row in found} <= REASONS
    for row, (read_error, *texts) in zip(found, rows, strict=True):
        assert (row["rejection_reason"] is None) == (row["rejection_detail"] is None)
        assert (row["rejection_reason"] == "unreadable_row") == (read_error is not None)
        issues = {one["attribute"]: (one["issue"], one["raw_value"]) for one in row["value_issues"]}
        for attribute, text in zip(ATTRIBUTES, texts, strict=True):
            expect_value(attribute, row, issues, (text or "").strip(BLANKS))


def expect_value(
    attribute: dict[str, Any], row: dict[str, Any], issues: dict[str, tuple[str, str]], text: str
) -> None:
    """Fail unless a text is missing, or read, or told as an issue."""
    name = str(attribute["attribute"])
    value = row["customer_id" if attribute["role"] == "id" else name]
    tokens = MISSING | set((attribute["missing_tokens"] or "").lower().split("|"))
    if text.lower() in tokens:
        assert value is None
        assert name not in issues
    elif attribute["data_type"] == "text":
        assert value == text
    elif name in issues:
        issue, raw_value = issues[name]
        assert raw_value == text
        assert (value is None) == (issue == "unreadable" or name == "months")
    else:
        assert value is not None
    if isinstance(value, float):
        assert math.isfinite(value)
        assert abs(value) < 1e50
        if name == "amount" and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
            assert value == float(text)
    if isinstance(value, datetime.date):
        assert name == "opened"
