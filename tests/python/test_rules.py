"""Rules of trees against scikit-learn, and their predicates in DuckDB, whatever the levels."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
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
    "O'Brien; drop table",
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
    "{{ 1 / 0 }}",
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


def fit(customers: pd.DataFrame, labels: pd.DataFrame, **set_to: int) -> rules.Trees:
    return rules.fit_trees(customers, labels, LEVELS, ATTRIBUTES, **set_to)


def rows_of(fitted: rules.Trees) -> pd.DataFrame:
    return fitted.rules.to_pandas()


def told(fitted: rules.Trees) -> list[list[tuple[str, str]]]:
    """The conditions of every leaf in Chinese and English."""
    return [
        list(zip(of_leaf["condition_zh"], of_leaf["condition_en"], strict=True))
        for _, of_leaf in rows_of(fitted).groupby(["segmentation_id", "leaf"])
    ]


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


def leaf_numbers(plain: DecisionTreeClassifier, features: np.ndarray) -> np.ndarray:
    """Leaves from 1, left to right: scikit-learn numbers nodes in that order."""
    leaves = np.flatnonzero(plain.tree_.children_left == -1)
    return np.searchsorted(leaves, plain.apply(features)) + 1


def in_sql(predicates: list[str], customers: pd.DataFrame) -> np.ndarray:
    """Which customers (rows) fulfil which predicates (columns), says DuckDB."""
    conditions = ", ".join(f"({predicate})::int" for predicate in predicates)
    DUCKDB.register("customers", customers)
    found = DUCKDB.execute(f"select {conditions} from customers order by customer_id")
    return np.array(found.fetchall())


def leaves_in_sql(fitted: rules.Trees, customers: pd.DataFrame) -> np.ndarray:
    """The leaf of each customer; everyone must be in one leaf and no one in two."""
    leaves = rows_of(fitted).drop_duplicates("leaf").sort_values("leaf")
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


class TestAgainstScikitLearn:
    @pytest.mark.parametrize("max_depth", [1, 3, 6])
    @pytest.mark.parametrize("seed", [0, 5])
    def test_leaves_and_clusters(self, max_depth, seed):
        customers, clusters = people(seed=seed)
        plain = plain_tree(customers, clusters, max_depth, seed)
        features = plain_features(customers, customers)
        fitted = fit(customers, labels_of(clusters), max_depth=max_depth, seed=seed)
        leaves = fitted.leaves
        assert leaves["customer_id"].tolist() == customers["customer_id"].tolist()
        assert set(leaves["segmentation_id"]) == {"m_k2"}
        assert (leaves["leaf"].to_numpy() == leaf_numbers(plain, features)).all()
        cluster_of = rows_of(fitted).groupby("leaf")["cluster"].agg(["min", "max"])
        assert (cluster_of["min"] == cluster_of["max"]).all()
        assert (leaves["leaf"].map(cluster_of["min"]).to_numpy() == plain.predict(features)).all()

    @settings(max_examples=150, deadline=None)
    @given(cases())
    def test_sql_puts_everyone_where_the_tree_does(self, case):
        customers, clusters, others, max_depth = case
        fitted = fit(customers, labels_of(clusters), max_depth=max_depth, seed=1)
        found = leaves_in_sql(fitted, customers)
        assert (found == fitted.leaves["leaf"].to_numpy()).all()
        if plain_features(customers, customers).shape[1] == 0:
            assert set(leaves_in_sql(fitted, others)) == {1}
            return
        plain = plain_tree(customers, clusters, max_depth, 1)
        assert (found == leaf_numbers(plain, plain_features(customers, customers))).all()
        expected = leaf_numbers(plain, plain_features(others, customers))
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
        assert [row["levels"] for row in fitted.rules.to_pylist()][1] == ["low", "mid"]
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
        (level,) = {level for row in fitted.rules.to_pylist() for level in row["levels"]}
        quoted = {"it's": "'it''s'", "x' or true --": "'x'' or true --'"}[level]
        assert rows_of(fitted)["predicate_sql"].tolist() == [
            f"city <> {quoted}",
            f"city = {quoted}",
        ]
        assert leaves_in_sql(fitted, customers).tolist() == fitted.leaves["leaf"].tolist()

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

    def test_one_remaining_level_is_named(self):
        # Which of the two columns of a flag a tree splits on is chance: both ways read the same.
        customers = customers_of(is_vip=["0", "1"] * 10)
        seen = set()
        for seed in range(10):
            fitted = fit(customers, labels_of([0, 1] * 10), seed=seed)
            seen.add(tuple(rows_of(fitted)["condition_sql"]))
            by_cluster = dict(zip(rows_of(fitted)["cluster"], told(fitted), strict=True))
            assert by_cluster == {0: [("贵宾为 否", "VIP is No")], 1: [("贵宾为 是", "VIP is Yes")]}
        assert len(seen) == 2

    def test_unknown_counts_as_a_level(self):
        customers = customers_of(is_vip=["0", "1", "unknown"] * 10)
        found = told(fit(customers, labels_of([0, 0, 1] * 10)))
        assert found == [
            [("贵宾不是 未知", "VIP is not Unknown")],
            [("贵宾为 未知", "VIP is Unknown")],
        ]

    def test_up_to_four_levels_are_listed(self):
        customers = customers_of(spend=[*SPENDS[:5]] * 10)
        found = told(fit(customers, labels_of([0, 0, 0, 0, 1] * 10)))
        assert found == [
            [("消费为 1档、2档、3档、4档", "Spend is None or Low or Mid or High")],
            [("消费为 5档", "Spend is Very high")],
        ]

    def test_more_levels_are_a_range_with_unknown_apart(self):
        customers = customers_of(spend=[*SPENDS, "unknown"] * 10)
        found = told(fit(customers, labels_of([0, 0, 0, 0, 0, 1, 1] * 10)))
        assert found == [
            [("消费为 1档至5档", "Spend is from None to Very high")],
            [("消费为 6档、未知", "Spend is Top or Unknown")],
        ]
        found = told(fit(customers, labels_of([1, 0, 0, 0, 0, 0, 0] * 10)))
        assert found == [
            [("消费为 1档", "Spend is None")],
            [("消费为 2档至6档、未知", "Spend is from Low to Top or Unknown")],
        ]

    def test_undeclared_levels_of_an_ordered_attribute_are_named(self):
        customers = customers_of(size=["XL", "SMB", "KA", "unknown"] * 10)
        apart = fit(customers, labels_of([1, 0, 0, 0] * 10))
        assert told(apart) == [
            [("规模为 XL", "Size is XL")],
            [("规模为 小、大、未知", "Size is Small or Key or Unknown")],
        ]
        assert rows_of(apart)["condition_sql"].tolist() == [
            "size not in ('SMB', 'KA', 'unknown')",
            "size in ('SMB', 'KA', 'unknown')",
        ]
        with_the_lowest = told(fit(customers, labels_of([0, 0, 1, 1] * 10)))
        assert with_the_lowest == [
            [("规模为 小、XL", "Size is Small or XL")],
            [("规模为 大、未知", "Size is Key or Unknown")],
        ]

    @settings(max_examples=60, deadline=None)
    @given(cases())
    def test_true_of_every_customer_of_the_leaf(self, case):
        # With labels that are numbered, a condition is read back from its words.
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
            max_depth=max_depth,
        )
        code_of = dict(
            zip(zip(levels["attribute"], levels["level"], strict=True), codes, strict=True)
        )
        of_leaves = fitted.leaves["leaf"].to_numpy()
        for row in fitted.rules.to_pylist():
            if not row["condition"]:
                assert (row["condition_zh"], row["condition_en"]) == ("任何客户", "any customer")
                continue
            words = row["condition_en"]
            values = customers.loc[of_leaves == row["leaf"], row["attribute"]]
            for level in set(values):
                code = code_of.get((row["attribute"], level))
                if " is from " in words or code is None:
                    continue
                assert (code in words) == (" is not " not in words)
                assert (code in row["condition_zh"]) == ("不是" not in row["condition_zh"])


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
        assert fitted.rules.to_pylist() == [
            {
                "segmentation_id": "m_k2",
                "leaf": 1,
                "cluster": largest,
                "predicate_sql": "true",
                "condition": 0,
                "attribute": None,
                "operator": None,
                "levels": [],
                "condition_sql": "true",
                "condition_zh": "任何客户",
                "condition_en": "any customer",
            }
        ]
        assert (fitted.leaves["leaf"] == 1).all()
        assert len(fitted.leaves) == 60

    def test_schema_is_the_same_without_any_condition(self):
        customers, clusters = people(60)
        plain = fit(customers, labels_of(clusters))
        single = fit(customers[["customer_id"]], labels_of(clusters))
        assert plain.rules.schema == single.rules.schema == rules.RULE_SCHEMA
        assert isinstance(plain.rules, pa.Table)
        assert (plain.leaves.dtypes == single.leaves.dtypes).all()
        assert plain.leaves["leaf"].dtype == np.int32


class TestWhatChangesNothing:
    @pytest.mark.parametrize("workers", [1, 2, 7])
    def test_threads(self, workers, monkeypatch):
        customers, clusters = people()
        labels = pd.concat([labels_of(clusters % k, f"m_k{k}") for k in (2, 3, 4)])
        first = fit(customers, labels)
        monkeypatch.setattr(
            rules, "ThreadPoolExecutor", partial(ThreadPoolExecutor, max_workers=workers)
        )
        again = fit(customers, labels)
        assert first.rules.equals(again.rules)
        pd.testing.assert_frame_equal(first.leaves, again.leaves)

    def test_every_segmentation_is_fitted_as_if_alone(self):
        customers, clusters = people()
        both = [labels_of(np.minimum(clusters, 1), "z_k2"), labels_of(clusters, "a_k4")]
        together = fit(customers, pd.concat(both))
        alone = [fit(customers, of_one) for of_one in reversed(both)]
        assert together.rules.equals(pa.concat_tables([of_one.rules for of_one in alone]))
        expected = pd.concat([of_one.leaves for of_one in alone], ignore_index=True)
        pd.testing.assert_frame_equal(together.leaves, expected)

    @pytest.mark.parametrize("seed", range(4))
    def test_order_of_customers_levels_and_attributes(self, seed):
        customers, clusters = people(seed=seed)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(customers))
        fitted = fit(customers, labels_of(clusters))
        again = rules.fit_trees(
            customers.iloc[order],
            labels_of(clusters[order]),
            LEVELS.sample(frac=1, random_state=seed),
            ATTRIBUTES.sample(frac=1, random_state=seed),
        )
        assert fitted.rules.equals(again.rules)
        pd.testing.assert_frame_equal(
            fitted.leaves, again.leaves.sort_values("customer_id", ignore_index=True)
        )

    @pytest.mark.parametrize("seed", range(4))
    def test_numbering_of_segments_but_for_the_numbers(self, seed):
        customers, clusters = people(seed=seed)
        numbers = np.random.default_rng(seed).permutation(4)
        fitted = fit(customers, labels_of(clusters))
        again = fit(customers, labels_of(numbers[clusters]))
        expected = rows_of(fitted)
        expected["cluster"] = numbers[expected["cluster"]].astype(np.int32)
        pd.testing.assert_frame_equal(rows_of(again), expected)
        pd.testing.assert_frame_equal(again.leaves, fitted.leaves)
