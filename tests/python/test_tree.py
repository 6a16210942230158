"""The shallow tree against plain scikit-learn, and what may not change its accuracy."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_score
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
    return pd.DataFrame({"segmentation_id": name, "method": "m", "k": k, "cluster": cluster})


def scores_of(customers: pd.DataFrame, cluster: np.ndarray, **settings: int) -> pd.Series:
    features = tree.design(customers, LEVELS, {"spend"})
    return tree.cross_validate(features, labels_of(cluster), **settings).iloc[0]


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
            tree.cross_validate(
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
        found = tree.cross_validate(features, labels_of(cluster), max_depth=max_depth, seed=seed)
        assert len(found) == 1
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
        row = found.iloc[0]
        assert (row["method"], row["k"], row["max_depth"], row["folds"]) == ("m", 4, max_depth, 5)
        assert row["features"] == features.shape[1]

    def test_balanced_is_the_mean_over_segments_not_over_customers(self):
        cluster = np.repeat([0, 1], [950, 50])
        # Half of the small segment looks like the large one.
        customers = pd.DataFrame({"media": np.repeat(["a", "b"], [975, 25])})
        features = tree.design(customers, LEVELS, set())
        found = tree.cross_validate(features, labels_of(cluster, k=2)).iloc[0]
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
        together = tree.cross_validate(features, pd.concat([of_two, of_four]))
        assert together["segmentation_id"].tolist() == ["a_k4", "z_k2"]
        alone = pd.concat(
            [tree.cross_validate(features, of_one) for of_one in (of_four, of_two)],
            ignore_index=True,
        )
        pd.testing.assert_frame_equal(together, alone, check_exact=True)

    def test_fewer_folds_for_a_segment_of_three(self):
        customers, cluster = people()
        cluster = np.where(np.arange(400) < 3, 3, np.minimum(cluster, 2))
        features = tree.design(customers, LEVELS, {"spend"})
        found = tree.cross_validate(features, labels_of(cluster), seed=2).iloc[0]
        assert found["folds"] == 3
        plain = cross_val_score(
            DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=2),
            features,
            cluster,
            scoring="balanced_accuracy",
            cv=StratifiedKFold(3, shuffle=True, random_state=2),
        )
        assert found["balanced_accuracy"] == pytest.approx(plain.mean(), abs=1e-12)
        error = plain.std(ddof=1) / np.sqrt(3)
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
        found = tree.cross_validate(features, pd.concat(labels)).set_index("segmentation_id")
        assert found["folds"]["lacking_k4"] == 0
        assert found.loc["lacking_k4", MEASURES].isna().all()
        assert found.loc["lacking_k4", [f"{name}_std_error" for name in MEASURES]].isna().all()
        assert found.loc["whole_k4", MEASURES].isna().all() == (kind == "no features")

    @pytest.mark.parametrize("max_depth", [0, -1])
    def test_a_depth_below_one_is_refused(self, max_depth):
        customers, cluster = people(n=50)
        with pytest.raises(InputError, match=f"tree_depth is {max_depth}; give a whole number"):
            scores_of(customers, cluster, max_depth=max_depth)


class TestWhatChangesNothing:
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
        pd.testing.assert_frame_equal(*found, check_exact=True)


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
