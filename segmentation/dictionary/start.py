"""Propose seeds for a customer file that the dictionary does not know yet, for a person to edit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from segmentation.dictionary.attributes import TAKEN_NAMES, normalise_header, reserved_words
from segmentation.dictionary.words import (
    BIN_COLUMNS,
    DICTIONARY_COLUMNS,
    FLAG_COLUMNS,
    INDICATOR_COLUMNS,
    LEVEL_COLUMNS,
    MISSING_TOKENS,
    NAME_COLUMNS,
    NUMERIC_TYPES,
    PLAYBOOK_COLUMNS,
    REVIEW_COLUMNS,
    TRAIT_COLUMNS,
    TRIGGER_COLUMNS,
    VALUE_ATTRIBUTE,
)
from segmentation.errors import InputError
from segmentation.ingest.customer_file import FileColumn, open_customers, read_customers

EXAMINED_ROWS = 100_000
"""At most so many rows are looked at, the first of the file."""
MOST_NOMINAL_LEVELS = 20
"""A text with more levels is proposed as high_cardinality."""
MOST_LEVELS = 200
"""A text with more levels is proposed to be excluded."""
MOST_TOKENS = 5
"""A column of numbers and at most so many words is proposed as numbers, the words as missing."""
SKEWED = 1.0
"""Numbers whose skewness is beyond this are proposed on a log scale."""

_COLUMNS = {
    "data_dictionary.csv": DICTIONARY_COLUMNS,
    "attribute_levels.csv": LEVEL_COLUMNS,
    "feature_bins.csv": BIN_COLUMNS,
    "category_flags.csv": FLAG_COLUMNS,
    "segment_traits.csv": TRAIT_COLUMNS,
    "segment_names.csv": NAME_COLUMNS,
    "theme_indicators.csv": INDICATOR_COLUMNS,
    "playbooks.csv": PLAYBOOK_COLUMNS,
    "playbook_triggers.csv": TRIGGER_COLUMNS,
    "business_review.csv": REVIEW_COLUMNS,
}
_FLAG_WORDS = ("0", "1", "true", "false", "yes", "no", "y", "n", "是", "否")
_ID_HEADER = re.compile(r"(^|[_ -])(id|no|nr|code|key|number)$|编号|编码|客户号|ID$", re.IGNORECASE)
_SENTINEL = re.compile(r"-(1|9+)(\.0+)?")
_TIERS = (
    ("1.2", "", "顶级价值", "Top-value"),
    ("0.4", "1.2", "高价值", "High-value"),
    ("-0.4", "0.4", "中等价值", "Mid-value"),
    ("-1.2", "-0.4", "低价值", "Low-value"),
    ("", "-1.2", "微价值", "Minimal-value"),
)
_PLAYBOOKS = (
    # what PLAYBOOK_COLUMNS hold but for the kpi, one a tier
    (
        "personal_care",
        "专人服务",
        "Personal care",
        "留住贡献最大的客户。",
        "Keep the customers who bring the most.",
        "为每个客户指定一位负责人，每季度当面回顾合作与需求。",
        "Name one person to look after each customer, and review needs face to face every quarter.",
        "1",
    ),
    (
        "grow_further",
        "继续做大",
        "Grow further",
        "让高价值客户再上一个台阶。",
        "Take high-value customers one step further.",
        "主动联系客户，了解其在别处的需求，并给出一个加量优惠。",
        "Call the customer, learn what is bought elsewhere, and make one offer for more.",
        "2",
    ),
    (
        "develop",
        "稳步培养",
        "Develop",
        "从中等价值客户中培养出高价值客户。",
        "Raise high-value customers from the middle.",
        "每半年推荐一项客户还没有用过的产品或服务，并跟踪是否采用。",
        "Recommend one product or service not used yet every half year, and see who takes it up.",
        "2",
    ),
    (
        "self_service",
        "自助服务",
        "Self-service",
        "以低成本服务低价值客户。",
        "Serve low-value customers at low cost.",
        "引导客户使用自助渠道，价值上升者再转给专人。",
        "Guide customers to self-service, and hand over to a person whoever gains in value.",
        "3",
    ),
    (
        "automated_care",
        "自动维护",
        "Automated care",
        "不占用人力，只保持联系。",
        "Keep in touch without any staff time.",
        "每季度自动发送一次消息，附一个重新开始的理由。",
        "Send one automatic message a quarter with a reason to start again.",
        "3",
    ),
)
_POLICY_OF_ROLE = {
    "performance": "median",
    "nominal": "unknown_level",
    "high_cardinality": "unknown_level",
    "flag": "zero",
}

Row = dict[str, str]


@dataclass(frozen=True)
class Proposal:
    """Seeds for a file, and what a person should look at.

    Attributes
    ----------
    seeds : dict of str to list of Row
        The rows of each seed by its file name.
    notes : list of str
        Choices that may be wrong, a line each.
    """

    seeds: dict[str, list[Row]]
    notes: list[str]


@dataclass(frozen=True)
class _Summary:
    """What the values of one column look like.

    `words` are the distinct values that are no numbers, up to one more than `MOST_TOKENS`;
    `negatives` the distinct ones below zero, up to two.
    """

    rows: int
    known: int
    distinct: int
    numbers: int
    whole: int
    dates: int
    flags: int
    minimum: float
    minimum_from_zero: float | None
    skewness: float
    words: list[str]
    negatives: list[str]

    @property
    def is_numeric(self) -> bool:
        """Whether nearly all values are numbers, or most and the others a few words."""
        few_words = len(self.words) <= MOST_TOKENS and self.numbers >= 0.5 * self.known
        return self.known > 0 and (self.numbers >= 0.95 * self.known or few_words)


def propose_seeds(location: str) -> Proposal:
    """Look at every column of a customer file and propose its row in the dictionary.

    Parameters
    ----------
    location : str
        As for `segmentation.ingest.customer_file.open_customers`; a table is not looked for.

    Returns
    -------
    Proposal
        The seeds pass `segmentation.dictionary.attributes.check_seeds`, but for a missing id.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    rows: list[Row] = []
    levels: list[Row] = []
    notes: list[str] = []
    with duckdb.connect() as connection:
        customers = open_customers(location, [], connection)
        reader = read_customers(customers, connection)
        connection.register("reader", reader)
        connection.execute(
            f"create table customers as from reader where _read_error is null limit {EXAMINED_ROWS}"
        )
        names = _attribute_names(customers.columns, connection)
        summaries = [_summarise(column, connection) for column in customers.columns]
        id_position = _find_id(customers.columns, summaries)
        for column, name, summary in zip(customers.columns, names, summaries, strict=True):
            row = _propose(column, name, summary, column.position == id_position, notes)
            rows.append(row)
            if row["role"] == "nominal":
                levels += _propose_levels(column, name, connection)
    if id_position is None:
        notes.insert(
            0,
            "No column names the customer: none is different in every row. Add an id to the file, "
            "and a row with the role id.",
        )
    notes.append(
        "data_dictionary.csv: no theme is proposed, and persona cards tell only of attributes that "
        "have one, the value attribute first."
    )
    playbooks, triggers = _propose_playbooks(rows, notes)
    if any(row["role"] == "performance" for row in rows):
        notes.append(
            "theme_indicators.csv: empty, because no header says whether more is better. Give "
            "numbers a theme and a direction in data_dictionary.csv, and list them by theme."
        )
    return Proposal(
        seeds=dict(
            zip(
                _COLUMNS,
                (rows, levels, [], [], _propose_traits(), [], [], playbooks, triggers, []),
                strict=True,
            )
        ),
        notes=notes,
    )


def write_seeds(proposal: Proposal, folder: Path) -> None:
    """Write proposed seeds into a folder that holds none yet.

    Raises
    ------
    InputError
        The folder holds one of the files; nothing is written.
    """
    for name in proposal.seeds:
        if (folder / name).exists():
            raise InputError(
                f"{folder / name} exists. Give another folder with --output: what was edited "
                "there is never overwritten."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in proposal.seeds.items():
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, _COLUMNS[name], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (folder / name).write_text(text.getvalue(), encoding="utf-8", newline="")


def _attribute_names(
    columns: Sequence[FileColumn], connection: duckdb.DuckDBPyConnection
) -> list[str]:
    """Make a name for each column that is snake_case, no word of SQL and no other column's."""
    refused = {*reserved_words(connection), *TAKEN_NAMES}
    names: list[str] = []
    for column in columns:
        words = re.findall(r"[a-z0-9]+", normalise_header(re.sub(r"[\s\W]", "_", column.header)))
        stem = "_".join(words)
        if not re.match(r"[a-z]", stem):
            stem = f"column_{column.position}"
        if stem in refused:
            stem += "_value"
        name, number = stem, 1
        while name in names:
            number += 1
            name = f"{stem}_{number}"
        names.append(name)
    return names


def _clean(column: FileColumn) -> str:
    """Write the SQL of a column's text, null where it means missing."""
    text = f'trim("{column.column_name}")'
    tokens = ", ".join("'" + token.lower().replace("'", "''") + "'" for token in MISSING_TOKENS)
    return f"case when lower({text}) not in ({tokens}) then {text} end"


def _summarise(column: FileColumn, connection: duckdb.DuckDBPyConnection) -> _Summary:
    """Summarise the values of one column."""
    flags = ", ".join(f"'{word}'" for word in _FLAG_WORDS)
    (found,) = connection.execute(
        f"""
        with texts as (select {_clean(column)} as text from customers),
        parsed as (
            select
                text,
                try_cast(regexp_replace(text, '[,$¥￥€£元% ]', '', 'g') as double)
                / if(suffix(text, '%'), 100, 1) as value
            from texts
        ),
        numbers as (select text, case when isfinite(value) then value end as number from parsed)
        select
            count(*),
            count(text),
            count(distinct text),
            count(number),
            count(*) filter (where number = floor(number)),
            count(try_cast(text as date)),
            count(*) filter (where lower(text) in ({flags})),
            coalesce(min(number), 0),
            min(number) filter (where number >= 0),
            case when min(number) < max(number) then skewness(number) else 0 end,
            coalesce(list(distinct text) filter (where text is not null and number is null), [])
            [:{MOST_TOKENS + 1}],
            coalesce(list(distinct text) filter (where number < 0), [])[:2]
        from numbers
        """
    ).fetchall()
    return _Summary(*found)


def _find_id(columns: Sequence[FileColumn], summaries: Sequence[_Summary]) -> int | None:
    """Find a column that differs in every row and is the first, or whose header says id."""
    candidates = [
        column
        for column, summary in zip(columns, summaries, strict=True)
        if summary.distinct == summary.known == summary.rows and summary.whole == summary.numbers
    ]
    for column in candidates:
        if _ID_HEADER.search(column.header) or column.position == 1:
            return column.position
    return None


def _propose(
    column: FileColumn, name: str, summary: _Summary, is_id: bool, notes: list[str]
) -> Row:
    """Propose the dictionary's row of one column."""
    label = " ".join(re.sub(r"[_\s]+", " ", column.header).split()) or name
    row = dict.fromkeys(DICTIONARY_COLUMNS, "")
    row |= {
        "attribute": name,
        "aliases": column.header.replace("|", " ").strip(),
        "label_zh": label[:1].upper() + label[1:],
        "label_en": label[:1].upper() + label[1:],
        "transform": "none",
        "direction": "neutral",
        "is_required": str(is_id).lower(),
    }
    row["data_type"], row["role"] = ("text", "id") if is_id else _type_and_role(summary)
    row["missing_policy"] = _POLICY_OF_ROLE.get(row["role"], "none")
    if row["role"] == "flag":
        row["unit"] = "flag"
    if row["data_type"] in NUMERIC_TYPES:
        tokens = sorted(summary.words) if len(summary.words) <= MOST_TOKENS else []
        minimum = summary.minimum
        if len(summary.negatives) == 1 and _SENTINEL.fullmatch(summary.negatives[0]):
            tokens = [*tokens, *summary.negatives]
            minimum = summary.minimum_from_zero or 0
        if tokens:
            row["missing_tokens"] = "|".join(tokens)
            notes.append(
                f"{name}: {', '.join(tokens)} is proposed as missing, because no other value is "
                "like it. Clear missing_tokens where it is a value."
            )
        if abs(summary.skewness) > SKEWED and minimum < 0:
            row["transform"] = "signed_log1p"
        elif summary.skewness > SKEWED:
            row |= {"transform": "log1p", "valid_min": "0", "out_of_range_policy": "set_null"}
    if name.endswith("_value") and normalise_header(column.header) == name.removesuffix("_value"):
        notes.append(
            f"{name}: renamed, because {column.header} is a word that SQL or the models use."
        )
    if row["role"] == "excluded" and row["data_type"] == "text":
        notes.append(f"{name}: {_why_excluded(summary)}, so it is excluded.")
    return row


def _type_and_role(summary: _Summary) -> tuple[str, str]:
    """Guess what a column is that is not the id."""
    if summary.known == 0:
        return "text", "excluded"
    if summary.flags == summary.known and summary.distinct <= 2:
        return "flag", "flag"
    if summary.is_numeric:
        return "integer" if summary.whole == summary.numbers else "number", "performance"
    if summary.dates >= 0.95 * summary.known:
        return "date", "excluded"
    if summary.distinct <= MOST_NOMINAL_LEVELS:
        return "text", "nominal"
    if summary.distinct <= min(MOST_LEVELS, 0.1 * summary.known):
        return "text", "high_cardinality"
    return "text", "excluded"


def _why_excluded(summary: _Summary) -> str:
    """Say why a text is proposed to stay out."""
    if summary.known == 0:
        return "every value is missing"
    return f"{summary.distinct:,} different texts are no levels"


def _propose_levels(
    column: FileColumn, name: str, connection: duckdb.DuckDBPyConnection
) -> list[Row]:
    """Propose the levels of a nominal attribute, the most frequent first."""
    found = connection.execute(
        f"select {_clean(column)} as text, count(*) as customers from customers "
        "where text is not null group by all order by customers desc, text"
    ).fetchall()
    return [
        dict(zip(LEVEL_COLUMNS, (name, level, str(order), level, level), strict=True))
        for order, (level, _) in enumerate(found, start=1)
    ]


def _propose_traits() -> list[Row]:
    """Propose phrases for the tiers of the value attribute and for those who carry the business."""
    of_value = dict.fromkeys(TRAIT_COLUMNS, "") | {"attribute": VALUE_ATTRIBUTE}
    tiers = [
        of_value
        | {
            "slot": "tier",
            "min_effect": low,
            "max_effect": high,
            "phrase_zh": phrase_zh,
            "phrase_en": phrase_en,
        }
        for low, high, phrase_zh, phrase_en in _TIERS
    ]
    core = {
        "slot": "core",
        "min_share": "0.5",
        "min_lift": "2",
        "phrase_zh": "核心群",
        "phrase_en": "core",
    }
    return [*tiers, of_value | core]


def _propose_playbooks(rows: list[Row], notes: list[str]) -> tuple[list[Row], list[Row]]:
    """Propose a playbook for each tier of the value attribute, and its trigger.

    They are measured by the first number, for want of knowing which one is the value attribute.
    """
    numbers = [row["attribute"] for row in rows if row["data_type"] in NUMERIC_TYPES]
    if not numbers:
        notes.append(
            "No column is a number: there is no value attribute, and so no playbook is proposed."
        )
        return [], []
    notes.append(
        f"playbooks.csv: {numbers[0]}, the first number, is proposed as the kpi. Name the value "
        "attribute."
    )
    playbooks = [
        dict(zip(PLAYBOOK_COLUMNS, (*texts, numbers[0], priority), strict=True))
        for *texts, priority in _PLAYBOOKS
    ]
    triggers = [
        dict.fromkeys(TRIGGER_COLUMNS, "")
        | {
            "playbook": playbook,
            "attribute": VALUE_ATTRIBUTE,
            "min_effect": low,
            "max_effect": high,
        }
        for (playbook, *_), (low, high, *_) in zip(_PLAYBOOKS, _TIERS, strict=True)
    ]
    return playbooks, triggers
