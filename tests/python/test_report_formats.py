"""Numbers and texts as the report writes them."""

import pytest

from segmentation.report import charts, formats
from segmentation.report.formats import Fact, Said, Text
from segmentation.texts import clean


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.182, "18.2%"),
        (0, "0.0%"),
        (1, "100.0%"),
        (0.0001, "<0.1%"),
        (0.99999, ">99.9%"),
        (-0.05, "-5.0%"),
    ],
)
def test_percent(value: float, text: str) -> None:
    assert formats.percent(value) == Text(text, text)


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (37148.14, "usd_per_month", "37,148 美元/月", "$37,148/month"),
        (206_000_000, "usd", "2.06 亿美元", "$206M"),
        (-1_250_000, "usd", "-125 万美元", "-$1.25M"),
        (1, "days", "1 天", "1 day"),
        (2.5, "months", "2.5 个月", "2.5 months"),
        (3.2, "ratio", "3.2", "3.2"),
        (12, "count", "12", "12"),
        (None, "usd", "—", "—"),
        (float("nan"), "usd", "—", "—"),
    ],
)
def test_quantity(value: float | None, unit: str, zh: str, en: str) -> None:
    assert formats.quantity(value, unit) == Text(zh, en)


def test_shares_are_percentages() -> None:
    assert formats.quantity(0.5, "ratio", is_share=True).en == "50.0%"


def test_signs_are_typographic_and_zero_has_none() -> None:
    assert formats.signed(-0.5).en == "\u22120.50"
    assert formats.signed(0.5).en == "+0.50"
    assert formats.signed(-0.001).en == "0.00"


def test_a_sentence_keeps_the_facts_of_its_parts() -> None:
    fact = Fact("customers", 5, "S01")
    said = formats.say(
        "{n} 位：{who}", "{n}: {who}", n=Said(Text("五", "five"), (fact,)), who="{n}"
    )
    assert said == Said(Text("五 位：{n}", "five: {n}"), (fact,))


def test_control_characters_are_made_visible() -> None:
    assert clean("a\u202eb\u2066c\x00d\ne") == "a\ufffdb\ufffdc\ufffdd\ne"


class TestLabels:
    def test_markup_of_data_is_escaped_line_by_line(self) -> None:
        text = charts.label("<b>bold</b> & so on", width=8)["en"]
        assert "<b>" not in text
        assert text.replace("<br>", "").count("&lt;") == 2

    def test_chinese_breaks_anywhere_and_latin_words_do_not(self) -> None:
        assert charts.label("月均Facebook消耗占比", width=12)["zh"] == "月均Facebook<br>消耗占比"

    def test_at_most_so_many_lines(self) -> None:
        text = charts.label("名称" * 50, width=10, lines=2)["zh"]
        assert text.count("<br>") == 1
        assert text.endswith("…")


@pytest.mark.parametrize(
    ("transform", "low", "high"),
    [("log1p", 0.0, 14.0), ("log1p", 0.5, 1.2), ("signed_log1p", -5.0, 5.0), ("none", 0.2, 1.0)],
)
def test_ticks_are_few_and_on_the_axis(transform: str, low: float, high: float) -> None:
    scale = charts._SCALES[transform]
    ticks = charts._ticks(transform, low, high)
    assert 2 <= len(ticks) <= 10
    assert ticks == sorted(ticks)
    assert all(low - 1e-6 <= scale(tick) <= high + 1e-6 for tick in ticks)
