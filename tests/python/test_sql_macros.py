"""Macros that write SQL, run in DuckDB against independent references.

Unit tests of the models hold the cases that can be listed. Here are the ones that cannot: many
numbers against pandas and hashlib, and the generic tests, which no unit test can stand on.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import numpy as np
import pandas as pd
import pytest
from jinja_macros import macro
from mixed_samples import customers
from scipy import stats

from segmentation.clustering.mixed_data import MixedData
from segmentation.dictionary.attributes import MISSING_TOKENS
from segmentation.dictionary.words import CURRENCIES, CURRENCY_SIGNS, THEMES, UNITS
from segmentation.review.words import UNITS as REVIEW_UNITS
from segmentation.texts import BLANKS

ROOT = Path(__file__).parents[2]
RNG_SEED = 7


def column(expression: str, values: list[Any] | np.ndarray) -> pd.Series:
    """Evaluate SQL over a table with the one column ``x``."""
    table = pd.DataFrame({"x": values})
    with duckdb.connect() as connection:
        connection.register("customers", table)
        return connection.execute(f"select {expression} as y from customers").df()["y"]


class TestCleanText:
    trim = staticmethod(macro("macros/trimmed_text.sql"))
    known = staticmethod(
        macro("macros/known_text.sql", sql_literal=macro("macros/sql_literal.sql"))
    )

    def clean(self, text: str) -> str:
        return self.known(f"({self.trim(text)})")

    def test_knows_the_missing_tokens_of_the_library_and_no_others(self) -> None:
        tokens = set(re.findall(r"when '([^']*)' then null", self.clean("x")))
        assert tokens == {token.lower() for token in MISSING_TOKENS}

    @pytest.mark.parametrize("token", MISSING_TOKENS)
    def test_missing_whatever_the_case_and_the_blanks(self, token: str) -> None:
        written = [token, token.upper(), token.lower(), f" \t{token}\u3000"]
        assert column(self.clean("x"), written).isna().all()

    def test_other_text_is_trimmed(self) -> None:
        written = [" Facebook\n", "0", "\u3000两 个\t", "\ra b", "\ufeffa\u00a0b\u200b"]
        expected = ["Facebook", "0", "两 个", "a b", "a\u00a0b"]
        assert list(column(self.clean("x"), written)) == expected

    def test_the_library_trims_the_same(self) -> None:
        ends = [chr(code) for code in range(0x3100)] + ["\ufeff", "\ufe0f", "\u200d"]
        trimmed = column(self.trim("x"), [f"{end}a{end}" for end in ends])
        assert {end for end, text in zip(ends, trimmed, strict=True) if text == "a"} == set(BLANKS)


class TestShortLabel:
    short = staticmethod(macro("macros/short_label.sql"))

    @pytest.mark.parametrize(
        ("label", "expected"),
        [
            ("Clothing", "Clothing"),
            ("Key account (KA)", "Key account"),
            ("重点客户（KA）", "重点客户"),
            ("(KA)", "(KA)"),
            ("1-5人", "1-5人"),
            ("Food\n  and\tdrink", "Food and drink"),
            ("Jewellery and accessories", "Jewellery and…"),
            ("x" * 300, "x" * 15 + "…"),
            ("一二三四五六七八九十一二三四五六", "一二三四五六七八九十一二三四五六"),
            ("一二三四五六七八九十一二三四五六七", "一二三四五六七八九十一二三四五…"),
            ("O'Brien; 100% {}", "O'Brien; 100% {}"),
            (None, None),
        ],
    )
    def test_in_one_line_and_short(self, label: str | None, expected: str | None) -> None:
        (found,) = column(self.short("x", 16), [label])
        assert found == expected or (pd.isna(found) and expected is None)


class TestSegmentName:
    chinese = staticmethod(macro("macros/segment_name_zh.sql"))
    english = staticmethod(macro("macros/segment_name_en.sql"))

    @pytest.mark.parametrize(
        ("parts", "name_zh", "name_en"),
        [
            ("'高价值', '服装', '群'", "高价值服装群", None),
            ("'高价值', cast(null as varchar), '群'", "高价值群", None),
            ("'VIP', 'TikTok', '群'", "VIP TikTok群", "VIP TikTok 群"),
            ("'top', '100% {}', 'core'", "top 100% {}core", "Top 100% {} core"),
        ],
    )
    def test_parts_flow(self, parts: str, name_zh: str, name_en: str | None) -> None:
        assert list(column(self.chinese([parts]), [1])) == [name_zh]
        if name_en is not None:
            assert list(column(self.english([parts]), [1])) == [name_en]


class TestThemeLabel:
    label = staticmethod(macro("macros/theme_label.sql"))

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_every_theme_and_axis_has_a_name_of_its_own(self, language: str) -> None:
        found = column(self.label("x", language), [*THEMES, "breadth"])
        assert found.notna().all()
        assert found.is_unique

    def test_no_theme_has_no_label(self) -> None:
        assert column(self.label("x", "en"), ["", None, "other"]).isna().all()


class TestParseNumber:
    parse = staticmethod(macro("macros/parse_number.sql"))

    @pytest.mark.parametrize(
        ("written", "share"),
        [
            ("{:.2f}", 1),
            ("{:,.2f}", 1),
            ("${:,.2f}", 1),
            ("{:,.2f} USD", 1),
            ("{:,.2f}元", 1),
            ("{:,.2f}%", 100),
        ],
    )
    def test_reads_back_what_was_written(self, written: str, share: int) -> None:
        amounts = np.random.default_rng(RNG_SEED).lognormal(6, 4, size=500).round(2)
        amounts[::3] *= -1
        found = column(self.parse("x"), [written.format(amount) for amount in amounts])
        np.testing.assert_array_equal(found, amounts / share)

    def test_brackets_mean_negative(self) -> None:
        amounts = np.random.default_rng(RNG_SEED).lognormal(6, 4, size=500).round(2)
        found = column(self.parse("x"), [f"({amount:,.2f})" for amount in amounts])
        np.testing.assert_array_equal(found, -amounts)

    def test_full_width_forms_are_the_same_number(self) -> None:
        half = ["1234.5", "-1,234", "12%", "(12)", "$12"]
        full = [text.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}) for text in half]
        assert full[0] == "１２３４．５"
        pd.testing.assert_series_equal(column(self.parse("x"), half), column(self.parse("x"), full))

    def test_dates_are_no_numbers(self) -> None:
        days = pd.date_range("2020-01-01", periods=500)
        for written in ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y年%m月%d日"]:
            assert column(self.parse("x"), days.strftime(written).tolist()).isna().all()

    def test_numbers_whose_powers_would_overflow_are_none(self) -> None:
        huge = ["1e50", "-1e300", "1e999", "inf", "nan", "9" * 51, "1" + ",000" * 17]
        assert column(self.parse("x"), huge).isna().all()
        assert column(self.parse("x"), ["-9.5e49", "9" * 48, "1,000"]).notna().all()


class TestSkewness:
    skewness = staticmethod(macro("macros/skewness.sql"))

    @pytest.mark.parametrize("size", [3, 4, 10, 1000])
    def test_is_that_of_pandas(self, size: int) -> None:
        values = np.random.default_rng(RNG_SEED).lognormal(size=size)
        (found,) = column(self.skewness("x"), values)
        assert found == pytest.approx(pd.Series(values).skew(), rel=1e-9)

    @pytest.mark.parametrize("values", [[5.0, 5.0, 5.0, 5.0], [1.0, 2.0], [1.0], [None, None]])
    def test_needs_variation_and_three_values(self, values: list[float | None]) -> None:
        assert column(self.skewness("x"), values).isna().all()


class TestTransformed:
    transformed = staticmethod(macro("macros/transformed.sql"))

    def test_is_that_of_numpy(self) -> None:
        values = np.random.default_rng(RNG_SEED).normal(scale=1e4, size=500)
        signed = column(self.transformed("x", "signed_log1p"), values)
        np.testing.assert_allclose(signed, np.sign(values) * np.log1p(np.abs(values)), rtol=1e-12)
        log1p = column(self.transformed("x", "log1p"), np.abs(values))
        np.testing.assert_allclose(log1p, np.log1p(np.abs(values)), rtol=1e-12)
        np.testing.assert_array_equal(column(self.transformed("x", "none"), values), values)


class TestTargetEncodingFold:
    def test_is_the_md5_of_the_id_modulo_five(self) -> None:
        ids = [*(f"C{i}" for i in range(500)), "客户", " ", "O'Neil"]
        found = column(macro("macros/target_encoding_fold.sql")("x"), ids)
        expected = [int(hashlib.md5(id_.encode()).hexdigest()[:8], 16) % 5 for id_ in ids]
        assert found.tolist() == expected
        assert found.value_counts().min() > 70


class TestPercentText:
    text = staticmethod(macro("macros/percent_text.sql"))

    @pytest.mark.parametrize(
        ("share", "expected"),
        [
            (0, "0%"),
            (1e-12, "0%"),
            (-1e-17, "0%"),
            (1e-7, "<0.1%"),
            (0.000499, "<0.1%"),
            (0.0005, "0.1%"),
            (0.004, "0.4%"),
            (0.005, "0.5%"),
            (0.00501, "1%"),
            (0.92, "92%"),
            (0.925, "92%"),
            (0.9949, "99%"),
            (0.995, "99.5%"),
            (0.996, "99.6%"),
            (0.99949, "99.9%"),
            (0.9995, ">99.9%"),
            (1 - 1e-7, ">99.9%"),
            (1 - 1e-12, "100%"),
            (1, "100%"),
            (None, None),
        ],
    )
    def test_all_and_none_are_said_of_all_and_none_only(
        self, share: float | None, expected: str | None
    ) -> None:
        found = column(self.text("x"), [share, 0.5])
        assert (found[0] if share is not None else None) == expected
        assert share is not None or pd.isna(found[0])

    def test_says_the_share_to_the_rounding_shown(self) -> None:
        shares = np.random.default_rng(RNG_SEED).random(2000) ** 3
        for share, said in zip(shares, column(self.text("x"), shares), strict=True):
            if said not in ("<0.1%", ">99.9%"):
                number = said.removesuffix("%")
                half = 0.05 if "." in number else 0.5
                assert abs(float(number) - 100 * share) <= half + 1e-9

    def test_takes_an_expression(self) -> None:
        assert column(self.text("1 - x"), [0.25]).item() == "75%"


class TestDoubleLiteral:
    def test_is_the_same_double(self) -> None:
        rng = np.random.default_rng(RNG_SEED)
        numbers = [
            *(rng.normal(size=500) * 10.0 ** rng.integers(-200, 200, size=500)),
            1e22,
            -0.5,
            3,
        ]
        literals = ", ".join(macro("macros/double_literal.sql")(number) for number in numbers)
        with duckdb.connect() as connection:
            row = connection.sql(f"select unnest([{literals}]) as x").df()["x"]
            types = connection.sql(f"select typeof([{literals}])").fetchall()
        assert row.tolist() == numbers
        assert types == [("DOUBLE[]",)]

    def test_of_the_decimals_that_dbt_hands_over(self) -> None:
        assert macro("macros/double_literal.sql")(Decimal("0.1")) == "0.1e0"


class TestUnrolledDistance:
    distance = staticmethod(
        macro(
            "macros/unrolled_distance.sql",
            double_literal=macro("macros/double_literal.sql"),
            sql_literal=macro("macros/sql_literal.sql"),
        )
    )

    def test_has_the_bits_of_the_compiled_loops(self) -> None:
        matrix = customers(RNG_SEED, n=500)
        data = MixedData(matrix.numeric, matrix.codes, [3, 2, 3], gamma=2.8318405642121727)
        prototypes, _ = data.update(np.arange(500, dtype=np.int32) % 4, 4)
        table = pd.DataFrame(
            {f"x{j}": values for j, values in enumerate(data.numbers)}
            | {f"c{j}": codes.astype(str) for j, codes in enumerate(data.codes)}
        )
        distances = [
            self.distance(
                [{"column": f"x{j}", "value": value} for j, value in enumerate(center)],
                [{"column": f"c{j}", "level": str(level)} for j, level in enumerate(mode)],
                data.gamma,
            )
            for center, mode in zip(prototypes.centers, prototypes.modes, strict=True)
        ]
        with duckdb.connect() as connection:
            connection.register("customers", table)
            found = connection.sql(f"select {', '.join(distances)} from customers").fetchnumpy()
        np.testing.assert_array_equal(np.stack(list(found.values())), data.distances(prototypes))


class TestLevelValue:
    value = staticmethod(
        macro(
            "macros/level_value.sql",
            double_literal=macro("macros/double_literal.sql"),
            sql_literal=macro("macros/sql_literal.sql"),
        )
    )

    @pytest.mark.parametrize("levels", [["0", "1"], ["0", "1", "men's"]])
    def test_is_null_without_a_number(self, levels: list[str]) -> None:
        rows = [{"level": level, "value": i + 0.5} for i, level in enumerate(levels)]
        found = column(self.value("x", rows), ["1", "0", "other", None, levels[-1]])
        assert found.iloc[:2].tolist() == [1.5, 0.5]
        assert found.iloc[2:4].isna().all()
        assert found.iloc[4] == len(levels) - 0.5

    def test_of_a_flag(self) -> None:
        rows = [{"level": "0", "value": 2}, {"level": "1", "value": 3}]
        assert column(self.value("x", rows), [1, 0]).tolist() == [3, 2]


class TestTwoNearest:
    @staticmethod
    def ranked(distances: np.ndarray, given: np.ndarray | None = None) -> pd.DataFrame:
        clusters = distances.shape[1]
        table = pd.DataFrame(distances, columns=[f"distance_{c}" for c in range(clusters)])
        table["place"] = np.arange(len(table))
        table["own"] = pd.array(given if given is not None else [None] * len(table), dtype="Int32")
        query = macro("macros/two_nearest.sql")(
            clusters, given_cluster=None if given is None else "own"
        )
        with duckdb.connect() as connection:
            connection.register("customers", table)
            return connection.sql(
                f"with distances as (select * from customers), ranked as ({query}) "
                "select * from ranked order by place"
            ).df()

    def test_is_a_stable_sort(self) -> None:
        distances = np.random.default_rng(RNG_SEED).integers(0, 4, size=(500, 6)).astype(float)
        order = np.argsort(distances, axis=1, kind="stable")[:, :2]
        found = self.ranked(distances)
        np.testing.assert_array_equal(found[["cluster", "runner_up_cluster"]], order)
        np.testing.assert_array_equal(
            found[["distance", "runner_up_distance"]], np.take_along_axis(distances, order, axis=1)
        )

    def test_missing_clusters_are_nobodys(self) -> None:
        found = self.ranked(np.array([[3, np.nan, 2], [1, 1, np.nan]]))
        assert found["cluster"].tolist() == [2, 0]
        assert found["runner_up_cluster"].tolist() == [0, 1]

    def test_a_given_cluster_goes_before_the_nearest(self) -> None:
        rng = np.random.default_rng(RNG_SEED)
        distances = rng.integers(0, 4, size=(500, 5)).astype(float)
        given = rng.integers(0, 5, size=500)
        others = distances.copy()
        np.put_along_axis(others, given[:, None], np.inf, axis=1)
        found = self.ranked(distances, given)
        np.testing.assert_array_equal(found["cluster"], given)
        np.testing.assert_array_equal(found["distance"], distances[np.arange(500), given])
        np.testing.assert_array_equal(found["runner_up_cluster"], others.argmin(axis=1))
        np.testing.assert_array_equal(found["runner_up_distance"], others.min(axis=1))


class TestSqlLiteral:
    @pytest.mark.parametrize("text", ["Men's", "50 % of 'all'", "a\\b", "", "%s {0}", "行业"])
    def test_comes_back_as_it_was(self, text: str) -> None:
        assert list(column(macro("macros/sql_literal.sql")(text), [1])) == [text]


class TestNormalCdf:
    def test_is_that_of_scipy(self) -> None:
        numbers = np.concatenate([np.linspace(-6, 6, 1201), [-38.0, 38.0]])
        found = column(macro("macros/normal_cdf.sql")("x"), numbers)
        np.testing.assert_allclose(found, stats.norm.cdf(numbers), atol=7.5e-8)

    def test_of_an_expression_that_is_negative(self) -> None:
        found = column(macro("macros/normal_cdf.sql")("-x"), [1.0])
        np.testing.assert_allclose(found, [stats.norm.cdf(-1)], atol=7.5e-8)


class TestNumberText:
    digits = staticmethod(macro("macros/number_digits.sql"))
    percent = staticmethod(macro("macros/percent_text.sql"))
    parts: ClassVar = {"number_digits": digits, "percent_text": percent}
    zh = staticmethod(macro("macros/number_text_zh.sql", **parts))
    en = staticmethod(macro("macros/number_text_en.sql", **parts))

    @staticmethod
    def python_digits(number: float) -> str:
        decimals = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
        text = f"{number:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text

    def test_digits_are_those_of_python(self) -> None:
        numbers = np.random.default_rng(RNG_SEED).lognormal(3, 4, size=2000)
        numbers[::3] *= -1
        numbers = np.append(numbers, [0.0, -0.0, 0.004, -0.004, 9.996, 99.96, 99.5, 1e6, -1e9, 20])
        expected = [self.python_digits(number) for number in numbers]
        assert list(column(self.digits("x"), numbers)) == expected

    @pytest.mark.parametrize(
        ("number", "unit", "is_share", "zh", "en"),
        [
            (12300, "usd", False, "12,300 美元", "$12,300"),
            (-1200, "usd", False, "-1,200 美元", "-$1,200"),
            (1234567.8, "usd", False, "1,234,568 美元", "$1,234,568"),
            (12300, "usd_per_month", False, "12,300 美元/月", "$12,300 a month"),
            (-12.34, "usd_per_month", False, "-12.3 美元/月", "-$12.3 a month"),
            (447, "eur", False, "447 欧元", "€447"),
            (-230, "eur", False, "-230 欧元", "-€230"),
            (9.5, "gbp_per_month", False, "9.5 英镑/月", "£9.5 a month"),
            (0, "cny", False, "0 元", "CN¥0"),
            (12, "count", False, "12", "12"),
            (1.004, "count", False, "1", "1"),
            (4.2, "count_per_month", False, "4.2/月", "4.2 a month"),
            (3, "days", False, "3 天", "3 days"),
            (1.001, "days", False, "1 天", "1 day"),
            (0, "days", False, "0 天", "0 days"),
            (2.5, "months", False, "2.5 个月", "2.5 months"),
            (-1, "months", False, "-1 个月", "-1 month"),
            (3.2, "ratio", False, "3.2", "3.2"),
            (0.4526, "ratio", True, "45%", "45%"),
            (1, "ratio", True, "100%", "100%"),
            (0.9996, "ratio", True, ">99.9%", ">99.9%"),
            (0.847, "index", True, "0.85", "0.85"),
            (1, "flag", False, "是", "yes"),
            (0, "flag", False, "否", "no"),
            (0.125, "flag", True, "12%", "12%"),
            (5, "", False, "5", "5"),
            (5, None, False, "5", "5"),
            (None, "usd", False, "未知", "unknown"),
            (None, None, True, "未知", "unknown"),
        ],
    )
    def test_units_in_both_languages(
        self, number: float | None, unit: str | None, is_share: bool, zh: str, en: str
    ) -> None:
        row = "cast(? as double) as value, cast(? as varchar) as unit, cast(? as boolean) as share"
        texts = [text("value", "unit", is_share="share") for text in (self.zh, self.en)]
        with duckdb.connect() as connection:
            found = connection.execute(
                f"select {', '.join(texts)} from (select {row})", [number, unit, is_share]
            ).fetchone()
        assert found == (zh, en)

    @pytest.mark.parametrize("currency", CURRENCIES)
    def test_every_currency_has_words_and_the_sign_of_the_review_sheet(self, currency: str) -> None:
        (said,) = column(self.en("x", f"'{currency}'"), [-5])
        assert said == f"-{CURRENCY_SIGNS[currency]}5"
        (monthly,) = column(self.zh("x", f"'{currency}_per_month'"), [5])
        assert monthly == f"{column(self.zh('x', repr(currency)), [5]).item()}/月"

    def test_the_review_sheet_has_words_for_every_unit(self) -> None:
        assert {*REVIEW_UNITS, "flag"} == set(UNITS)

    def test_an_expression_may_be_any(self) -> None:
        assert list(column(self.en("x - 1", "'usd'"), [1001, 1])) == ["$1,000", "$0"]
        assert list(column(self.zh("x", "null"), [1001])) == ["1,001"]
        shares = self.en("x", "'count'", is_share="x > 0 or x < 0")
        assert list(column(shares, [0.5, -0.5])) == ["0.5", "-0.5"]


class TestGenericTests:
    """A generic test passes where its query finds nothing."""

    @staticmethod
    def failures(query: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            connection.execute("create table model (a varchar, b varchar, x double)")
            connection.executemany("insert into model values (?, ?, ?)", rows)
            return connection.execute(query).fetchall()

    def test_primary_key(self) -> None:
        query = macro("tests/generic/primary_key.sql")("model", ["a", "b"])
        assert self.failures(query, [("A", "1", 0), ("A", "2", 0), ("B", "1", 0)]) == []
        assert self.failures(query, [("A", "1", 0), ("A", "1", 1)]) == [("A", "1", 2)]
        assert self.failures(query, [("A", "1", 0), ("A", None, 1)]) == [("A", None, 1)]
        assert self.failures(query, [(None, "1", 0), ("A", "1", 1)]) == [(None, "1", 1)]

    def test_not_null_columns(self) -> None:
        query = macro("tests/generic/not_null_columns.sql")("model", ["a", "x"])
        assert self.failures(query, [("A", None, 0)]) == []
        assert self.failures(query, [("A", "1", None), ("B", "1", None)]) == [("x", 2)]
        assert self.failures(query, [(None, "1", None)]) == [("a", 1), ("x", 1)]

    def test_unique_combination_of_columns(self) -> None:
        query = macro("tests/generic/unique_combination_of_columns.sql")("model", ["a", "b"])
        assert self.failures(query, [("A", "1", 0), ("A", "2", 0), ("B", "1", 0)]) == []
        assert self.failures(query, [("A", "1", 0), ("A", "1", 1)]) == [("A", "1", 2)]
        assert self.failures(query, [("A", None, 0), ("A", None, 1)]) == [("A", None, 2)]

    def test_sums_to(self) -> None:
        query = macro("tests/generic/sums_to.sql")("model", "x", ["a"], 1)
        assert self.failures(query, [("A", "1", 0.1), ("A", "2", 0.9), ("B", "1", 1)]) == []
        assert self.failures(query, [("A", "1", 0.5), ("A", "2", 0.5 + 1e-10)]) == []
        assert self.failures(query, [("A", "1", 1), ("B", "1", 0.75)]) == [("B", 0.75)]
        loose = macro("tests/generic/sums_to.sql")("model", "x", ["a"], 1, tolerance=0.5)
        assert self.failures(loose, [("B", "1", 0.75)]) == []


@pytest.mark.parametrize(("seconds", "logged"), [(2.34567, 2.346), (-5, 0), (0, 0)])
def test_no_build_took_less_than_no_time(seconds: float, logged: float) -> None:
    """The clock may be set back while a build runs."""
    row = macro("macros/build_log_row.sql", sql_literal=macro("macros/sql_literal.sql"))
    with duckdb.connect() as connection:
        found = connection.sql(row("all", 7, [], seconds)).df()
    assert list(found["seconds"]) == [logged]
