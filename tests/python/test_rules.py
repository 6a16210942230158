"""Rules of trees against scikit-learn, and their predicates in DuckDB, whatever the levels."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from segmentation.explanation import rules, tree

SPENDS = ["none", "low", "mid", "high", "very_high", "top"]
LEVELS = pd.DataFrame(
    [
        *(
            ("spend", level, order, f"{order}档", level.replace("_", " ").capitalize())
            for order, level in enumerate(SPENDS, start=1)
        ),
        ("spend", "unknown", 9999, "未知", "Unknown"),
        ("size", "SMB", 1, "小", "Small"),
        ("size", "KA", 2, "大", "Key"),
        ("size", "unknown", 9999, "未知", "Unknown"),
        ("media", "FB", 1, "脸书", "Facebook"),
        ("media", "GG", 2, "谷歌", "Google"),
        ("media", "unknown", 9999, "未知", "Unknown"),
        ("is_vip", "0", 0, "否", "No"),
        ("is_vip", "1", 1, "是", "Yes"),
        ("is_vip", "unknown", 9999, "未知", "Unknown"),
    ],
    columns=["attribute", "level", "level_order", "label_zh", "label_en"],
)
ATTRIBUTES = pd.DataFrame(
    [
        ("customer_id", "id", "编号", "Customer"),
        ("spend", "binned", "消费", "Spend"),
        ("size", "ordinal", "规模", "Size"),
        ("media", "nominal", "媒体", "Media"),
        ("city", "high_cardinality", "城市", "City"),
        ("is_vip", "flag", "贵宾", "VIP"),
    ],
    columns=["attribute", "role", "label_zh", "label_en"],
)
ORDERED = ["spend", "size"]
RANKS = {
    attribute: dict(zip(of_one["level"], of_one["level_order"], strict=True))
    for attribute, of_one in LEVELS.groupby("attribute")
}
DUCKDB = duckdb.connect(config={"threads": 1})
HOSTILE = [
    "O'Brien; drop table x; --",
    "'",
    "''",
    "\\'",
    "a=b",
    "=",
    "",
    "two\nlines",
    "-- comment",
    "/* comment",
    "🛍️",
    "100%",
    "%s",
    "{}",
    "{{ 1 }}",
    "{{ 1 / 0 }}",
    "back\\slash\\",
    "Food",
    "Food ",
    "{% if %}",
    "$1",
    "?",
    "x" * 300,
    "数" * 300,
    "unknown",
    "Unknown",
    "null",
    '"quoted"',
]


def customers_of(**columns: list[str]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"customer_id": [f"c{i:05}" for i in range(n)], **columns})


def labels_of(clusters: np.ndarray | list[int], name: str = "m_k2") -> pd.DataFrame:
    return pd.DataFrame({"segmentation_id": name, "cluster": np.asarray(clusters)})


def fit(
    customers: pd.DataFrame,
    labels: pd.DataFrame,
    alone: dict[str, list[int]] | None = None,
    **set_to: float,
) -> pa.Table:
    """Fit trees; `alone` are the segments, by segmentation, that a tree of their own explains."""
    rows = [
        (name, cluster, kind, is_used)
        for name, clusters in (alone or {}).items()
        for cluster in clusters
        for kind, is_used in (("all_segments", False), ("one_segment", True))
    ]
    # Trees that are measured and not used change nothing.
    rows += [("m_k2", 0, "one_segment", False), ("m_k2", 1, "all_segments", True)]
    trees = pd.DataFrame(rows, columns=["segmentation_id", "cluster", "tree", "is_used"])
    return rules.fit_trees(customers, labels, LEVELS, ATTRIBUTES, trees, **set_to)


def rows_of(fitted: pa.Table) -> pd.DataFrame:
    """One row a condition."""
    return pd.DataFrame(
        [
            {**{name: row[name] for name in row if name != "conditions"}, **condition}
            for row in fitted.to_pylist()
            for condition in row["conditions"]
        ]
    )


def told(fitted: pa.Table) -> list[list[tuple[str, str]]]:
    """The conditions of every leaf in Chinese and English."""
    return [
        list(zip(of_leaf["condition_zh"], of_leaf["condition_en"], strict=True))
        for _, of_leaf in rows_of(fitted).groupby(["segmentation_id", "leaf"])
    ]


def flat(told: list[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [words for of_leaf in told for words in of_leaf]


def leaves_of(
    fitted: pa.Table, customers: pd.DataFrame, name: str = "m_k2", kind: str = "all_segments"
) -> np.ndarray:
    """The leaf that scikit-learn's tree puts each customer into; 0 for none of those written."""
    leaves = pd.Series(0, index=customers["customer_id"])
    for row in fitted.to_pylist():
        if (row["segmentation_id"], row["tree"]) == (name, kind):
            assert row["customer_ids"] == sorted(row["customer_ids"])
            assert (leaves[row["customer_ids"]] == 0).all()
            leaves[row["customer_ids"]] = row["leaf"]
    return leaves.to_numpy()


def plain_features(customers: pd.DataFrame, fitted_on: pd.DataFrame) -> np.ndarray:
    """What the tree splits on, written down once more, and for customers it was not fitted on."""
    columns = []
    for attribute in fitted_on.columns.drop("customer_id"):
        found = sorted(set(fitted_on[attribute]))
        if attribute in ORDERED:
            ranks = [[RANKS[attribute].get(level, -1) for level in table[attribute]]
                     for table in (customers, fitted_on)]  # fmt: skip
            if len(set(ranks[1])) > 1:
                columns.append(ranks[0])
        elif len(found) > 1:
            columns += [[int(value == level) for value in customers[attribute]] for level in found]
    return np.array(columns, dtype=np.float32).reshape(len(columns), len(customers)).T


def plain_tree(
    customers: pd.DataFrame, clusters: np.ndarray, max_depth: int, seed: int
) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(
        max_depth=max_depth,
        min_impurity_decrease=1e-9,
        class_weight="balanced",
        random_state=seed,
    ).fit(plain_features(customers, customers), clusters)


def leaf_numbers(
    plain: DecisionTreeClassifier,
    features: np.ndarray,
    fitted_on: np.ndarray,
    clusters: np.ndarray,
    min_precision: float = 0.7,
) -> np.ndarray:
    """Leaves from 1, left to right, once those that say the same are one.

    scikit-learn numbers nodes from the left to the right. Precisions are counted anew.
    """
    below = {node: {node} for node in np.flatnonzero(plain.tree_.children_left == -1)}
    reached = plain.apply(fitted_on)
    says = dict(zip(reached, plain.predict(fitted_on), strict=True))

    def precision(node: int) -> float:
        return float((clusters[np.isin(reached, list(below[node]))] == says[node]).mean())

    children = list(zip(plain.tree_.children_left, plain.tree_.children_right, strict=True))
    for node in reversed(range(len(children))):  # children have higher numbers than parents
        pair = children[node]
        if not all(child in below for child in pair) or says[pair[0]] != says[pair[1]]:
            continue
        highest = max(map(precision, pair))
        below[node], says[node] = below[pair[0]] | below[pair[1]], says[pair[0]]
        if precision(node) >= min_precision or highest < min_precision:
            del below[pair[0]], below[pair[1]]
        else:
            del below[node]
    number = {leaf: n for n, node in enumerate(sorted(below), start=1) for leaf in below[node]}
    return np.array([number[node] for node in plain.apply(features)])


def in_sql(predicates: list[str], customers: pd.DataFrame) -> np.ndarray:
    """Which customers (rows) fulfil which predicates (columns), says DuckDB."""
    conditions = ", ".join(f"({predicate})::int" for predicate in predicates)
    DUCKDB.register("customers", customers)
    found = DUCKDB.execute(f"select {conditions} from customers order by customer_id")
    return np.array(found.fetchall())


def leaves_in_sql(fitted: pa.Table, customers: pd.DataFrame) -> np.ndarray:
    """The leaf of each customer; everyone must be in one leaf and no one in two."""
    leaves = rows_of(fitted).drop_duplicates("leaf").sort_values("leaf")
    leaves = leaves[leaves["tree"] == "all_segments"]
    is_in = in_sql(leaves["predicate_sql"].to_list(), customers)
    assert (is_in.sum(axis=1) == 1).all()
    return leaves["leaf"].to_numpy()[is_in.argmax(axis=1)]


def people(n: int = 600, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers in four segments of unequal size that levels tell apart, not always."""
    rng = np.random.default_rng(seed)
    cluster = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    spend = np.clip(cluster + rng.choice([-1, 0, 1], n, p=[0.1, 0.8, 0.1]), 0, 5)
    media = np.where(rng.random(n) < 0.7, cluster % 3, rng.integers(3, size=n))
    customers = customers_of(
        spend=list(np.array(SPENDS)[spend]),
        media=list(np.array(["FB", "GG", "TT"])[media]),
        is_vip=list(np.where(rng.random(n) < 0.2 + 0.15 * cluster, "1", "0")),
        city=list(rng.choice(list("abcde"), n)),
    )
    return customers, cluster


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(HOSTILE) | st.text(max_size=8)


@st.composite
def cases(draw):
    """Customers to fit on, their clusters, and others with levels that the tree has not seen."""
    n, others = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    pools = {
        "spend": [*SPENDS, "unknown", *draw(st.lists(texts(), max_size=2))],
        "size": ["SMB", "KA", "unknown", *draw(st.lists(texts(), max_size=2))],
        "media": draw(st.lists(texts(), min_size=1, max_size=5)),
        "city": draw(st.lists(texts(), min_size=1, max_size=5)),
        "is_vip": ["0", "1", "unknown"],
    }
    names = draw(st.lists(st.sampled_from(sorted(pools)), min_size=1, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def some(size: int, unseen: bool) -> pd.DataFrame:
        table = {}
        for name in names:
            pool = np.array([*pools[name], *(["new", "it's new"] * unseen)], dtype=object)
            table[name] = list(rng.choice(pool, size))
        return customers_of(**table)

    clusters = rng.integers(draw(st.integers(1, 4)), size=n)
    return some(n, False), clusters, some(others, True), draw(st.integers(1, 5))


PHRASES_ZH = {
    "known": "已知",
    "not": "不是",
    "least": "至少为",
    "most": "不超过",
    "range": "至",
    "yes": "带“贵宾”",
    "no": "不带“贵宾”",
    "unknown": "”标签未知",
}
PHRASES_EN = {
    "known": " is known",
    "not": " is not ",
    "least": " is at least ",
    "most": " is at most ",
    "range": " is from ",
    "yes": "tagged",
    "no": "not tagged",
    "unknown": '" is unknown',
}


def said(words: str, scale: dict[str, str], attribute: str, phrases: dict[str, str]) -> set[str]:
    """Which levels the words of a condition name; `scale` gives levels in order by their codes."""
    levels = list(scale.values())
    if words.endswith(phrases["known"]):
        return set(levels) - {"unknown"}
    if attribute == "is_vip":
        found = {"unknown"} if phrases["unknown"] in words else set()
        found |= {"0"} if phrases["no"] in words else set()
        return found | ({"1"} if words.startswith(phrases["yes"]) else set())
    before, _, apart = words.replace("（", "(").partition("(")
    named, added = ([scale[code] for code in re.findall(r"<\d+>", part) if code in scale]
                    for part in (before, apart))  # fmt: skip
    known = sorted(set(levels) - {"unknown"}, key=lambda level: RANKS[attribute][level]) if (
        attribute in ORDERED) else []  # fmt: skip
    if phrases["not"] in words:
        return set(levels) - set(named)
    if phrases["least"] in words:
        return {*known[known.index(named[0]) :], *added}
    if phrases["most"] in words:
        return {*known[: known.index(named[0]) + 1], *added}
    if re.search(rf"{phrases['range']}<|>{phrases['range']}", words):
        return {*known[known.index(named[0]) : known.index(named[1]) + 1], *added}
    return {*named, *added}


class TestAgainstScikitLearn:
    @pytest.mark.parametrize("max_depth", [1, 3, 6])
    @pytest.mark.parametrize("seed", [0, 5])
    @pytest.mark.parametrize("min_precision", [0.5, 0.7, 0.9])
    def test_leaves_clusters_and_precisions(self, max_depth, seed, min_precision):
        customers, clusters = people(seed=seed)
        plain = plain_tree(customers, clusters, max_depth, seed)
        features = plain_features(customers, customers)
        fitted = fit(
            customers,
            labels_of(clusters),
            max_depth=max_depth,
            min_precision=min_precision,
            seed=seed,
        )
        assert fitted.schema == rules.LEAF_SCHEMA
        assert set(fitted["segmentation_id"].to_pylist()) == {"m_k2"}
        assert set(fitted["tree"].to_pylist()) == {"all_segments"}
        leaves = leaves_of(fitted, customers)
        expected = leaf_numbers(plain, features, features, clusters, min_precision)
        assert (leaves == expected).all()
        rows = fitted.to_pandas().set_index("leaf")
        assert (rows["cluster"].loc[leaves].to_numpy() == plain.predict(features)).all()
        counted = pd.Series(clusters == plain.predict(features)).groupby(leaves).mean()
        assert rows["precision"].tolist() == counted.tolist()

    def test_precision_is_that_of_the_node(self):
        customers, clusters = people()
        plain = plain_tree(customers, clusters, 1, 0)
        fitted = fit(customers, labels_of(clusters), max_depth=1).to_pylist()
        # A node holds, of every class, the share of its customers times the weight of the class.
        shares = plain.tree_.value[1:, 0, :] * np.bincount(clusters)
        shares /= shares.sum(axis=1, keepdims=True)
        for row, of_leaf in zip(fitted, shares, strict=True):
            assert row["precision"] == pytest.approx(of_leaf[row["cluster"]], rel=1e-12)

    @settings(max_examples=150, deadline=None)
    @given(cases())
    def test_sql_puts_everyone_where_the_tree_does(self, case):
        customers, clusters, others, max_depth = case
        fitted = fit(customers, labels_of(clusters), max_depth=max_depth, seed=1)
        found = leaves_in_sql(fitted, customers)
        assert (found == leaves_of(fitted, customers)).all()
        features = plain_features(customers, customers)
        if features.shape[1] == 0:
            assert set(leaves_in_sql(fitted, others)) == {1}
            return
        plain = plain_tree(customers, clusters, max_depth, 1)
        assert (found == leaf_numbers(plain, features, features, clusters)).all()
        expected = leaf_numbers(plain, plain_features(others, customers), features, clusters)
        assert (leaves_in_sql(fitted, others) == expected).all()

    @settings(max_examples=60, deadline=None)
    @given(cases())
    def test_a_predicate_is_its_conditions_one_an_attribute(self, case):
        customers, clusters, others, max_depth = case
        fitted = rows_of(fit(customers, labels_of(clusters), max_depth=max_depth))
        everyone = pd.concat([customers, others.assign(customer_id="x" + others["customer_id"])])
        for _, of_leaf in fitted.groupby("leaf"):
            split = of_leaf[of_leaf["condition"] > 0]
            assert split["attribute"].is_unique
            if split.empty:
                assert len(fitted) == 1
                continue
            assert of_leaf["condition"].tolist() == list(range(1, len(of_leaf) + 1))
            assert set(of_leaf["operator"]) <= {"in", "not_in"}
            whole, *parts = in_sql(
                [of_leaf["predicate_sql"].iloc[0], *of_leaf["condition_sql"]], everyone
            ).T
            assert (whole == np.min(parts, axis=0)).all()
            for part, attribute, operator, levels in zip(
                parts, split["attribute"], split["operator"], split["levels"], strict=True
            ):
                is_in = everyone.sort_values("customer_id")[attribute].isin(list(levels))
                assert (part == (is_in == (operator == "in")).to_numpy()).all()


class TestTreesOfOneSegment:
    @settings(max_examples=80, deadline=None)
    @given(cases())
    def test_sql_says_in_the_segment_where_the_tree_does(self, case):
        customers, clusters, others, max_depth = case
        features = plain_features(customers, customers)
        cluster = int(clusters[0])
        fitted = fit(customers, labels_of(clusters), {"m_k2": [cluster]}, max_depth=max_depth)
        own = fitted.filter(pc.equal(fitted["tree"], "one_segment")).to_pylist()
        assert {row["cluster"] for row in own} <= {cluster}
        is_in = clusters == cluster
        if features.shape[1] and not is_in.all():
            plain = plain_tree(customers, is_in, max_depth, 0)
            expected = [plain.predict(plain_features(table, customers)) for table in
                        (customers, others)]  # fmt: skip
        else:
            says = is_in.sum() * 2 > len(is_in)
            expected = [np.full(len(table), says) for table in (customers, others)]
        for table, says in zip((customers, others), expected, strict=True):
            found = in_sql([row["predicate_sql"] for row in own] or ["false"], table)
            assert (found.sum(axis=1) == says).all()
        fulfilling = in_sql([row["predicate_sql"] for row in own] or ["false"], customers)
        for row, in_rule in zip(own, fulfilling.T, strict=False):
            assert row["customer_ids"] == customers["customer_id"][in_rule == 1].tolist()
            assert row["precision"] == pytest.approx(is_in[in_rule == 1].mean())

    def test_stand_after_the_tree_of_all_by_cluster(self):
        customers, clusters = people()
        labels = [labels_of(clusters, "m_k4"), labels_of(np.minimum(clusters, 2), "m_k3")]
        whole = fit(customers, pd.concat(labels)).to_pandas()
        fitted = fit(customers, pd.concat(labels), {"m_k4": [3, 1]}).to_pandas()
        assert (fitted.loc[fitted["segmentation_id"] == "m_k3", "tree"] == "all_segments").all()
        of_four = fitted[fitted["segmentation_id"] == "m_k4"].reset_index(drop=True)
        assert of_four["leaf"].tolist() == list(range(1, len(of_four) + 1))
        first = (whole["segmentation_id"] == "m_k4").sum()
        assert (of_four["tree"][:first] == "all_segments").all()
        assert (of_four["tree"][first:] == "one_segment").all()
        own = of_four["cluster"][first:].tolist()
        assert own == sorted(own)
        assert set(own) == {1, 3}
        expected = whole[whole["segmentation_id"] == "m_k4"].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_four[:first], expected)

    def test_by_hand(self):
        # Segment 1 has 6 of the 8 with FB and 2 of the 12 with GG; 6 / 8 and 2 / 12 weighed alike.
        customers = customers_of(media=["FB"] * 8 + ["GG"] * 12)
        clusters = [1] * 6 + [0] * 2 + [1] * 2 + [2] * 10
        fitted = fit(customers, labels_of(clusters), {"m_k2": [1]}, max_depth=1)
        (own,) = fitted.filter(pc.equal(fitted["tree"], "one_segment")).to_pylist()
        assert own["precision"] == 6 / 8
        assert own["customer_ids"] == customers["customer_id"][:8].tolist()
        assert (own["cluster"], own["leaf"]) == (1, len(fitted))
        assert [condition["condition_zh"] for condition in own["conditions"]] == ["媒体为 脸书"]


class TestNeighbouringLeaves:
    """Spend tells the segment; media tells purer from less pure parts of it."""

    @staticmethod
    def fitted(n_pure: int, n_other: int, min_precision: float) -> list[tuple[str, float]]:
        # Of 40 customers with high spend those with FB are all in segment 1, of the others some.
        spend = ["high"] * 40 + ["low"] * 40
        media = ["FB"] * n_pure + ["GG"] * (40 - n_pure) + ["FB", "GG"] * 20
        clusters = [1] * (40 - n_other) + [0] * n_other + [0] * 40
        table = fit(
            customers_of(spend=spend, media=media),
            labels_of(clusters),
            max_depth=2,
            min_precision=min_precision,
        )
        rows = [row for row in table.to_pylist() if row["cluster"] == 1]
        return [(row["predicate_sql"], round(row["precision"], 3)) for row in rows]

    def test_are_one_when_both_together_are_precise(self):
        assert self.fitted(20, 6, 0.7) == [
            ("spend in ('high', 'very_high', 'top', 'unknown')", 0.85)
        ]

    def test_are_one_when_neither_is_precise(self):
        assert self.fitted(20, 6, 1.1) == self.fitted(20, 6, 0.7)

    def test_stay_apart_when_only_one_of_them_is(self):
        (_, precise), (_, other) = sorted(self.fitted(20, 6, 0.9), key=lambda rule: -rule[1])
        assert (precise, other) == (1, 0.7)


class TestMerging:
    def test_ordered_splits_become_an_interval(self):
        # The middle of the scale is a segment: two splits on the same attribute.
        customers = customers_of(spend=SPENDS * 10)
        fitted = rows_of(fit(customers, labels_of([0, 0, 1, 1, 0, 0] * 10)))
        assert fitted["operator"].tolist() == ["not_in", "in", "in"]
        assert [list(levels) for levels in fitted["levels"]] == [
            ["mid", "high", "very_high", "top", "unknown"],
            ["mid", "high"],
            ["very_high", "top", "unknown"],
        ]
        assert fitted["condition_sql"].tolist() == [
            "spend not in ('mid', 'high', 'very_high', 'top', 'unknown')",
            "spend in ('mid', 'high')",
            "spend in ('very_high', 'top', 'unknown')",
        ]
        assert (fitted["predicate_sql"] == fitted["condition_sql"]).all()
        assert fitted["cluster"].tolist() == [0, 1, 0]

    def test_a_level_halfway_between_two_goes_with_the_lower(self):
        # From low (2) to high (4) the tree splits at 3, and 3 is not above it.
        customers = customers_of(spend=["none", "low", "high"] * 10)
        fitted = fit(customers, labels_of([0, 1, 0] * 10))
        assert rows_of(fitted)["levels"][1] == ["low", "mid"]
        assert leaves_in_sql(fitted, customers_of(spend=["mid", "very_high"])).tolist() == [2, 3]

    def test_a_level_beats_those_that_it_is_not(self):
        customers = customers_of(city=list("aabbccdd") * 10)
        fitted = rows_of(fit(customers, labels_of([0, 0, 1, 1, 2, 2, 3, 3] * 10)))
        found = list(
            zip(
                fitted["operator"],
                map(list, fitted["levels"]),
                fitted["condition_sql"],
                strict=True,
            )
        )
        is_not, *is_one = found
        assert is_not[0] == "not_in"
        assert len(is_not[1]) == 3
        assert is_not[1] == sorted(is_not[1])
        listed = ", ".join(f"'{level}'" for level in is_not[1])
        assert is_not[2] == f"city not in ({listed})"
        assert sorted(level for _, (level,), _ in is_one) == is_not[1]
        assert all(sql == f"city = '{level}'" for _, (level,), sql in is_one)

    def test_conditions_stand_in_the_order_of_the_tree(self):
        customers, clusters = people()
        plain = plain_tree(customers, clusters, 3, 0)
        names = list(tree.design(customers.drop(columns="customer_id"), LEVELS, ORDERED))
        root = names[plain.tree_.feature[0]].partition("=")[0]
        fitted = rows_of(fit(customers, labels_of(clusters)))
        assert set(fitted.loc[fitted["condition"] == 1, "attribute"]) == {root}
        assert fitted["condition"].max() > 1

    def test_a_quote_in_a_level_stays_in_the_text(self):
        customers = customers_of(city=["it's", "x' or true --"] * 5)
        fitted = fit(customers, labels_of([0, 1] * 5))
        (level,) = {level for levels in rows_of(fitted)["levels"] for level in levels}
        quoted = {"it's": "'it''s'", "x' or true --": "'x'' or true --'"}[level]
        assert rows_of(fitted)["predicate_sql"].tolist() == [
            f"city <> {quoted}",
            f"city = {quoted}",
        ]
        assert (leaves_in_sql(fitted, customers) == leaves_of(fitted, customers)).all()

    def test_a_leaf_of_one_cluster_is_not_split_further(self):
        # With balanced weights the impurity of a pure node is not 0 but a rounding error.
        customers = customers_of(spend=[*SPENDS, "unknown"] * 10)
        fitted = rows_of(fit(customers, labels_of([0, 0, 0, 0, 0, 1, 1] * 10)))
        assert fitted["cluster"].tolist() == [0, 1]


class TestWords:
    def test_labels_of_levels_and_attributes(self):
        customers = customers_of(spend=["low", "high"] * 10)
        fitted = fit(customers, labels_of([0, 1] * 10))
        assert told(fitted) == [
            [("消费为 2档", "Spend is Low")],
            [("消费为 4档", "Spend is High")],
        ]

    def test_levels_that_nobody_has_are_in_the_predicate_only(self):
        customers = customers_of(spend=["low", "high"] * 10)
        fitted = rows_of(fit(customers, labels_of([0, 1] * 10)))
        assert [list(levels) for levels in fitted["levels"]] == [
            ["high", "very_high", "top", "unknown"],
            ["high", "very_high", "top", "unknown"],
        ]

    def test_a_level_without_label_is_called_itself(self):
        customers = customers_of(media=["TT {} %s", "FB", "GG"] * 10)
        found = dict(zip([0, 1], told(fit(customers, labels_of([1, 0, 0] * 10))), strict=True))
        assert found == {
            0: [("媒体不是 TT {} %s", "Media is not TT {} %s")],
            1: [("媒体为 TT {} %s", "Media is TT {} %s")],
        }

    def test_a_flag_is_a_tag(self):
        # Which of the two columns of a flag a tree splits on is chance: both ways read the same.
        customers = customers_of(is_vip=["0", "1"] * 10)
        seen = set()
        for seed in range(10):
            fitted = fit(customers, labels_of([0, 1] * 10), seed=seed)
            seen.add(tuple(rows_of(fitted)["condition_sql"]))
            by_cluster = dict(zip(rows_of(fitted)["cluster"], told(fitted), strict=True))
            assert by_cluster == {
                0: [("不带“贵宾”标签", 'not tagged "VIP"')],
                1: [("带“贵宾”标签", 'tagged "VIP"')],
            }
        assert len(seen) == 2

    def test_a_flag_may_be_unknown(self):
        customers = customers_of(is_vip=["0", "1", "unknown"] * 10)
        found = told(fit(customers, labels_of([0, 0, 1] * 10)))
        assert found == [
            [("贵宾已知", "VIP is known")],
            [("“贵宾”标签未知", '"VIP" is unknown')],
        ]
        found = told(fit(customers, labels_of([0, 1, 0] * 10)))
        assert sorted(found) == [
            [("不带“贵宾”标签或“贵宾”标签未知", 'not tagged "VIP" or "VIP" is unknown')],
            [("带“贵宾”标签", 'tagged "VIP"')],
        ]

    def test_levels_without_order(self):
        customers = customers_of(media=["FB", "GG", "TT", "unknown"] * 10)
        found = told(fit(customers, labels_of([0, 1, 2, 2] * 10), max_depth=2))
        assert ("媒体不是 脸书或谷歌", "Media is not Facebook or Google") in flat(found)
        found = told(fit(customers, labels_of([0, 0, 0, 1] * 10)))
        assert found == [[("媒体已知", "Media is known")], [("媒体为 未知", "Media is Unknown")]]

    @pytest.mark.parametrize(
        ("clusters", "expected"),
        [
            (
                [0, 0, 0, 0, 1, 1],
                [
                    ("消费不超过 4档", "Spend is at most High"),
                    ("消费为 5档或6档", "Spend is Very high or Top"),
                ],
            ),
            (
                [0, 1, 1, 1, 1, 1],
                [("消费为 1档", "Spend is None"), ("消费至少为 2档", "Spend is at least Low")],
            ),
            (
                [0, 1, 1, 1, 2, 2],
                [
                    ("消费为 1档", "Spend is None"),
                    ("消费为 2档至4档", "Spend is from Low to High"),
                    ("消费为 5档或6档", "Spend is Very high or Top"),
                ],
            ),
        ],
    )
    def test_many_levels_with_an_order_are_told_by_their_ends(self, clusters, expected):
        customers = customers_of(spend=SPENDS * 10)
        assert flat(told(fit(customers, labels_of(clusters * 10)))) == expected

    @pytest.mark.parametrize(
        ("clusters", "expected"),
        [
            (
                [0, 0, 0, 0, 0, 1, 1],
                [
                    ("消费不超过 5档", "Spend is at most Very high"),
                    ("消费为 6档或未知", "Spend is Top or Unknown"),
                ],
            ),
            (
                [0, 1, 1, 1, 1, 1, 1],
                [("消费为 1档", "Spend is None"), ("消费不是 1档", "Spend is not None")],
            ),
            (
                [0, 0, 1, 1, 1, 1, 1],
                [
                    ("消费为 1档或2档", "Spend is None or Low"),
                    ("消费至少为 3档（或未知）", "Spend is at least Mid (or Unknown)"),
                ],
            ),
            (
                [0, 0, 0, 0, 1, 1, 1],
                [
                    ("消费不超过 4档", "Spend is at most High"),
                    ("消费为 5档、6档或未知", "Spend is Very high, Top or Unknown"),
                ],
            ),
            (
                [0, 0, 0, 0, 0, 0, 1],
                [("消费已知", "Spend is known"), ("消费为 未知", "Spend is Unknown")],
            ),
        ],
    )
    def test_unknown_stands_apart_from_an_order(self, clusters, expected):
        customers = customers_of(spend=[*SPENDS, "unknown"] * 10)
        assert flat(told(fit(customers, labels_of(clusters * 10)))) == expected

    def test_undeclared_levels_of_an_ordered_attribute_are_named(self):
        customers = customers_of(size=["XL", "SMB", "KA", "unknown"] * 10)
        apart = fit(customers, labels_of([1, 0, 0, 0] * 10))
        assert flat(told(apart)) == [
            ("规模为 XL", "Size is XL"),
            ("规模不是 XL", "Size is not XL"),
        ]
        assert rows_of(apart)["condition_sql"].tolist() == [
            "size not in ('SMB', 'KA', 'unknown')",
            "size in ('SMB', 'KA', 'unknown')",
        ]
        with_the_lowest = told(fit(customers, labels_of([0, 0, 1, 1] * 10)))
        assert flat(with_the_lowest) == [
            ("规模为 小或XL", "Size is Small or XL"),
            ("规模为 大或未知", "Size is Key or Unknown"),
        ]
        customers = customers_of(spend=["XL", *SPENDS] * 10)
        with_many = told(fit(customers, labels_of([0, 0, 0, 0, 1, 1, 1] * 10)))
        assert with_many[0] == [("消费不超过 3档（或XL）", "Spend is at most Mid (or XL)")]

    def test_a_line_break_in_a_level_is_a_blank_in_words(self):
        customers = customers_of(media=["two\nlines ", "one"] * 10)
        fitted = fit(customers, labels_of([0, 1] * 10))
        by_cluster = dict(zip(rows_of(fitted)["cluster"], told(fitted), strict=True))
        assert by_cluster[0] == [("媒体为 two lines", "Media is two lines")]
        assert (leaves_in_sql(fitted, customers) == leaves_of(fitted, customers)).all()

    @settings(max_examples=150, deadline=None)
    @given(cases())
    def test_words_say_what_the_condition_asks(self, case):
        # With labels that are numbered, the levels are read back from the words.
        customers, clusters, _, max_depth = case
        names = customers.columns.drop("customer_id")
        pairs = [
            (name, level, RANKS.get(name, {}).get(level, 1))
            for name in names
            for level in sorted({*customers[name], *RANKS.get(name, {})})
            if name not in ORDERED or level in RANKS[name]
        ]
        levels = pd.DataFrame(pairs, columns=["attribute", "level", "level_order"])
        codes = [f"<{i}>" for i in range(len(levels))]
        fitted = rules.fit_trees(
            customers,
            labels_of(clusters),
            levels.assign(label_zh=codes, label_en=codes),
            ATTRIBUTES,
            pd.DataFrame({"segmentation_id": [], "cluster": [], "tree": [], "is_used": []}),
            max_depth=max_depth,
        )
        for row in rows_of(fitted).to_dict("records"):
            if not row["condition"]:
                assert (row["condition_zh"], row["condition_en"]) == ("任何客户", "any customer")
                continue
            occurring = set(customers[row["attribute"]])
            of_attribute = levels[levels["attribute"] == row["attribute"]]
            scale = {
                code: level
                for code, level in zip(
                    (codes[i] for i in of_attribute.index), of_attribute["level"], strict=True
                )
                if level in occurring
            }
            asked = {
                level
                for level in scale.values()
                if (level in row["levels"]) == (row["operator"] == "in")
            }
            assert said(row["condition_zh"], scale, row["attribute"], PHRASES_ZH) == asked
            assert said(row["condition_en"], scale, row["attribute"], PHRASES_EN) == asked


class TestTreesThatDoNotSplit:
    @pytest.mark.parametrize("kind", ["one level", "no attributes", "one cluster"])
    def test_one_leaf_for_any_customer(self, kind):
        customers, clusters = people(60)
        if kind == "one level":
            customers = customers[["customer_id"]].assign(spend="low", media="FB")
        elif kind == "no attributes":
            customers = customers[["customer_id"]]
        else:
            clusters = np.full(60, 3)
        fitted = fit(customers, labels_of(clusters))
        largest = int(np.bincount(clusters).argmax())
        assert fitted.to_pylist() == [
            {
                "segmentation_id": "m_k2",
                "leaf": 1,
                "tree": "all_segments",
                "cluster": largest,
                "predicate_sql": "true",
                "precision": (clusters == largest).mean(),
                "conditions": [
                    {
                        "condition": 0,
                        "attribute": None,
                        "operator": None,
                        "levels": [],
                        "condition_sql": "true",
                        "condition_zh": "任何客户",
                        "condition_en": "any customer",
                    }
                ],
                "customer_ids": customers["customer_id"].tolist(),
            }
        ]

    def test_schema_is_the_same_without_any_condition(self):
        customers, clusters = people(60)
        plain = fit(customers, labels_of(clusters))
        single = fit(customers[["customer_id"]], labels_of(clusters))
        assert plain.schema == single.schema == rules.LEAF_SCHEMA


class TestWhatChangesNothing:
    @pytest.mark.parametrize("workers", [1, 2, 7])
    def test_threads(self, workers, monkeypatch):
        customers, clusters = people()
        labels = pd.concat([labels_of(clusters % k, f"m_k{k}") for k in (2, 3, 4)])
        alone = {"m_k3": [0], "m_k4": [1, 2]}
        first = fit(customers, labels, alone)
        monkeypatch.setattr(
            rules, "ThreadPoolExecutor", partial(ThreadPoolExecutor, max_workers=workers)
        )
        assert first.equals(fit(customers, labels, alone))

    def test_every_segmentation_is_fitted_as_if_alone(self):
        customers, clusters = people()
        both = [labels_of(np.minimum(clusters, 1), "z_k2"), labels_of(clusters, "a_k4")]
        together = fit(customers, pd.concat(both))
        alone = [fit(customers, of_one) for of_one in reversed(both)]
        assert together.equals(pa.concat_tables(alone))

    @pytest.mark.parametrize("seed", range(4))
    def test_order_of_customers_levels_and_attributes(self, seed):
        customers, clusters = people(seed=seed)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(customers))
        trees = pd.DataFrame(
            {
                "segmentation_id": "m_k2",
                "cluster": [0, 1, 2],
                "tree": "one_segment",
                "is_used": [True, False, True],
            }
        )
        fitted = rules.fit_trees(customers, labels_of(clusters), LEVELS, ATTRIBUTES, trees)
        again = rules.fit_trees(
            customers.iloc[order],
            labels_of(clusters[order]),
            *(table.sample(frac=1, random_state=seed) for table in (LEVELS, ATTRIBUTES, trees)),
        )
        expected, found = fitted.to_pylist(), again.to_pylist()
        for row in found:
            row["customer_ids"] = sorted(row["customer_ids"])
        assert found == expected

    @pytest.mark.parametrize("seed", range(4))
    def test_numbering_of_segments_but_for_the_numbers(self, seed):
        customers, clusters = people(seed=seed)
        numbers = np.random.default_rng(seed).permutation(4)
        fitted = fit(customers, labels_of(clusters))
        again = fit(customers, labels_of(numbers[clusters]))
        expected = fitted.to_pandas()
        expected["cluster"] = numbers[expected["cluster"]].astype(np.int32)
        pd.testing.assert_frame_equal(again.to_pandas(), expected)
