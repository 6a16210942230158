# ruff: noqa: E501
"""What the models say in DuckDB's SQL gives the same rows on both engines."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from decimal import Decimal

import duckdb
import pytest
from dbt.adapters.segmentspark.dialect import to_spark
from pyspark.sql import Row, SparkSession
from sqlglot.errors import ParseError, UnsupportedError

QUERIES = {
    "aggregates in an order": """
        select
            string_agg(x, '-' order by y desc) as texts,
            list(x order by y) as listed,
            list(distinct x order by x) filter (where x is not null) as different,
            any_value(x order by y desc) as first_one,
            sum(y order by x) as total,
            string_agg(x, '-' order by y desc) filter (where y < 2) as some
        from (values ('a', 1), ('b', 2), (null, 3)) as t (x, y)
    """,
    "aggregates of nothing": """
        select list(x) as listed, string_agg(x, ',') as texts, string_agg(distinct x, ',' order by x) as different, sum(y) as total, avg(y) as mean, mode(x) as most
        from (values ('a', 1)) as t (x, y)
        where y > 1
    """,
    "joined texts that are empty": """
        select string_agg(x, ',') as texts, string_agg(y, ',') as nothing, string_agg(distinct x, ',' order by x) as different
        from (values ('', null::varchar), (null, null)) as t (x, y)
    """,
    "averages of decimals are doubles": """
        select avg(cast(x as decimal(28, 9))) as mean, avg(x) filter (where x > 1) as some
        from (values (1), (2), (4)) as t (x)
    """,
    "quantiles": """
        select
            quantile_cont(x, [0.05, 0.5]) as between_values,
            quantile_disc(x, [0.1, 0.5]) as at_values,
            median(x) as median,
            skewness(x) as skewness,
            stddev_samp(x) as deviation,
            quantile_cont(x, 0.25) filter (where x < 9) as some
        from (values (1.0::double), (2), (4), (9)) as t (x)
    """,
    "quantiles of some of the rows": """
        with customers as (select * from (values (1, 'a', 2.0::double), (2, 'a', 4), (3, 'a', 9), (4, 'b', 1), (5, null, 7), (6, null, 8)) as t (id, kind, x)),
        trained as (select * from (values (1), (2), (5)) as u (id))
        select
            upper(customers.kind) as kind,
            {
                'customers': count(*),
                'quantiles': quantile_cont(case when trained.id is not null then customers.x end, [0.25, 0.5]),
                'mean': avg(x) filter (where x > 1)
            } as summary,
            quantile_cont(case when trained.id is not null then customers.x + 1 end, 0.5) as other
        from customers
        left join trained on customers.id = trained.id
        where customers.x < 9
        group by upper(customers.kind)
    """,
    "names that are used again within": """
        with
        a as (select 1 as x),
        b as (
            with a as (select x + 1 as x from a), c as (with a as (select 5 as y) select y from a)
            select a.x, c.y from a cross join c
        )
        select a.x as outer_x, b.x, b.y from a cross join b
    """,
    "several counts of different values": """
        select
            {'a': count(distinct x), 'b': count(distinct y)} as counts,
            count(distinct x) filter (where y > 1) as some,
            (select count(distinct y) from (values (1), (1)) as u (y)) as one
        from (values ('a', 1), ('b', 2), ('b', null), (null, 2)) as t (x, y)
    """,
    "the most frequent, and of two the first": """
        select mode(x order by x) as most
        from (values ('b'), ('a'), ('b'), ('a'), ('c')) as t (x)
    """,
    "the smallest n": """
        select
            z,
            min({'m': x, 'i': y}, 2) as smallest,
            min(x, 2) as known,
            min({'m': x, 'i': y}, 1) filter (where x > 1) as some
        from (values (3, 1, 'a'), (1, 2, 'a'), (2, 3, 'a'), (1, 1, 'a'), (4, 1, 'b'), (null, 1, 'c')) as t (x, y, z)
        where x is not null or z = 'a'
        group by z
    """,
    "by the value of another column": """
        select
            bool_or(x) as any_one,
            bool_and(x) as all_of_them,
            count(*) filter (where x) as counted,
            arg_min(y, z) as of_least,
            max({'a': z, 'b': y}) as greatest_pair
        from (values (true, 'p', 1), (false, 'q', 2)) as t (x, y, z)
    """,
    "numbers": """
        select
            7 / 2 as quotient, 0.1 * 3 as product, cast(cast(2.5 as double) as integer) as half_up_from_even,
            7 // 2 as whole, -7 % 3 as rest, round(2.5::double) as up, round(-2.5::double) as down, floor(-1.5) as below,
            ceil(1.2) as above, sign(-2) as sign, ln(2.0) as log, power(2, 0.5) as root, mod(7, 3) as remainder
    """,
    "numbers as texts": """
        select
            printf('%.1f' || '%%', 12.25) as percent, printf('%.0f', 0.5) as to_even, printf('S%02d', 7) as padded,
            format('{:,.2f}', 1234567.891) as thousands, format('{:,}', 1234567) as whole, printf('%08x', 255) as hexadecimal
    """,
    "a template in a column": """
        select format(replace(template, '{share}', '{1}'), 'x', '5 %') as text
        from (values ('100 % of {0}: {share}, {0}')) as t (template)
    """,
    "texts as numbers": """
        select
            try_cast('1e3' as double) as scientific, try_cast('x' as double) as none_at_all,
            cast('0x' || substr(md5('abc'), 1, 8) as bigint) as of_hash
    """,
    "texts": """
        select
            length('中文a') as characters, substr('中文a', 2) as rest, left('中文a', 1) as first_one, lower('ÄB') as small,
            trim('  a ') as trimmed, strlen('中a') as bytes, trim(e'\u00a0a\u200b', e'\u00a0\u200b') as joints, replace('aXa', 'X', '') as less, concat_ws('|', 'a', null, 'b') as joined,
            'a' || null as nothing, concat('a', null, 'b') as all_the_same, split_part('a_b', '_', 2) as second,
            strpos('abc', 'c') as place, contains('abc', 'b') as has, suffix('abc', 'c') as ends, translate('１２a', '１２', '12') as digits,
            chr(65) as letter, trim(chr(12288) || 'a', chr(12288)) as wide, hex(255) as hexadecimal, string_split('a,b', ',') as parts
    """,
    "regular expressions": """
        select
            regexp_replace('ab.12', '^(a)', '\\1' || '$') as with_group, regexp_replace('1.50', '\\.?0+$', '') as shorter,
            regexp_replace('a-b-c', '-', '+', 'g') as each_one, regexp_full_match('US$ 12', 'us\\$ \\d+', 'i') as whole,
            regexp_extract('k_k12', '_k([0-9]+)$', 1) as part, regexp_matches('Abc', '^[A-Z][^A-Z]') as found
    """,
    "dates": """
        select
            date_trunc('year', date '2026-03-04') as year, date '2026-03-04' + interval 1 day as tomorrow,
            date_diff('day', date '2026-01-01', date '2026-03-04') as days,
            try_strptime('2026年3月4日', ['%Y/%m/%d', '%Y年%m月%d日']) as read,
            try_strptime('20250728', ['%Y/%m/%d', '%Y%m%d']) as joined,
            try_cast(cast(9223372036854775808 as double) as bigint) as too_large, try_cast(cast(-5 as double) as bigint) as whole,
            try_cast('2026-3-4' as date) as short, try_cast('2026' as date) as no_day, try_cast('now' as date) as no_date
    """,
    "lists": """
        select
            list_position(['a', 'b'], 'b') as place, list_position(['a'], 'c') as nowhere, [1, 2][2] as second, [1, 2][3] as beyond,
            ([1, 2, 3])[1:2] as part, ([1, 2, 3])[2:] as from_second, ([1])[3:] as no_part, list_dot_product([1.0, 2], [3, 4.0]) as product,
            list_filter([null, 'x'], lambda v: v is not null) as known, list_transform([1, 2], lambda a: a * 2) as doubled,
            list_distinct([1, 1]) as different, list_contains([1], 1) as has, array_length([1, 2]) as items
    """,
    "maps": """
        select map {'a': 1.5}['a'] as value, map {'a': 1.5}['b'] as no_value
    """,
    "entries of a map": """
        select entry['key'] as key, entry['value'] as value
        from (select unnest(map_entries(map {'a': 1})) as entry) as t
    """,
    "two lists side by side": "select unnest([1, 2]) as a, unnest([3, 4]) as b",
    "choices": """
        select
            least(1, null, 2) as least_one, greatest(null, 3) as greatest_one, coalesce(null, 1) as known, nullif(1, 1) as nothing,
            1 is distinct from null as differs
    """,
    "a row as JSON": """
        select to_json(t) as json, cast(t as varchar) is not null as has_text
        from (select 1 as a, null as b, 'x"' as c) as t
    """,
    "a value as JSON": "select to_json(x) as json from (select [1, 2] as x) as t",
    "null is last, in both directions": """
        select x, row_number() over (order by x desc) as place
        from (values (2), (null), (1)) as t (x)
    """,
    "ranks are bigint": "select row_number() over (order by a) as place from (values (1)) as t (a)",
    "qualify by a name": """
        select a, row_number() over (order by a) as place from (values (1), (2)) as t (a) qualify place = 1
    """,
    "qualify by a window": """
        select * from (values (1), (2)) as t (a) qualify row_number() over (order by a desc) = 1
    """,
    "columns replaced": "with t as (select 1 as a, 2 as b) select * replace (3 as b) from t",
    "unpivot": """
        with t as (select 1 as a, 2 as b, null as c),
        u as (unpivot t on columns(* exclude (a)) into name n value v)
        select * from u
    """,
    "unpivot in a query in a query": """
        select x.* from (
            with t as (select {'v': 1} as b, null::struct(v integer) as c)
            unpivot t on columns(*) into name n value v
        ) as x
    """,
    "union by name": """
        with t as (select 1 as a), u as (select 2 as a, 3 as b)
        select * from t
        union all by name
        select * from u
        union all by name
        select 4 as b from t
    """,
}


def _plain(value: object) -> object:
    """Give a value as both engines' would be."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Row):
        return tuple(map(_plain, value))
    if isinstance(value, Mapping):
        return tuple(map(_plain, value.values()))
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-12)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_rows_are_equal(query: str, spark: SparkSession) -> None:
    written = to_spark(query, lambda text: spark.sql(text).columns)
    rows = sorted((tuple(map(_plain, row)) for row in spark.sql(written).collect()), key=str)
    with duckdb.connect() as connection:
        expected = [tuple(map(_plain, row)) for row in connection.sql(query).fetchall()]
    assert all(map(_same, sorted(expected, key=str), rows)), (expected, rows, written)
    assert len(expected) == len(rows)


def test_names_in_backquotes(spark: SparkSession) -> None:
    written = to_spark('select `a b`, "a b" as c from (select 1 as `a b`) as t')
    assert spark.sql(written).collect() == [(1, 1)]


def test_ranks_are_bigint(spark: SparkSession) -> None:
    written = to_spark(QUERIES["ranks are bigint"])
    assert dict(spark.sql(written).dtypes) == {"place": "bigint"}


def test_what_cannot_be_written_is_an_error() -> None:
    with pytest.raises(ParseError):
        to_spark("select from where")
    with pytest.raises(UnsupportedError, match="anchor"):
        to_spark("select regexp_replace('aa', 'a', 'b')")
    with pytest.raises(UnsupportedError, match="pattern"):
        to_spark("select printf(x, 1) from t")
    with pytest.raises(UnsupportedError, match="columns_of"):
        to_spark("unpivot t on columns(*) into name n value v")


def test_a_relation_has_no_order() -> None:
    query = "select x from t order by x"
    assert "ORDER BY" not in to_spark(query, is_of_relation=True)
    assert "ORDER BY" in to_spark(query)
    assert "ORDER BY" in to_spark(f"{query} limit 1", is_of_relation=True)


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("group by k", "group by k having count(*) > 1"),
        ("group by k", "group by all"),
        ("group by k", "group by 1"),
        (" end,", " else 0 end,"),
        ("sum(x)", "sum(sum(x)) over ()"),
    ],
)
def test_quantiles_are_apart_only_where_groups_are_all_there_is(part: str, instead: str) -> None:
    query = "select k, quantile_cont(case when c then x end, 0.5), sum(x) from t group by k"
    assert "summed" in to_spark(query)
    assert "summed" not in to_spark(query.replace(part, instead))


def test_spark_is_asked_for_the_columns_of_tables_alone() -> None:
    asked = []

    def columns_of(query: str) -> list[str]:
        asked.append(" ".join(query.split()))
        return ["x", "y", "z"]

    query = """
        with a as (select * exclude (y), 1 as n from shop.t), b as (select *, n + 1 as m from a)
        select * replace (m + 1 as x) from b
    """
    assert to_spark(query, columns_of).endswith("m + 1 AS x,\n  z,\n  n,\n  m\nFROM b")
    assert asked == ["select * from shop.t"]
