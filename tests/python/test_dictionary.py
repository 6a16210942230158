from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja_macros import macro
from seed_samples import SEEDS, edit, write_seeds

from segmentation.dictionary.attributes import check_seeds, load_dictionary, normalise_header
from segmentation.dictionary.words import SETTINGS
from segmentation.errors import InputError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_seeds(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeff Corporation_ID ", "corporation_id"),
        ("Ｃｏｒｐ　ＩＤ（新）", "corpid(新)"),
        ("月均 消耗\n金额", "月均消耗金额"),
        ("Straße\u200b", "strasse"),
        ("  ", ""),
    ],
)
def test_headers_are_compared_without_case_blanks_and_width(text: str, expected: str) -> None:
    assert normalise_header(text) == expected


def test_every_field_of_an_attribute_is_read(seeds: Path) -> None:
    by_name = {item.attribute: item for item in load_dictionary(seeds / "data_dictionary.csv")}
    assert list(by_name)[:2] == ["customer_id", "spend"]
    assert by_name["customer_id"].aliases == ("cust_no", "客户编号")
    assert by_name["customer_id"].is_required
    assert by_name["spend"].definition_en == 'Spend "net" of credits.'
    balance = by_name["balance"]
    assert (balance.valid_min, balance.valid_max) == (-1_000_000.0, 1_000_000.0)
    assert balance.missing_tokens == ("infinity", "999")
    assert not balance.is_required
    assert balance.line == 4
    assert by_name["months"].valid_max is None
    assert by_name["runway"].derivation == "balance / nullif(spend, 0)"


def test_lines_are_counted_in_the_file_and_not_in_records(seeds: Path) -> None:
    edit(seeds, "data_dictionary", "总消耗除以月数。", '"总消耗除以\n月数。"')
    edit(seeds, "data_dictionary", "\nbalance", "\n\nbalance")
    lines = {item.attribute: item.line for item in load_dictionary(seeds / "data_dictionary.csv")}
    assert (lines["spend"], lines["balance"]) == (3, 6)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(seeds: Path) -> None:
    path = seeds / "data_dictionary.csv"
    before = load_dictionary(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_dictionary(path) == before
    check_seeds(seeds)


def test_loading_names_all_that_it_cannot_read(seeds: Path) -> None:
    edit(seeds, "data_dictionary", "true,none,,,,,\n", "yes,none,,,,,\n")
    edit(seeds, "data_dictionary", "infinity|999,-1e6,1e6", "infinity|999,-1e6,one million")
    with pytest.raises(InputError) as error:
        load_dictionary(seeds / "data_dictionary.csv")
    first, second = str(error.value).splitlines()
    assert "data_dictionary.csv:2: is_required 'yes' is not known" in first
    assert "data_dictionary.csv:4: valid_max is 'one million'" in second


def test_the_sample_is_valid_and_other_seeds_are_ignored(seeds: Path) -> None:
    (seeds / "notes.csv").write_bytes(b"\xff\xfe nothing we read")
    check_seeds(str(seeds))


FAULTS = [
    # file, old text, new text, what the message must say
    (
        "data_dictionary",
        "attribute,aliases",
        "attribut,aliases",
        ":1: missing column(s) 'attribute'",
    ),
    (
        "data_dictionary",
        "attribute,aliases",
        "attribut,aliases",
        ":1: unknown column(s) 'attribut'",
    ),
    (
        "attribute_levels",
        "label_zh,label_en",
        "label_zh,label_zh",
        "column(s) 'label_zh' stand there twice",
    ),
    ("feature_bins", ",lower_bound", "", ":1: missing column(s) 'lower_bound'"),
    ("category_flags", "flag,attribute", "flag,,attribute", ":1: unknown column(s) ''"),
    ("attribute_levels", '"Large, key"', "Large, key", ":3: 6 fields where the first line has 5"),
    ("attribute_levels", '"Large, key"', '"Large" key', ":3: the quotes of this line do not match"),
    (
        "attribute_levels",
        "美妆,Beauty\n",
        '美妆,"Beauty',
        ":5: the quotes of this line do not match",
    ),
    ("data_dictionary", "\nmonths,", "\nspend,", ":5: attribute 'spend' stands in line 3 already"),
    ("data_dictionary", "\nmonths,", "\nMonths alive,", ":5: Months alive: the name is not snake"),
    ("data_dictionary", "\nmonths,", "\nmonths__x,", ":5: months__x: the name is not snake_case"),
    ("data_dictionary", "\nmonths,", "\nfold,", ":5: fold: the models have a column of this name"),
    ("data_dictionary", "\nmonths,", "\norder,", ":5: order: this is a reserved word of SQL"),
    ("data_dictionary", "\nmonths,", "\nleft,", ":5: left: this is a reserved word of SQL"),
    ("data_dictionary", "\nmonths,", "\ncluster,", ":5: cluster: the models have a column of this"),
    ("data_dictionary", "performance,none", "performence,none", "Did you mean performance?"),
    ("data_dictionary", "integer,perf", "int,perf", ":5: months: data_type 'int' is not known"),
    (
        "data_dictionary",
        "log1p,spending_power,higher_is_better,usd_p",
        "log,spending_power,higher_is_better,usd_p",
        "transform 'log' is not known. Did you mean log1p?",
    ),
    ("data_dictionary", "none,scale,", "none,scales,", "Did you mean scale?"),
    ("data_dictionary", "scale,neutral", "scale,", ":7: size: direction '' is not known"),
    ("data_dictionary", "usd_per_month", "usd_a_month", "Did you mean usd_per_month?"),
    ("data_dictionary", "true,unknown_level", "true,unknown", "Did you mean unknown_level?"),
    ("data_dictionary", "1e6,clip", "1e6,cap", "out_of_range_policy 'cap' is not known"),
    (
        "data_dictionary",
        "true,none",
        "TRUE,none",
        "is_required 'TRUE' is not known. Did you mean true?",
    ),
    (
        "data_dictionary",
        "months,,月数",
        "months,余 额,月数",
        ":5: months: the header '余 额' means balance already ('余额', line 4)",
    ),
    (
        "data_dictionary",
        "balance,,余额",
        "balance,ＣＵＳＴ＿ＮＯ,余额",
        "means customer_id already ('cust_no', line 2)",
    ),
    (
        "data_dictionary",
        "balance,,余额",
        "balance,Cust-No,余额",
        ":4: balance: the header 'Cust-No' means customer_id already ('cust_no', line 2)",
    ),
    (
        "data_dictionary",
        "cust_no|客户编号",
        "cust_no|Cust_No",
        ":2: customer_id: the alias 'Cust_No' stands there twice",
    ),
    ("data_dictionary", ",,月数,Months,", ",,,Months,", ":5: months: label_zh is blank"),
    ("data_dictionary", ",,月数,Months,", ",,月数,,", ":5: months: label_en is blank"),
    ("data_dictionary", "text,id,none", "text,excluded,none", ":1: no attribute has the role id"),
    (
        "data_dictionary",
        "text,ordinal,none,scale,neutral,,false,median",
        "text,id,none,scale,neutral,,false,none",
        ":7: size: customer_id (line 2) has the role id already",
    ),
    (
        "data_dictionary",
        "median,,0,,reject",
        "median,,,9,reject",
        ":3: spend: log1p needs values from 0",
    ),
    (
        "data_dictionary",
        "median,,0,,reject",
        "median,,-1,9,reject",
        ":3: spend: log1p needs values from 0",
    ),
    (
        "data_dictionary",
        "-1e6,1e6",
        "1e6,-1e6",
        "valid_min 1000000.0 is above valid_max -1000000.0",
    ),
    ("data_dictionary", "-1e6,1e6", "-1e6,１２", ":4: valid_max is '１２'. Write a plain number"),
    ("data_dictionary", "-1e6,1e6", "-inf,1e6", ":4: valid_min is '-inf'"),
    (
        "data_dictionary",
        "1e6,clip",
        "1e6,",
        ":4: balance: there is a range and no out_of_range_policy. Write set_null, clip or reject.",
    ),
    (
        "data_dictionary",
        "-1e6,1e6,clip",
        ",,clip",
        ":4: balance: there is an out_of_range_policy and no range",
    ),
    (
        "data_dictionary",
        "false,median,,,,,",
        "false,median,,0,9,clip,",
        ":7: size: a range needs numbers",
    ),
    (
        "data_dictionary",
        "text,ordinal,none",
        "text,ordinal,signed_log1p",
        ":7: size: transform signed_log1p needs numbers",
    ),
    (
        "data_dictionary",
        "false,zero",
        "false,unknown_level",
        "missing_policy unknown_level does not go with the role performance. Write median or zero.",
    ),
    (
        "data_dictionary",
        "integer,performance",
        "text,performance",
        "the role performance does not go with data_type text. Write data_type number or integer",
    ),
    ("data_dictionary", "text,id", "integer,id", "the role id does not go with data_type integer"),
    (
        "data_dictionary",
        "nullif(spend, 0)",
        "nullif(spend, 0",
        ":6: runway: DuckDB does not accept the derivation (Parser Error",
    ),
    (
        "data_dictionary",
        "nullif(spend, 0)",
        "nullif(spent, 0)",
        'Referenced column "spent" not found',
    ),
    ("data_dictionary", "nullif(spend, 0)", "runway", "uses an attribute that is derived itself"),
    (
        "data_dictionary",
        "balance / nullif(spend, 0)",
        "sum(balance)",
        "WHERE clause cannot contain aggregates",
    ),
    ("data_dictionary", "balance / nullif(spend, 0)", "1) or (1", "Parser Error"),
    (
        "data_dictionary",
        "nullif(spend, 0)",
        "(select max(spend) from from_file)",
        ":6: runway: the derivation has a query in it",
    ),
    (
        "data_dictionary",
        "nullif(spend, 0)",
        "(select count(*) from read_text('/etc/hostname'))",
        ":6: runway: the derivation has a query in it",
    ),
    ("data_dictionary", "nullif(spend, 0)", "random()", ":6: runway: the derivation uses random,"),
    (
        "data_dictionary",
        "nullif(spend, 0)",
        "date_diff('day', current_date, today())",
        ":6: runway: the derivation uses today, current_date, so the same file would give other",
    ),
    ("data_dictionary", "nullif(spend, 0)", "rowid", 'Referenced column "rowid" not found'),
    (
        "data_dictionary",
        "balance / nullif(spend, 0)",
        "balance; drop table from_file",
        "Parser Error",
    ),
    (
        "data_dictionary",
        "balance / nullif(spend, 0)",
        "balance > spend",
        ":6: runway: the derivation gives BOOLEAN, and data_type is number",
    ),
    (
        "data_dictionary",
        "balance / nullif(spend, 0)",
        "category",
        ":6: runway: the derivation gives VARCHAR",
    ),
    (
        "data_dictionary",
        ",none,,,,,spend\n",
        ",none,,,,,spent\n",
        ":10: spend_level: the attribute to cut, 'spent', is unknown. Did you mean spend?",
    ),
    ("data_dictionary", ",none,,,,,spend\n", ",none,,,,,\n", "which attribute is cut?"),
    (
        "data_dictionary",
        ",none,,,,,spend\n",
        ",none,,,,,category\n",
        "category cannot be cut: its data_type is text",
    ),
    (
        "data_dictionary",
        "\nspend_level,",
        "\nspend_band,",
        ":10: spend_band: a binned attribute needs bins",
    ),
    (
        "data_dictionary",
        "\nspend_level,",
        "\nspend_band,",
        "bins.csv:2: feature 'spend_level' is unknown",
    ),
    (
        "feature_bins",
        "low,1,低,Low,lowest,",
        "low,1,低,Low,value,0",
        "spend_level has 0 levels of bound_type lowest",
    ),
    (
        "feature_bins",
        "mid,2,中,Mid,quantile,0.5",
        "mid,2,中,Mid,lowest,",
        "has 2 levels of bound_type lowest",
    ),
    (
        "feature_bins",
        "mid,2,",
        "low,2,",
        ":3: feature 'spend_level', level 'low' stands in line 2 already",
    ),
    ("feature_bins", "mid,2,", "mid,1,", "level_order '1' stands in line 2 already"),
    ("feature_bins", "mid,2,", "mid,2.0,", ":3: level_order is '2.0'. Write a whole number"),
    ("feature_bins", "mid,2,", "Mid one,2,", ":3: level is 'Mid one'. Write a snake_case code"),
    ("feature_bins", "mid,2,", "unknown,2,", ":3: level is 'unknown'"),
    (
        "feature_bins",
        "quantile,0.5",
        "quantile,0.9",
        ":4: spend_level: lower_bound 0.80 is not above 0.9",
    ),
    ("feature_bins", "quantile,0.80", "quantile,80", ":4: lower_bound 80 is no quantile"),
    ("feature_bins", "quantile,0.80", "value,80", "mixes value and quantile bounds"),
    ("feature_bins", "quantile,0.80", "quantil,80", "Did you mean quantile?"),
    ("feature_bins", "quantile,0.80", "quantile,", ":4: lower_bound is ''. Write a plain number"),
    ("feature_bins", "lowest,\n", "lowest,0\n", ":2: lower_bound is '0' at bound_type lowest"),
    ("feature_bins", "low,1,低", "low,9,低", ":2: spend_level: lowest is not the first level"),
    ("feature_bins", "高,High", "高,", ":4: label_en is blank"),
    (
        "attribute_levels",
        "size,SMB,1",
        "siz,SMB,1",
        ":2: attribute 'siz' is unknown. Did you mean size?",
    ),
    ("attribute_levels", "size,SMB,1", "months,SMB,1", ":2: months has no levels"),
    (
        "attribute_levels",
        "size,KA,2",
        "size,SMB,2",
        ":3: attribute 'size', level 'SMB' stands in line 2",
    ),
    (
        "attribute_levels",
        "size,KA,2",
        "size,KA,1",
        ":3: attribute 'size', level_order '1' stands in line 2",
    ),
    ("attribute_levels", "size,KA,2", "size,KA,0", ":3: level_order is '0'"),
    (
        "attribute_levels",
        "size,KA,2",
        "size,ＵＮＫＮＯＷＮ,2",
        ":3: size: 'ＵＮＫＮＯＷＮ' means missing",
    ),
    (
        "category_flags",
        "is_fashion",
        "is_fasion",
        ":2: flag 'is_fasion' is unknown. Did you mean is_fashion?",
    ),
    ("category_flags", "is_fashion", "category", ":2: category has the role nominal"),
    (
        "category_flags",
        "category",
        "kategory",
        ":2: attribute 'kategory' is unknown. Did you mean category?",
    ),
    ("category_flags", "category", "spend", ":2: spend is not a category"),
    (
        "category_flags",
        "服装\n",
        "服 装\n",
        ":2: category has no level '服 装'. Did you mean 服装?",
    ),
    (
        "category_flags",
        "服装\n",
        "服装\nis_fashion,category,服装\n",
        ":3: flag 'is_fashion', attribute 'category', level '服装' stands in line 2",
    ),
    ("category_flags", "服装\n", "\n", ":2: level is blank"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), FAULTS)
def test_a_fault_is_named_with_its_place(
    seeds: Path, name: str, old: str, new: str, message: str
) -> None:
    edit(seeds, name, old, new)
    with pytest.raises(InputError) as error:
        check_seeds(seeds)
    assert message in str(error.value)


def test_a_flag_is_raised_by_levels_or_by_a_derivation_but_not_both(seeds: Path) -> None:
    edit(seeds, "data_dictionary", "true,zero,,,,,", "true,zero,,,,,spend > 5")
    with pytest.raises(InputError, match=r"category_flags.csv:2: is_fashion has a derivation too"):
        check_seeds(seeds)


def test_derivations_see_what_staging_has(seeds: Path) -> None:
    """There flags are 0 and 1, the id is customer_id, and what is derived is cast."""
    edit(seeds, "data_dictionary", "number,profile_only", "integer,profile_only")
    edit(seeds, "data_dictionary", "balance / nullif", "is_fashion * balance / nullif")
    check_seeds(seeds)
    edit(seeds, "data_dictionary", "customer_id,cust_no", "cust,cust_no")
    edit(seeds, "data_dictionary", "is_fashion * balance", "length(customer_id) * balance")
    check_seeds(seeds)
    edit(seeds, "data_dictionary", "length(customer_id)", "length(cust)")
    with pytest.raises(InputError, match='Referenced column "cust" not found'):
        check_seeds(seeds)


def test_a_flag_may_be_derived(seeds: Path) -> None:
    edit(seeds, "category_flags", "is_fashion,category,服装\n", "")
    edit(seeds, "data_dictionary", "true,zero,,,,,", "true,zero,,,,,spend > 5")
    check_seeds(seeds)


def test_the_seeds_of_the_project_are_valid_and_every_attribute_is_defined() -> None:
    check_seeds(REPOSITORY / "seeds")
    undefined = [
        item.attribute
        for item in load_dictionary(REPOSITORY / "seeds" / "data_dictionary.csv")
        if not (item.definition_zh and item.definition_en)
    ]
    assert undefined == []


def test_ordinal_attributes_need_levels(seeds: Path) -> None:
    path = seeds / "attribute_levels.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("size,", "category,"), "utf-8")
    with pytest.raises(
        InputError, match=r"data_dictionary.csv:7: size: an ordinal attribute needs"
    ):
        check_seeds(seeds)


def test_all_faults_come_at_once_by_file_and_line(seeds: Path) -> None:
    edit(seeds, "category_flags", "is_fashion", "is_fasion")
    edit(seeds, "data_dictionary", "true,none", "yes,none")
    edit(seeds, "data_dictionary", "\nspend_level,", "\nspend level,")
    (seeds / "attribute_levels.csv").unlink()
    with pytest.raises(InputError) as error:
        check_seeds(seeds)
    places = [
        line.split(": ")[0].removeprefix(f"{seeds}/") for line in str(error.value).splitlines()
    ]
    assert places == [
        "attribute_levels.csv",
        "category_flags.csv:2",
        "data_dictionary.csv:2",
        "data_dictionary.csv:7",
        "data_dictionary.csv:10",
        "data_dictionary.csv:10",
        "feature_bins.csv:2",
    ]


def test_every_kind_of_fault_is_in_one_message(seeds: Path) -> None:
    edit(seeds, "data_dictionary", "text,nominal", "text,nominale")
    edit(seeds, "data_dictionary", "balance,,余额", "balance,cust_no,余额")
    edit(seeds, "data_dictionary", "balance / nullif(spend, 0)", "runway")
    edit(seeds, "data_dictionary", ",none,,,,,spend\n", ",none,,,,,\n")
    edit(seeds, "feature_bins", "quantile,0.80", "quantile,0.4")
    edit(seeds, "category_flags", "服装", "服饰")
    edit(seeds, "playbook_triggers", "is_fashion,1,,,0.05,1.5", "is_fashion,1,,,,")
    edit(seeds, "segment_traits", "months,,0.4", "month,,0.4")
    with pytest.raises(InputError) as error:
        check_seeds(seeds)
    found = str(error.value).replace(f"{seeds}/", "").splitlines()
    for line, message in zip(
        found,
        (
            "category_flags.csv:2: category has no level '服饰'. Add it to attribute_levels",
            "data_dictionary.csv:4: balance: the header 'cust_no' means customer_id already",
            "data_dictionary.csv:6: runway: the derivation uses an attribute that is derived",
            "data_dictionary.csv:8: category: role 'nominale' is not known. Did you mean nominal?",
            "data_dictionary.csv:10: spend_level: which attribute is cut?",
            "feature_bins.csv:4: spend_level: lower_bound 0.4 is not above 0.5",
            "playbook_triggers.csv:4: is_fashion has no bound, so nothing is asked of it.",
            "segment_traits.csv:4: attribute 'month' is unknown. Did you mean months?",
        ),
        strict=True,
    ):
        assert line.startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("k_values,1,setting", "k_values,one,setting", ":2: parameter_order is 'one'"),
        ("k_values,1,setting", "k_values,1,setings", ":2: kind 'setings' is not known. Did you"),
        ("k_values,1", "k_values,2", ":3: parameter_order '2' stands in line 2 already"),
        ("duckdb,2", "k_values,2", ":3: parameter 'k_values' stands in line 2 already"),
        (",K tried", ",", ":2: label_en is blank"),
        (
            "k_values",
            "k_value",
            ":2: parameter 'k_value' is no setting of the project. Did you mean",
        ),
        ("k_values", "colour", ":2: parameter 'colour' is no setting of the project. Remove"),
        ("k_values", "colour", ":1: the setting k_values has no row"),
        ("k_values,1,setting", "k_values,1,version", ":1: the setting k_values has no row"),
    ],
)
def test_labels_of_parameters_are_checked(seeds: Path, old: str, new: str, message: str) -> None:
    others = [name for name in SETTINGS if name != "k_values"]
    (seeds / "build_parameters.csv").write_text(
        "parameter,parameter_order,kind,label_zh,label_en\n"
        "k_values,1,setting,群数,K tried\nduckdb,2,version,DuckDB,DuckDB\n"
        + "".join(f"{name},{order},setting,甲,A\n" for order, name in enumerate(others, start=3)),
        encoding="utf-8",
    )
    check_seeds(seeds)
    edit(seeds, "build_parameters", old, new)
    with pytest.raises(InputError, match=re.escape(f"build_parameters.csv{message}")):
        check_seeds(seeds)


def test_the_settings_are_those_of_the_macro() -> None:
    assert list(SETTINGS) == macro("macros/setting_names.sql")()


def test_a_seed_that_is_not_utf8_is_named_with_the_line(seeds: Path) -> None:
    path = seeds / "attribute_levels.csv"
    path.write_bytes(SEEDS["attribute_levels.csv"].encode("gb18030"))
    with pytest.raises(InputError, match=r"attribute_levels.csv:2: the file is not UTF-8"):
        check_seeds(seeds)


def test_an_empty_dictionary_is_a_fault_too(seeds: Path) -> None:
    path = seeds / "data_dictionary.csv"
    path.write_text(SEEDS["data_dictionary.csv"].splitlines()[0] + "\n", "utf-8")
    with pytest.raises(InputError, match="no attribute"):
        check_seeds(seeds)
