"""Rules of decision trees on feature set B: a leaf is a predicate that SQL runs and people read.

Leaves side by side that stand for the same segment are one: the tree decides the same, and the rule
is shorter. They stay apart where one of them is precise enough for a golden rule and both are not.

A path may split an attribute several times. What it asks of an attribute is merged into a single
condition, that the level is one of some, or none of some:

- an attribute without order: ``= level`` says all; else all levels that the path leaves out;
- an ordered one lies between two ranks: one of the levels there. Without a lower end the condition
  is that it is none of the levels above, so that a level that the tree has never seen, which has
  rank -1, goes the way in SQL that it goes in the tree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from segmentation.explanation import tree

_Text = tuple[str, str]  # Chinese, English

IN, NOT_IN = "in", "not_in"
UNKNOWN = "unknown"
MOST_LEVELS_NAMED = 2
"""A condition on an ordered attribute with more known levels than this is told by its ends."""

CONDITION_TYPE = pa.struct(
    [
        ("condition", pa.int32()),
        ("attribute", pa.string()),
        ("operator", pa.string()),
        ("levels", pa.list_(pa.string())),
        ("condition_sql", pa.string()),
        ("condition_zh", pa.string()),
        ("condition_en", pa.string()),
    ]
)
LEAF_SCHEMA = pa.schema(
    [
        ("segmentation_id", pa.string()),
        ("leaf", pa.int32()),
        ("tree", pa.string()),
        ("cluster", pa.int32()),
        ("predicate_sql", pa.string()),
        ("precision", pa.float64()),
        ("conditions", pa.list_(CONDITION_TYPE)),
        ("customer_ids", pa.list_(pa.string())),
    ]
)
_ANY_CUSTOMER = dict(
    zip(CONDITION_TYPE.names, (0, None, None, [], "true", "任何客户", "any customer"), strict=True)
)


class Condition(NamedTuple):
    """What a rule asks of one attribute: its level is one (`in`), or none (`not_in`), of some."""

    attribute: str
    operator: str
    levels: tuple[str, ...]


def fit_trees(
    customers: pd.DataFrame,
    labels: pd.DataFrame,
    levels: pd.DataFrame,
    attributes: pd.DataFrame,
    trees: pd.DataFrame,
    *,
    max_depth: int = 3,
    min_precision: float = 0.7,
    seed: int = 0,
) -> pa.Table:
    """Fit the trees of every segmentation and write down their leaves as rules.

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
    trees : DataFrame
        segmentation_id, cluster, tree, is_used: which tree explains a segment. Where it is the one
        that tells this segment from all others, it is fitted too.
    max_depth : int
        Depth of the trees.
    min_precision : float
        Share of the customers of a golden rule that are in its segment, at least.
    seed : int
        Breaks ties between splits that are equally good.

    Returns
    -------
    Table
        `LEAF_SCHEMA`: one row per segmentation and leaf. Leaves are numbered from 1, from the left
        of the tree to its right: first those of the tree of all segments, then those of trees of
        one segment that stand for that segment, by cluster. `customer_ids` are those whom
        scikit-learn's tree puts into the leaf, `precision` the share of them in the cluster.
        A tree that does not split has one leaf with condition 0, which asks nothing.
    """
    ordered = tree.ordered_attributes(attributes)
    features = tree.design(customers.drop(columns="customer_id"), levels, ordered)
    X = features.to_numpy(np.float32)
    names = [name.partition("=") for name in features.columns]
    splits = [(name, level if sign else None) for name, sign, level in names]
    writer = _Writer(customers, levels, attributes, ordered)
    alone = trees[trees["is_used"] & (trees["tree"] == tree.ONE_SEGMENT)]

    def leaves_of(clusters: NDArray[np.integer]) -> list[_Leaf]:
        if not X.shape[1]:
            sizes = np.bincount(clusters)
            everyone = np.arange(len(clusters))
            return [_Leaf([], int(sizes.argmax()), float(sizes.max() / sizes.sum()), everyone)]
        fitted = tree.classifier(max_depth, seed).fit(X, clusters)
        return _leaves(fitted, splits, X, clusters, min_precision)

    def one(named: tuple[str, pd.DataFrame]) -> list[tuple[object, ...]]:
        name, of_one = named
        clusters = of_one["cluster"].to_numpy()
        found = [(tree.ALL_SEGMENTS, leaf) for leaf in leaves_of(clusters)]
        for cluster in sorted(alone.loc[alone["segmentation_id"] == name, "cluster"]):
            found += [
                (tree.ONE_SEGMENT, leaf._replace(cluster=cluster))
                for leaf in leaves_of((clusters == cluster).astype(int))
                if leaf.cluster
            ]
        return [
            (name, number, kind, *writer.write(leaf), leaf.rows)
            for number, (kind, leaf) in enumerate(found, start=1)
        ]

    with ThreadPoolExecutor() as pool:
        found = pool.map(one, labels.groupby("segmentation_id", sort=True))
        *cells, rows = zip(*(row for rows in found for row in rows), strict=True)
    ids = pa.array(customers["customer_id"], pa.string()).take(pa.array(np.concatenate(rows)))
    offsets = pa.array(np.cumsum([0, *map(len, rows)]), pa.int32())
    columns = [
        *(pa.array(of_one, kind) for of_one, kind in zip(cells, LEAF_SCHEMA.types, strict=False)),
        pa.ListArray.from_arrays(offsets, ids),
    ]
    return pa.table(columns, schema=LEAF_SCHEMA)


class _Step(NamedTuple):
    """One split on the way to a leaf: whether the level is `level`, or the rank above `rank`."""

    attribute: str
    level: str | None
    rank: float
    is_right: bool


class _Leaf(NamedTuple):
    """The way to a leaf, the cluster that it stands for, and the customers in it by position."""

    steps: list[_Step]
    cluster: int
    precision: float
    rows: NDArray[np.integer]


def _leaves(
    fitted: DecisionTreeClassifier,
    splits: Sequence[tuple[str, str | None]],
    X: NDArray[np.float32],
    clusters: NDArray[np.integer],
    min_precision: float,
) -> list[_Leaf]:
    """Follow a tree to its leaves, from left to right, and join those that say the same."""
    nodes = fitted.tree_
    node_of = fitted.apply(X)

    def leaf(steps: list[_Step], cluster: int, rows: NDArray[np.integer]) -> _Leaf:
        return _Leaf(steps, cluster, float((clusters[rows] == cluster).mean()), rows)

    def walk(node: int, steps: list[_Step]) -> list[_Leaf]:
        left, right = nodes.children_left[node], nodes.children_right[node]
        if left == right:
            cluster = int(fitted.classes_[nodes.value[node][0].argmax()])
            return [leaf(steps, cluster, np.flatnonzero(node_of == node))]
        attribute, level = splits[nodes.feature[node]]
        rank = float(nodes.threshold[node])
        below = walk(left, [*steps, _Step(attribute, level, rank, False)])
        above = walk(right, [*steps, _Step(attribute, level, rank, True)])
        found = below + above
        if len(below) == len(above) == 1 and below[0].cluster == above[0].cluster:
            rows = np.sort(np.concatenate([below[0].rows, above[0].rows]))
            both = leaf(steps, below[0].cluster, rows)
            is_precise = [one.precision >= min_precision for one in (both, *found)]
            if is_precise[0] or not any(is_precise):
                return [both]
        return found

    return walk(0, [])


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
        self._flags = set(attributes.loc[attributes["role"] == "flag", "attribute"])
        self._ranks: dict[str, list[tuple[int, str]]] = {
            str(attribute): sorted(
                zip(of_one["level_order"].astype(int), of_one["level"], strict=True)
            )
            for attribute, of_one in levels.groupby("attribute")
            if attribute in ordered
        }

    def write(self, leaf: _Leaf) -> tuple[object, ...]:
        """Give the cells of a leaf from `cluster` to `conditions`."""
        conditions = self.merge(leaf.steps)
        cells = [
            (n, *condition[:2], list(condition.levels), _in_sql(condition), *self.tell(condition))
            for n, condition in enumerate(conditions, start=1)
        ]
        rows = [dict(zip(CONDITION_TYPE.names, row, strict=True)) for row in cells]
        predicate = " and ".join(map(_in_sql, conditions)) or "true"
        return leaf.cluster, predicate, leaf.precision, rows or [_ANY_CUSTOMER]

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

    def tell(self, condition: Condition) -> _Text:
        """Say a condition in Chinese and English, of the levels that occur, by their labels."""
        attribute = condition.attribute
        occurring, named = self._occurring[attribute], set(condition.levels)
        fulfilling = occurring & named if condition.operator == IN else occurring - named
        others = occurring - fulfilling
        if others == {UNKNOWN}:
            words = "已知", " is known"
        elif attribute in self._flags:
            return self._tell_flag(attribute, fulfilling)
        elif attribute in self._ranks:
            words = self._tell_ordered(attribute, fulfilling, others)
        elif len(fulfilling) == 1:
            words = self._tell_is(attribute, fulfilling)
        else:
            words = self._tell_is_not(attribute, others)
        (name_zh, name_en), (zh, en) = self._names[attribute], words
        return name_zh + zh, name_en + en

    def _tell_is(self, attribute: str, levels: Collection[str]) -> _Text:
        zh, en = self._listed(attribute, levels)
        return f"为 {zh}", f" is {en}"

    def _tell_is_not(self, attribute: str, levels: Collection[str]) -> _Text:
        zh, en = self._listed(attribute, levels)
        return f"不是 {zh}", f" is not {en}"

    def _tell_ordered(
        self, attribute: str, fulfilling: Collection[str], others: Collection[str]
    ) -> _Text:
        known = [
            level
            for _, level in self._ranks[attribute]
            if level != UNKNOWN and (level in fulfilling or level in others)
        ]
        in_order = [level for level in known if level in fulfilling]
        apart = set(fulfilling) - set(known)
        if in_order and apart and len(others) == 1:
            return self._tell_is_not(attribute, others)
        if len(in_order) <= MOST_LEVELS_NAMED:
            return self._tell_is(attribute, fulfilling)
        first_zh, first_en = self._label(attribute, in_order[0])
        last_zh, last_en = self._label(attribute, in_order[-1])
        if in_order[-1] == known[-1]:
            words = f"至少为 {first_zh}", f" is at least {first_en}"
        elif in_order[0] == known[0]:
            words = f"不超过 {last_zh}", f" is at most {last_en}"
        else:
            words = f"为 {first_zh}至{last_zh}", f" is from {first_en} to {last_en}"
        if not apart:
            return words
        zh, en = self._listed(attribute, apart)
        return f"{words[0]}（或{zh}）", f"{words[1]} (or {en})"

    def _tell_flag(self, attribute: str, levels: Collection[str]) -> _Text:
        name_zh, name_en = self._names[attribute]
        told = {
            "1": (f"带“{name_zh}”标签", f'tagged "{name_en}"'),
            "0": (f"不带“{name_zh}”标签", f'not tagged "{name_en}"'),
            UNKNOWN: (f"“{name_zh}”标签未知", f'"{name_en}" is unknown'),
        }
        texts = [told[level] for level in told if level in levels]
        return "或".join(zh for zh, _ in texts), " or ".join(en for _, en in texts)

    def _listed(self, attribute: str, levels: Collection[str]) -> _Text:
        """Name levels in their order, undeclared ones and then unknown last."""
        ranked = [level for _, level in self._ranks.get(attribute, [])]
        rank = {level: (0, position) for position, level in enumerate(ranked)}
        in_order = sorted(
            levels, key=lambda level: (level == UNKNOWN, rank.get(level, (1, 0)), level)
        )
        *first, last = [self._label(attribute, level) for level in in_order]
        if not first:
            return last
        zh, en = "、".join(zh for zh, _ in first), ", ".join(en for _, en in first)
        return f"{zh}或{last[0]}", f"{en} or {last[1]}"

    def _label(self, attribute: str, level: str) -> _Text:
        """Give the label of a level; one that is not declared is called itself, in one line."""
        itself = " ".join(level.split())
        return self._labels.get((attribute, level), (itself, itself))


def _in_sql(condition: Condition) -> str:
    """Write a condition as a predicate over feature set B."""
    quoted = ["'" + level.replace("'", "''") + "'" for level in condition.levels]
    if len(quoted) == 1:
        return f"{condition.attribute} {'=' if condition.operator == IN else '<>'} {quoted[0]}"
    word = "in" if condition.operator == IN else "not in"
    return f"{condition.attribute} {word} ({', '.join(quoted)})"
