"""Rules of a decision tree on feature set B: a leaf is a predicate that SQL runs and people read.

A path may split an attribute several times. What it asks of an attribute is merged into a single
condition, that the level is one of some, or none of some:

- an attribute without order: ``= level`` says all; else all levels that the path leaves out;
- an ordered one lies between two ranks: one of the levels there. Without a lower end the condition
  is that it is none of the levels above, so that a level that the tree has never seen, which has
  rank -1, goes the way in SQL that it goes in the tree.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.tree import DecisionTreeClassifier

from segmentation.explanation import tree

_Text = tuple[str, str]  # Chinese, English

IN, NOT_IN = "in", "not_in"
MOST_LEVELS_NAMED = 4
"""A condition on an ordered attribute with more levels than this reads "from … to …"."""

RULE_SCHEMA = pa.schema(
    [
        ("segmentation_id", pa.string()),
        ("leaf", pa.int32()),
        ("cluster", pa.int32()),
        ("predicate_sql", pa.string()),
        ("condition", pa.int32()),
        ("attribute", pa.string()),
        ("operator", pa.string()),
        ("levels", pa.list_(pa.string())),
        ("condition_sql", pa.string()),
        ("condition_zh", pa.string()),
        ("condition_en", pa.string()),
    ]
)


class Condition(NamedTuple):
    """What a rule asks of one attribute: its level is one (`in`), or none (`not_in`), of some."""

    attribute: str
    operator: str
    levels: tuple[str, ...]


class Trees(NamedTuple):
    """Trees of several segmentations.

    Attributes
    ----------
    rules : one row per segmentation, leaf and condition, as `RULE_SCHEMA` says. `predicate_sql` is
        of the leaf, the others of the condition. A tree that does not split has one leaf with
        condition 0, which asks nothing.
    leaves : one row per customer and segmentation: customer_id, segmentation_id, leaf
    """

    rules: pa.Table
    leaves: pd.DataFrame


def fit_trees(
    customers: pd.DataFrame,
    labels: pd.DataFrame,
    levels: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    max_depth: int = 3,
    seed: int = 0,
) -> Trees:
    """Fit a tree for every segmentation and write down its leaves as rules.

    Parameters
    ----------
    customers : DataFrame of shape (n_customers, 1 + n_attributes)
        customer_id and feature set B: levels as text, none missing.
    labels : DataFrame
        segmentation_id, cluster; the customers of every segmentation in the order of `customers`.
    levels : DataFrame
        attribute, level, level_order, label_zh, label_en.
    attributes : DataFrame
        attribute, role, label_zh, label_en.
    max_depth : int
        Depth of the trees.
    seed : int
        Breaks ties between splits that are equally good.

    Returns
    -------
    Trees
        Leaves are numbered from 1, from the left of the tree to its right.
    """
    ordered = tree.ordered_attributes(attributes)
    features = tree.design(customers.drop(columns="customer_id"), levels, ordered)
    X = features.to_numpy(np.float32)
    names = [name.partition("=") for name in features.columns]
    splits = [(name, level if sign else None) for name, sign, level in names]
    writer = _Writer(customers, levels, attributes, ordered)

    def one(named: tuple[str, pd.DataFrame]) -> tuple[list[tuple[object, ...]], pd.DataFrame]:
        name, of_one = named
        clusters = of_one["cluster"].to_numpy()
        if X.shape[1]:
            fitted = tree.classifier(max_depth, seed).fit(X, clusters)
            paths, node_of = _paths(fitted, splits), fitted.apply(X)
        else:
            most = int(np.bincount(clusters).argmax())
            paths, node_of = {0: ([], most)}, np.zeros(len(clusters), dtype=int)
        rows: list[tuple[object, ...]] = []
        number = {}
        for leaf, (node, (steps, cluster)) in enumerate(paths.items(), start=1):
            number[node] = leaf
            conditions = writer.merge(steps)
            predicate = " and ".join(map(_in_sql, conditions)) or "true"
            of_leaf = (name, leaf, cluster, predicate)
            if not conditions:
                rows.append((*of_leaf, 0, None, None, [], "true", "任何客户", "any customer"))
            for position, condition in enumerate(conditions, start=1):
                rows.append((*of_leaf, position, *writer.write(condition)))
        leaves = pd.DataFrame(
            {
                "customer_id": customers["customer_id"].to_numpy(),
                "segmentation_id": name,
                "leaf": pd.Series(node_of).map(number).to_numpy(np.int32),
            }
        )
        return rows, leaves

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(one, labels.groupby("segmentation_id", sort=True)))
    rows = [dict(zip(RULE_SCHEMA.names, row, strict=True)) for rows, _ in found for row in rows]
    return Trees(
        pa.Table.from_pylist(rows, schema=RULE_SCHEMA),
        pd.concat([leaves for _, leaves in found], ignore_index=True),
    )


class _Step(NamedTuple):
    """One split on the way to a leaf: whether the level is `level`, or the rank above `rank`."""

    attribute: str
    level: str | None
    rank: float
    is_right: bool


def _paths(
    fitted: DecisionTreeClassifier, splits: list[tuple[str, str | None]]
) -> dict[int, tuple[list[_Step], int]]:
    """Follow a tree to its leaves, from left to right: the way to each, and its cluster."""
    nodes = fitted.tree_
    paths: dict[int, tuple[list[_Step], int]] = {}

    def walk(node: int, steps: list[_Step]) -> None:
        left, right = nodes.children_left[node], nodes.children_right[node]
        if left == right:
            paths[node] = steps, int(fitted.classes_[nodes.value[node][0].argmax()])
            return
        attribute, level = splits[nodes.feature[node]]
        rank = float(nodes.threshold[node])
        for child, is_right in ((left, False), (right, True)):
            walk(child, [*steps, _Step(attribute, level, rank, is_right)])

    walk(0, [])
    return paths


def _texts(labelled: pd.DataFrame) -> list[_Text]:
    return list(zip(labelled["label_zh"], labelled["label_en"], strict=True))


class _Writer:
    """Merges steps into conditions and writes conditions in SQL, Chinese and English."""

    def __init__(
        self,
        customers: pd.DataFrame,
        levels: pd.DataFrame,
        attributes: pd.DataFrame,
        ordered: Collection[str],
    ) -> None:
        self._occurring = {
            str(name): set(values) for name, values in customers.drop(columns="customer_id").items()
        }
        keys = zip(levels["attribute"], levels["level"], strict=True)
        self._labels: dict[tuple[str, str], _Text] = dict(zip(keys, _texts(levels), strict=True))
        self._names: dict[str, _Text] = dict(
            zip(attributes["attribute"], _texts(attributes), strict=True)
        )
        self._ranks: dict[str, list[tuple[int, str]]] = {
            str(attribute): sorted(
                zip(of_one["level_order"].astype(int), of_one["level"], strict=True)
            )
            for attribute, of_one in levels.groupby("attribute")
            if attribute in ordered
        }

    def merge(self, steps: list[_Step]) -> list[Condition]:
        """One condition an attribute, in the order in which the tree first asks for it."""
        by_attribute: dict[str, list[_Step]] = {}
        for step in steps:
            by_attribute.setdefault(step.attribute, []).append(step)
        return [
            self._merge_ranks(attribute, of_one)
            if of_one[0].level is None
            else self._merge_levels(attribute, of_one)
            for attribute, of_one in by_attribute.items()
        ]

    def _merge_levels(self, attribute: str, steps: list[_Step]) -> Condition:
        for step in steps:
            if step.is_right:
                return Condition(attribute, IN, (str(step.level),))
        return Condition(attribute, NOT_IN, tuple(sorted({str(step.level) for step in steps})))

    def _merge_ranks(self, attribute: str, steps: list[_Step]) -> Condition:
        above = max((step.rank for step in steps if step.is_right), default=None)
        up_to = min((step.rank for step in steps if not step.is_right), default=np.inf)
        ranks = self._ranks[attribute]
        if above is None:
            return Condition(attribute, NOT_IN, tuple(level for r, level in ranks if r > up_to))
        return Condition(attribute, IN, tuple(level for r, level in ranks if above < r <= up_to))

    def write(self, condition: Condition) -> tuple[str, str, list[str], str, str, str]:
        """Give the cells of a row from `attribute` on."""
        return (
            condition.attribute,
            condition.operator,
            list(condition.levels),
            _in_sql(condition),
            *self._in_words(condition),
        )

    def _label(self, attribute: str, level: str) -> _Text:
        return self._labels.get((attribute, level), (level, level))

    def _in_words(self, condition: Condition) -> tuple[str, str]:
        """Say a condition in Chinese and English, by its labels."""
        name_zh, name_en = self._names[condition.attribute]
        occurring = self._occurring[condition.attribute]
        ranked = [level for _, level in self._ranks.get(condition.attribute, [])]
        is_in, levels = condition.operator == IN, list(condition.levels)
        if not is_in:
            # Of an ordered attribute say what it is, not what it is not, and of one level too.
            # Levels without a rank go with the lowest.
            known = [*ranked, *sorted(occurring - set(ranked))]
            others = [level for level in known if level in occurring and level not in levels]
            if ranked or len(others) == 1:
                levels, is_in = others, True
        # A level that nobody has is in the predicate and not worth a word.
        levels = [level for level in levels if level in occurring]
        in_order = [level for level in levels if level in ranked and level != "unknown"]
        apart = [level for level in levels if level not in in_order]
        labels = [self._label(condition.attribute, level) for level in in_order]
        if len(labels) > MOST_LEVELS_NAMED:
            (first_zh, first_en), (last_zh, last_en) = labels[0], labels[-1]
            labels = [(f"{first_zh}至{last_zh}", f"from {first_en} to {last_en}")]
        labels += [self._label(condition.attribute, level) for level in apart]
        zh, en = "、".join(zh for zh, _ in labels), " or ".join(en for _, en in labels)
        if is_in:
            return f"{name_zh}为 {zh}", f"{name_en} is {en}"
        return f"{name_zh}不是 {zh}", f"{name_en} is not {en}"


def _in_sql(condition: Condition) -> str:
    """Write a condition as a predicate over feature set B."""
    quoted = ["'" + level.replace("'", "''") + "'" for level in condition.levels]
    if len(quoted) == 1:
        return f"{condition.attribute} {'=' if condition.operator == IN else '<>'} {quoted[0]}"
    word = "in" if condition.operator == IN else "not in"
    return f"{condition.attribute} {word} ({', '.join(quoted)})"
