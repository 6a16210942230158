"""Rules: the tree of scikit-learn, written as predicates that SQL runs and people read."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.explanation import rules, tree

SPENDS = ["low", "mid", "high", "top", "whale", "unknown"]
ATTRIBUTES = pd.DataFrame(
    [
        ("spend", "binned", "消费层级", "Spend level"),
        ("media", "nominal", "主要媒体", "Main media"),
        ("is_risky", "flag", "高风险", "High risk"),
    ],
    columns=["attribute", "role", "label_zh", "label_en"],
)
LEVELS = pd.DataFrame(
    [
        ("spend", level, 9999 if level == "unknown" else rank, f"{level}档", level.title())
        for rank, level in enumerate(SPENDS)
    ]
    + [("media", "fb", 1, "脸书", "Facebook")],
    columns=["attribute", "level", "level_order", "label_zh", "label_en"],
)
NASTY = ["O'Brien'; drop table x", "a\nb", "😀", "100 % {} {{x}}", "k=v", "长" * 300, '"quoted"']


def people(n: int = 300, seed: int = 0, media: list[str] | None = None) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04}" for i in range(n)],
            "spend": rng.choice(SPENDS[:4], n),
            "media": rng.choice(media or ["fb", "google", "tiktok"], n),
            "is_risky": rng.choice(["0", "1"], n),
        }
    )


def labels_of(cluster: np.ndarray, name: str = "m_k3") -> pd.DataFrame:
    return pd.DataFrame({"segmentation_id": name, "cluster": cluster.astype(np.int32)})


def clusters_of(customers: pd.DataFrame) -> np.ndarray:
    """Three segments: the big spenders, those on tiktok, and all others."""
    big = customers["spend"].isin(["high", "top"])
    return np.where(big, 2, np.where(customers["media"] == "tiktok", 1, 0))


def fit(customers: pd.DataFrame, labels: pd.DataFrame, **settings: int) -> rules.Trees:
    return rules.fit_trees(customers, labels, LEVELS, ATTRIBUTES, **settings)


def predicates(table: pd.DataFrame) -> dict[int, str]:
    return table.groupby("leaf")["predicate_sql"].first().to_dict()


def matches(customers: pd.DataFrame, by_leaf: dict[int, str]) -> pd.DataFrame:
    """Which customers fulfil which predicate, by DuckDB: a column a leaf."""
    with duckdb.connect() as connection:
        connection.register("customers", customers)
        columns = ", ".join(f"{predicate} as leaf_{leaf}" for leaf, predicate in by_leaf.items())
        return connection.sql(f"select {columns} from customers").df()


class TestLeaves:
    @pytest.mark.parametrize("max_depth", [1, 2, 3, 4])
    def test_are_those_of_scikit_learn(self, max_depth):
        customers = people()
        cluster = clusters_of(customers)
        found = fit(customers, labels_of(cluster), max_depth=max_depth, seed=5)
        design = tree.design(customers.drop(columns="customer_id"), LEVELS, {"spend"})
        plain = tree.classifier(max_depth, 5).fit(design.to_numpy(np.float32), cluster)
        nodes = plain.apply(design.to_numpy(np.float32))
        pairs = set(zip(found.leaves["leaf"], nodes, strict=True))
        assert len(pairs) == plain.get_n_leaves() == found.leaves["leaf"].nunique()
        table = found.rules.to_pandas()
        predicted = table.groupby("leaf")["cluster"].first().loc[found.leaves["leaf"]]
        assert list(predicted) == list(plain.predict(design.to_numpy(np.float32)))

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 2**16), depth=st.integers(1, 5), k=st.integers(2, 5))
    def test_sql_finds_them_whatever_the_levels(self, seed, depth, k):
        customers = people(120, seed, media=NASTY)
        cluster = np.random.default_rng(seed).integers(k, size=120)
        found = fit(customers, labels_of(cluster), max_depth=depth)
        hits = matches(customers, predicates(found.rules.to_pandas()))
        assert (hits.sum(axis=1) == 1).all()  # every customer fulfils one and only one
        sql_leaf = hits.to_numpy().argmax(axis=1) + 1
        assert list(sql_leaf) == list(found.leaves["leaf"])

    def test_levels_never_seen_go_where_the_tree_would_send_them(self):
        customers = people()
        cluster = clusters_of(customers)
        found = fit(customers, labels_of(cluster))
        table = found.rules.to_pandas()
        new = customers.head(4).assign(
            spend=["whale", "unknown", "undeclared", "top"], media=["new", "fb", "new", "new"]
        )
        known = customers.drop(columns="customer_id")
        design = tree.design(
            pd.concat([known, new.drop(columns="customer_id")], ignore_index=True),
            LEVELS,
            {"spend"},
        )[tree.design(known, LEVELS, {"spend"}).columns]
        fitted = tree.classifier(3, 0).fit(design.iloc[:300].to_numpy(np.float32), cluster)
        expected = fitted.predict(design.iloc[300:].to_numpy(np.float32))
        hits = matches(new, predicates(table))
        assert (hits.sum(axis=1) == 1).all()
        leaf = hits.to_numpy().argmax(axis=1) + 1
        assert list(table.groupby("leaf")["cluster"].first().loc[leaf]) == list(expected)


class TestConditions:
    def test_one_an_attribute(self):
        customers = people(400, 3)
        rng = np.random.default_rng(0)
        table = fit(customers, labels_of(rng.integers(4, size=400)), max_depth=6).rules.to_pandas()
        assert not table.duplicated(["leaf", "attribute"]).any()
        assert set(table["operator"]) == {"in", "not_in"}

    def test_read_well(self):
        customers = people()
        table = fit(customers, labels_of(clusters_of(customers))).rules.to_pandas()
        big = table[table["cluster"] == 2]
        assert list(big["condition_sql"]) == ["spend in ('high', 'top', 'whale', 'unknown')"]
        # Nobody is a whale or unknown: both are in the predicate and not worth a word.
        assert list(big["condition_zh"]) == ["消费层级为 high档、top档"]
        assert list(big["condition_en"]) == ["Spend level is High or Top"]
        tiktok = table[table["cluster"] == 1].sort_values("condition")
        assert list(tiktok["condition_sql"]) == [
            "spend not in ('high', 'top', 'whale', 'unknown')",
            "media = 'tiktok'",
        ]
        assert list(tiktok["condition_en"]) == ["Spend level is Low or Mid", "Main media is tiktok"]
        others = table[(table["cluster"] == 0) & (table["attribute"] == "media")]
        assert set(others["condition_sql"]) == {"media <> 'tiktok'"}
        assert set(others["condition_zh"]) == {"主要媒体不是 tiktok"}

    def test_long_ranges_say_from_and_to(self):
        customers = people(600)
        rng = np.random.default_rng(1)
        customers["spend"] = rng.choice(SPENDS, 600)
        levels = pd.concat(
            [
                LEVELS,
                pd.DataFrame([("spend", "least", -1, "最低档", "Least")], columns=LEVELS.columns),
            ]
        )
        customers.loc[:49, "spend"] = "least"
        cluster = (customers["spend"] == "least").to_numpy().astype(int)
        table = rules.fit_trees(
            customers, labels_of(cluster, "m_k2"), levels, ATTRIBUTES, max_depth=1
        ).rules.to_pandas()
        assert list(table["condition_en"]) == [
            "Spend level is Least",
            "Spend level is from Low to Whale or Unknown",
        ]
        assert list(table["condition_zh"])[1] == "消费层级为 low档至whale档、unknown档"

    def test_a_tree_that_cannot_split_asks_nothing(self):
        customers = people(50).assign(spend="low", media="fb", is_risky="0")
        found = fit(customers, labels_of(np.arange(50) % 2 * (np.arange(50) > 30), "m_k2"))
        (row,) = found.rules.to_pylist()
        assert (row["leaf"], row["cluster"], row["condition"]) == (1, 0, 0)
        assert row["predicate_sql"] == "true"
        assert row["attribute"] is None
        assert set(found.leaves["leaf"]) == {1}
        alike = fit(people(50), labels_of(np.zeros(50), "m_k2"))
        assert alike.rules.column("predicate_sql").to_pylist() == ["true"]


def test_every_segmentation_for_itself_and_the_same_every_time():
    customers = people()
    cluster = clusters_of(customers)
    both = pd.concat([labels_of(cluster, "b_k3"), labels_of(cluster > 0, "a_k2")])
    found = fit(customers, both)
    again = fit(customers, both)
    assert found.rules.equals(again.rules)
    pd.testing.assert_frame_equal(found.leaves, again.leaves)
    alone = fit(customers, labels_of(cluster, "b_k3")).rules.to_pandas()
    of_both = found.rules.to_pandas()
    of_both = of_both[of_both["segmentation_id"] == "b_k3"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_both, alone)
    renamed = fit(customers, labels_of(np.array([2, 0, 1])[cluster], "b_k3")).rules.to_pandas()
    assert list(renamed["cluster"]) == list(np.array([2, 0, 1])[alone["cluster"]])
    pd.testing.assert_frame_equal(renamed.drop(columns="cluster"), alone.drop(columns="cluster"))
