"""The shallow tree against plain scikit-learn, and what may not change its accuracy."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.tree import DecisionTreeClassifier, export_text

from segmentation.errors import InputError
from segmentation.explanation import tree

LEVELS = pd.DataFrame(
    [
        ("spend", "0-100", "1"),
        ("spend", "100-500", "2"),
        ("spend", "500-2000", "3"),
        ("spend", "2000+", "4"),
        ("spend", "unknown", "5"),
        ("media", "Google", "1"),
    ],
    columns=["attribute", "level", "level_order"],
)
SPENDS = ["0-100", "100-500", "500-2000", "2000+"]
MEASURES = ["accuracy", "balanced_accuracy"]


def people(n: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers in four segments of unequal size that levels tell apart, not always."""
    rng = np.random.default_rng(seed)
    cluster = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    spend = np.clip(cluster + rng.choice([-1, 0, 1], n, p=[0.1, 0.8, 0.1]), 0, 3)
    media = np.where(rng.random(n) < 0.7, cluster % 3, rng.integers(3, size=n))
    customers = pd.DataFrame(
        {
            "spend": np.array(SPENDS)[spend],
            "media": np.array(["Facebook", "Google", "TikTok"])[media],
            "noise": rng.choice(list("abcde"), n),
        }
    )
    return customers, cluster


def labels_of(cluster: np.ndarray, name: str = "m_k4", k: int = 4) -> pd.DataFrame:
    return pd.DataFrame({"segmentation_id": name, "k": k, "cluster": cluster})


def counts_of(features: pd.DataFrame, labels: pd.DataFrame, **settings: float) -> pd.DataFrame:
    return tree.cross_validate(features, labels, **settings).to_pandas()


def accuracies(features: pd.DataFrame, labels: pd.DataFrame, **settings: float) -> pd.DataFrame:
    """Accuracy and balanced accuracy by segmentation, of the tree of all segments."""
    counts = counts_of(features, labels, **settings)
    counts = counts[(counts["tree"] == "all_segments") & (counts["fold"] > 0)]
    counts["recall"] = counts["hits"] / counts["customers"]
    rows = {}
    for name, of_one in counts.groupby("segmentation_id"):
        folds = of_one.groupby("fold")
        accuracy = folds["hits"].sum() / folds["customers"].sum()
        balanced = folds["recall"].mean()
        rows[name] = {
            "accuracy": accuracy.mean(),
            "balanced_accuracy": balanced.mean(),
            "accuracy_std_error": accuracy.sem(),
            "balanced_accuracy_std_error": balanced.sem(),
            "folds": len(folds),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def scores_of(customers: pd.DataFrame, cluster: np.ndarray, **settings: int) -> pd.Series:
    features = tree.design(customers, LEVELS, {"spend"})
    return accuracies(features, labels_of(cluster), **settings).loc["m_k4"]


def plain_tree(max_depth: int, seed: int) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(
        max_depth=max_depth,
        min_impurity_decrease=1e-9,
        class_weight="balanced",
        random_state=seed,
    )


def f1_of(counts: pd.DataFrame) -> float:
    return 2 * counts["hits"].sum() / (counts["customers"].sum() + counts["predicted"].sum())


def hidden_in_the_middle() -> tuple[pd.DataFrame, np.ndarray]:
    """Five segments along two scales; a tree of all, of depth 2, has four leaves for them."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(5), 80)
    customers = pd.DataFrame(
        {
            "spend": np.array(SPENDS)[np.minimum(cluster, 3)],
            "media": np.where(cluster == 4, "Google", rng.choice(["Facebook", "TikTok"], 400)),
        }
    )
    return customers, cluster


class TestDesign:
    def test_ordered_by_rank_and_the_others_a_column_a_level(self):
        customers = pd.DataFrame(
            {
                "media": ["TikTok", "Google", "TikTok", "unknown"],
                "spend": ["2000+", "0-100", "unknown", "no such level"],
            },
            index=[7, 5, 3, 1],
        )
        features = tree.design(customers, LEVELS, {"spend"})
        expected = pd.DataFrame(
            {
                "media=Google": [0, 1, 0, 0],
                "media=TikTok": [1, 0, 1, 0],
                "media=unknown": [0, 0, 0, 1],
                "spend": [4, 1, 5, -1],
            },
            index=[7, 5, 3, 1],
        )
        pd.testing.assert_frame_equal(features, expected, check_dtype=False)
        assert features.dtypes.tolist() == [np.int8, np.int8, np.int8, np.int32]

    def test_an_attribute_with_one_level_has_no_column(self):
        customers = pd.DataFrame(
            {"spend": ["2000+"] * 3, "media": ["Google"] * 3, "other": ["a", "b", "a"]}
        )
        assert list(tree.design(customers, LEVELS, {"spend"})) == ["other=a", "other=b"]

    def test_ranks_let_one_split_tell_low_from_high_and_levels_do_not(self):
        customers = pd.DataFrame({"spend": SPENDS * 25})
        cluster = np.tile([0, 0, 1, 1], 25)
        found = [
            accuracies(
                tree.design(customers, LEVELS, ordered), labels_of(cluster, k=2), max_depth=1
            )["balanced_accuracy"].item()
            for ordered in ({"spend"}, set())
        ]
        assert found[0] == 1.0
        assert found[1] < 0.8  # a single level is at best three quarters of the way


class TestCrossValidation:
    @pytest.mark.parametrize("max_depth", [1, 3, 6])
    @pytest.mark.parametrize("seed", [0, 5])
    def test_plain_scikit_learn(self, max_depth, seed):
        customers, cluster = people(seed=seed)
        features = tree.design(customers, LEVELS, {"spend"})
        found = accuracies(features, labels_of(cluster), max_depth=max_depth, seed=seed)
        for measure in MEASURES:
            plain = cross_val_score(
                DecisionTreeClassifier(
                    max_depth=max_depth, class_weight="balanced", random_state=seed
                ),
                features,
                cluster,
                scoring=measure,
                cv=StratifiedKFold(5, shuffle=True, random_state=seed),
            )
            assert found[measure].item() == pytest.approx(plain.mean(), abs=1e-12)
            error = plain.std(ddof=1) / np.sqrt(5)
            assert found[f"{measure}_std_error"].item() == pytest.approx(error, abs=1e-12)
        table = tree.cross_validate(features, labels_of(cluster), max_depth=max_depth, seed=seed)
        assert table.schema == tree.FOLD_SCHEMA
        assert set(table["max_depth"].to_pylist()) == {max_depth}
        assert set(table["features"].to_pylist()) == {features.shape[1]}

    @pytest.mark.parametrize("seed", [0, 5])
    def test_counts_of_every_segment_are_those_of_scikit_learn(self, seed):
        customers, cluster = people(seed=seed)
        features = tree.design(customers, LEVELS, {"spend"})
        counts = counts_of(features, labels_of(cluster), seed=seed)
        counts = counts[counts["tree"] == "all_segments"]
        predicted = cross_val_predict(
            plain_tree(3, seed),
            features.to_numpy(np.float32),
            cluster,
            cv=StratifiedKFold(5, shuffle=True, random_state=seed),
        )
        precision, recall, f1, customers_of = precision_recall_fscore_support(cluster, predicted)
        for of_cluster in range(4):
            rows = counts[counts["cluster"] == of_cluster]
            assert sorted(rows["fold"]) == [1, 2, 3, 4, 5]
            assert rows["customers"].sum() == customers_of[of_cluster]
            hits = rows["hits"].sum()
            assert hits / rows["predicted"].sum() == pytest.approx(precision[of_cluster])
            assert hits / rows["customers"].sum() == pytest.approx(recall[of_cluster])
            assert f1_of(rows) == pytest.approx(f1[of_cluster])

    def test_balanced_is_the_mean_over_segments_not_over_customers(self):
        cluster = np.repeat([0, 1], [950, 50])
        # Half of the small segment looks like the large one.
        customers = pd.DataFrame({"media": np.repeat(["a", "b"], [975, 25])})
        features = tree.design(customers, LEVELS, set())
        found = accuracies(features, labels_of(cluster, k=2)).iloc[0]
        assert found["accuracy"] == pytest.approx(0.975)
        assert found["balanced_accuracy"] == pytest.approx(0.75)

    def test_small_segments_get_leaves_too(self):
        rng = np.random.default_rng(0)
        cluster = rng.choice(3, size=2000, p=[0.9, 0.07, 0.03])
        noise = rng.random(2000) < 0.25
        media = np.where(noise, rng.choice(list("abc"), 2000), np.array(list("abc"))[cluster])
        features = tree.design(pd.DataFrame({"media": media}), LEVELS, set())
        fitted = tree.classifier(2, 0).fit(features, cluster)
        assert set(fitted.predict(features)) == {0, 1, 2}

    def test_every_segmentation_is_measured_as_if_alone(self):
        customers, cluster = people()
        features = tree.design(customers, LEVELS, {"spend"})
        of_two = labels_of(np.minimum(cluster, 1), "z_k2", 2)
        of_four = labels_of(cluster, "a_k4")
        together = tree.cross_validate(features, pd.concat([of_two, of_four]), min_gain=0.01)
        alone = [
            tree.cross_validate(features, of_one, min_gain=0.01) for of_one in (of_four, of_two)
        ]
        assert together.equals(pa.concat_tables(alone))

    def test_by_hand(self):
        # One column tells all but the last customer of each fold: its level is the other one's.
        cluster = np.array([0] * 5 + [1] * 15)
        media = np.array(["a"] * 5 + ["b"] * 10 + ["a"] * 5)
        features = tree.design(pd.DataFrame({"media": media}), LEVELS, set())
        counts = counts_of(features, labels_of(cluster, k=2))
        totals = counts.groupby("cluster")[["customers", "predicted", "hits"]].sum()
        # Cluster 0 has all of its 5 in "a", with 5 of 15 of cluster 1: weighed alike, "a" is 0's.
        assert totals.to_numpy().tolist() == [[5, 10, 5], [15, 10, 10]]
        assert (counts.groupby("fold")["customers"].sum() == 4).all()
        assert set(counts["tree"]) == {"all_segments"}

    @pytest.mark.parametrize("size", [2, 3])
    def test_fewer_folds_for_a_segment_of_two_or_three(self, size):
        customers, cluster = people()
        cluster = np.where(np.arange(400) < size, 3, np.minimum(cluster, 2))
        features = tree.design(customers, LEVELS, {"spend"})
        found = accuracies(features, labels_of(cluster), seed=2).iloc[0]
        assert found["folds"] == size
        plain = cross_val_score(
            DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=2),
            features,
            cluster,
            scoring="balanced_accuracy",
            cv=StratifiedKFold(size, shuffle=True, random_state=2),
        )
        assert found["balanced_accuracy"] == pytest.approx(plain.mean(), abs=1e-12)
        error = plain.std(ddof=1) / np.sqrt(size)
        assert found["balanced_accuracy_std_error"] == pytest.approx(error, abs=1e-12)

    @pytest.mark.parametrize("kind", ["a single customer", "nobody", "no features"])
    def test_no_value_where_nothing_can_be_held_out(self, kind):
        customers, cluster = people()
        features = tree.design(customers, LEVELS, {"spend"})
        lacking = np.minimum(cluster, 2)
        if kind == "a single customer":
            lacking = np.where(np.arange(400) == 7, 3, lacking)
        elif kind == "no features":
            features, lacking = features.iloc[:, :0], cluster
        labels = [labels_of(lacking, "lacking_k4"), labels_of(cluster, "whole_k4")]
        found = counts_of(features, pd.concat(labels))
        rows = found[found["segmentation_id"] == "lacking_k4"]
        sizes = pd.Series(lacking).value_counts()
        assert rows.set_index("cluster")["customers"].to_dict() == sizes.to_dict()
        assert (rows["fold"] == 0).all()
        assert rows[["predicted", "hits"]].isna().all(axis=None)
        assert (rows["tree"] == "all_segments").all()
        folds = found.loc[found["segmentation_id"] == "whole_k4", "fold"]
        assert (folds == 0).all() if kind == "no features" else set(folds) == {1, 2, 3, 4, 5}

    @pytest.mark.parametrize("max_depth", [0, -1])
    def test_a_depth_below_one_is_refused(self, max_depth):
        customers, cluster = people(n=50)
        with pytest.raises(InputError, match=f"tree_depth is {max_depth}; give a whole number"):
            scores_of(customers, cluster, max_depth=max_depth)


def test_f1_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(2, size=(2, 50))
    counts = np.array([truth.sum(), predicted.sum(), (truth & predicted).sum()])
    assert tree._f1(counts) == pytest.approx(f1_score(truth, predicted), abs=1e-15)


class TestOneSegmentTrees:
    @pytest.mark.parametrize("seed", [0, 5])
    def test_counts_are_those_of_a_tree_of_the_segment_on_the_same_folds(self, seed):
        customers, cluster = people(seed=seed)
        features = tree.design(customers, LEVELS, {"spend"})
        counts = counts_of(features, labels_of(cluster), max_depth=2, min_gain=-1, seed=seed)
        X = features.to_numpy(np.float32)
        splits = StratifiedKFold(5, shuffle=True, random_state=seed).split(X, cluster)
        for fold, (train, test) in enumerate(splits, start=1):
            for of_cluster in range(4):
                is_in = cluster == of_cluster
                predicted = plain_tree(2, seed).fit(X[train], is_in[train]).predict(X[test])
                (row,) = counts[
                    (counts["tree"] == "one_segment")
                    & (counts["fold"] == fold)
                    & (counts["cluster"] == of_cluster)
                ].to_dict("records")
                expected = (is_in[test].sum(), predicted.sum(), (is_in[test] & predicted).sum())
                assert (row["customers"], row["predicted"], row["hits"]) == expected

    def test_finds_what_the_tree_of_all_has_no_leaf_for(self):
        customers, cluster = hidden_in_the_middle()
        features = tree.design(customers, LEVELS, {"spend"})
        counts = counts_of(features, labels_of(cluster, k=5), max_depth=2)
        f1 = {key: f1_of(of_one) for key, of_one in counts.groupby(["cluster", "tree"], sort=True)}
        tried = {of_cluster for of_cluster, kind in f1 if kind == "one_segment"}
        assert tried
        for of_cluster in range(5):
            joint = f1[of_cluster, "all_segments"]
            if of_cluster in tried:
                assert joint < 0.95
                assert f1[of_cluster, "one_segment"] > joint + 0.05
        assert max(f1[of_cluster, "one_segment"] for of_cluster in tried) == 1

    def test_none_where_it_cannot_win(self):
        customers, cluster = people()
        features = tree.design(customers, LEVELS, {"spend"})

        def tried(k: int = 4, **settings: float) -> set[int]:
            of_k = labels_of(np.minimum(cluster, k - 1), k=k)
            counts = counts_of(features, of_k, **settings)
            return set(counts.loc[counts["tree"] == "one_segment", "cluster"])

        assert tried(min_gain=-1) == {0, 1, 2, 3}
        assert tried(min_gain=-1, max_k=3) == set()
        assert tried(k=3, min_gain=-1, max_k=3) == {0, 1, 2}
        assert tried(k=2, min_gain=-1) == set()
        assert tried(min_gain=1) == set()
        # Perfect segments leave nothing to gain.
        perfect = tree.design(pd.DataFrame({"spend": np.array(SPENDS)[cluster]}), LEVELS, {"spend"})
        counts = counts_of(perfect, labels_of(cluster))
        assert set(counts["tree"]) == {"all_segments"}
        assert (counts["hits"] == counts["customers"]).all()

    def test_measured_in_every_fold_or_in_none(self):
        customers, cluster = people(n=900, seed=3)
        features = tree.design(customers, LEVELS, {"spend"})
        for min_gain in (0, 0.02, 0.05, 0.1):
            counts = counts_of(features, labels_of(cluster), max_depth=1, min_gain=min_gain)
            alone = counts[counts["tree"] == "one_segment"]
            assert (alone.groupby("cluster")["fold"].apply(sorted).map(len) == 5).all()


class TestWhatChangesNothing:
    def test_processes(self):
        customers, cluster = people()
        features = tree.design(customers, LEVELS, {"spend"})
        labels = pd.concat([labels_of(cluster % k, f"m_k{k}", k) for k in (2, 3, 4)])
        first, second = (
            tree.cross_validate(features, labels, min_gain=0, n_jobs=n_jobs) for n_jobs in (1, 2)
        )
        assert first.equals(second)

    def test_customers_are_drawn_from_many(self):
        customers, cluster = people()
        features = tree.design(customers, LEVELS, {"spend"})
        labels = pd.concat([labels_of(cluster % k, f"m_k{k}", k) for k in (2, 3)])
        found = tree.cross_validate(features, labels, max_customers=200, seed=1).to_pandas()
        of_all = found[found["tree"] == tree.ALL_SEGMENTS]
        assert of_all.groupby("segmentation_id")["customers"].sum().tolist() == [200, 200]

    @pytest.mark.parametrize("seed", range(4))
    def test_numbering_of_segments(self, seed):
        customers, cluster = people(seed=seed)
        renumbered = np.random.default_rng(seed).permutation(4)[cluster]
        for measure in MEASURES:
            found = [scores_of(customers, of_one)[measure] for of_one in (cluster, renumbered)]
            assert found[0] == pytest.approx(found[1], abs=0.01)  # equal leaves go to the lower

    @pytest.mark.parametrize("seed", range(4))
    def test_order_of_columns_and_a_constant_one(self, seed):
        customers, cluster = people(seed=seed)
        other = customers[["noise", "media", "spend"]].assign(constant="x")
        for measure in MEASURES:
            found = [scores_of(table, cluster)[measure] for table in (customers, other)]
            assert found[0] == pytest.approx(found[1], abs=0.01)  # of equal splits any may win

    @pytest.mark.parametrize("seed", range(3))
    def test_order_of_customers_but_by_the_chance_of_folds(self, seed):
        customers, cluster = people(n=1500, seed=seed)
        order = np.random.default_rng(seed).permutation(1500)
        found = scores_of(customers, cluster)
        again = scores_of(customers.iloc[order].reset_index(drop=True), cluster[order])
        for measure in MEASURES:
            error = np.hypot(found[f"{measure}_std_error"], again[f"{measure}_std_error"])
            assert abs(found[measure] - again[measure]) < 3 * error + 0.005

    def test_duplicated_customers(self):
        customers, cluster = people(n=1500)
        found = scores_of(customers, cluster)
        twice = scores_of(pd.concat([customers] * 2, ignore_index=True), np.tile(cluster, 2))
        for measure in MEASURES:
            assert twice[measure] == pytest.approx(found[measure], abs=0.03)

    def test_names_of_attributes_and_index(self):
        customers, cluster = people()
        features = tree.design(customers, LEVELS, {"spend"})
        renamed = features.set_axis(range(features.shape[1]), axis=1).set_index(
            np.arange(400)[::-1]
        )
        found = [tree.cross_validate(table, labels_of(cluster)) for table in (features, renamed)]
        assert found[0].equals(found[1])


def test_the_planted_tree_is_found():
    customers, cluster = people()
    features = tree.design(customers, LEVELS, {"spend"})
    whole = DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=0).fit(
        features, cluster
    )
    text = export_text(whole, feature_names=list(features))
    assert "spend" in text.splitlines()[0]
    assert scores_of(customers, cluster)["balanced_accuracy"] > 0.6
    shuffled = np.random.default_rng(0).permutation(cluster)
    assert scores_of(customers, shuffled)["balanced_accuracy"] == pytest.approx(0.25, abs=0.06)
