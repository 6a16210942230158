"""The marts say the same thing as the customers they stand for, recomputed here in pandas."""

import codecs
import csv
import itertools

import numpy as np
import pandas as pd
import pytest
from project import Project
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from segmentation.clustering import candidates

KS = (3, 4, 5, 6, 7)
SEGMENTATIONS = sorted(
    f"{method}_k{k}"
    for method in ("agglomerative", "famd_gmm", "famd_kmeans", "kprototypes")
    for k in (*KS, *([2] if method == "agglomerative" else []))
)
PLANTED_K = 5
NUMBERS = ["month_avg_spend_amt", "days_since_last_spend", "financial_runway_months", "spend_trend"]
TEXTS = ["main_media", "corporation_size", "top_l2_category", "spend_level"]


@pytest.fixture(scope="module")
def staged(built: Project) -> pd.DataFrame:
    """Customers with their attributes and feature set B's bins."""
    table = built.query("select * from stg_crm__customers").set_index("customer_id")
    bins = built.query("select customer_id, spend_level from int_feature_set_b")
    return table.join(bins.set_index("customer_id"))


@pytest.fixture(scope="module")
def clusters(built: Project) -> pd.DataFrame:
    """The cluster of every customer, a column a segmentation."""
    table = built.query("select * from fct_candidate_segments")
    return table.pivot(index="customer_id", columns="segmentation_id", values="cluster")


@pytest.fixture(scope="module")
def segments(built: Project) -> pd.DataFrame:
    return built.query("select * from dim_segments").set_index(["segmentation_id", "cluster"])


@pytest.fixture(scope="module")
def kpis(built: Project) -> pd.DataFrame:
    keys = ["segmentation_id", "cluster", "attribute"]
    return built.query("select * from rpt_segment_kpis").set_index(keys).sort_index()


@pytest.fixture(scope="module")
def mix(built: Project) -> pd.DataFrame:
    keys = ["segmentation_id", "cluster", "attribute", "level"]
    return built.query("select * from rpt_segment_mix").set_index(keys).sort_index()


def test_every_customer_is_in_every_segmentation_once(
    clusters: pd.DataFrame, staged: pd.DataFrame, customers: pd.DataFrame
) -> None:
    assert list(clusters.columns) == SEGMENTATIONS
    assert clusters.notna().all(axis=None)
    assert set(clusters.index) == set(staged.index) == set(customers["corporation_id"])
    for name in SEGMENTATIONS:
        assert clusters[name].nunique() == int(name[-1]) or name.startswith("famd_gmm")


def test_segment_sizes_shares_and_ids(
    segments: pd.DataFrame, clusters: pd.DataFrame, staged: pd.DataFrame
) -> None:
    spend = staged["month_avg_spend_amt"].fillna(0)
    for name in SEGMENTATIONS:
        found = segments.loc[name].sort_index()
        expected = spend.groupby(clusters[name]).agg(["size", "sum"])
        assert list(found["customers"]) == list(expected["size"])
        np.testing.assert_allclose(found["segment_value"], expected["sum"], rtol=1e-12)
        np.testing.assert_allclose(found["customer_share"], expected["size"] / len(staged))
        np.testing.assert_allclose(found["spend_share"], expected["sum"] / spend.sum())
        assert found["customer_share"].sum() == pytest.approx(1, abs=1e-12)
        assert found["spend_share"].sum() == pytest.approx(1, abs=1e-12)
        by_spend = found.sort_values("segment_value", ascending=False)["segment_id"]
        assert list(by_spend) == [f"S{rank:02d}" for rank in range(1, len(found) + 1)]
        assert found["name_zh"].is_unique
        assert found["name_en"].is_unique


def test_customer_list_is_the_final_segmentation(
    built: Project, clusters: pd.DataFrame, segments: pd.DataFrame
) -> None:
    final = built.one("select segmentation_id from dim_segmentations where is_final")
    table = built.query("select * from fct_customer_segments").set_index("customer_id")
    pd.testing.assert_series_equal(
        table["cluster"].sort_index(), clusters[final].sort_index(), check_names=False
    )
    own = segments.loc[final].loc[table["cluster"]]
    assert list(table["segment_id"]) == list(own["segment_id"])
    assert list(table["name_zh"]) == list(own["name_zh"])
    assert (table["segment_id"] != table["runner_up_segment_id"]).all()
    assert (table["distance"] <= table["runner_up_distance"]).all()
    assert table["silhouette"].between(-1, 1).all()


def test_numbers_of_every_segment(
    built: Project, kpis: pd.DataFrame, clusters: pd.DataFrame, staged: pd.DataFrame
) -> None:
    transforms = built.query("select attribute, transform from dim_attributes").set_index(
        "attribute"
    )["transform"]
    for attribute in NUMBERS:
        everyone = staged[attribute].astype(float)
        logarithm = np.sign(everyone) * np.log1p(everyone.abs())
        transformed = everyone if transforms[attribute] == "none" else logarithm
        known = everyone.notna().sum()
        spread = everyone.std(ddof=0)
        for name in SEGMENTATIONS:
            grouped = everyone.groupby(clusters[name])
            count, mean = grouped.count(), grouped.mean()
            relative_error = np.sqrt((known - count) / (known - 1) / count)
            error = spread * relative_error
            effect = (
                transformed.groupby(clusters[name]).mean() - transformed.mean()
            ) / transformed.std(ddof=0)
            expected = pd.DataFrame(
                {
                    "customers": grouped.size(),
                    "known_customers": count,
                    "total": grouped.sum(min_count=1),
                    "mean": mean,
                    "median": grouped.median(),
                    "std_dev": grouped.std(),
                    "p05": grouped.quantile(0.05),
                    "p25": grouped.quantile(0.25),
                    "p75": grouped.quantile(0.75),
                    "p95": grouped.quantile(0.95),
                    "overall_mean": everyone.mean(),
                    "overall_median": everyone.median(),
                    "index_vs_overall": mean / everyone.mean(),
                    "effect_size": (mean - everyone.mean()) / spread,
                    "v_test": (mean - everyone.mean()) / error,
                    "effect_size_transformed": effect,
                    "v_test_transformed": effect / relative_error,
                }
            )
            found = kpis.xs((name, attribute), level=["segmentation_id", "attribute"])
            np.testing.assert_allclose(found[list(expected)].astype(float), expected, rtol=1e-8)


def test_pentagon_of_abilities(built: Project, kpis: pd.DataFrame) -> None:
    themes = built.query("select * from rpt_segment_themes")
    np.testing.assert_allclose(
        themes["score"], 100 * stats.norm.cdf(themes["mean_effect"]), atol=1e-5
    )
    keys = ["segmentation_id", "cluster"]
    scale = themes[themes["axis"] == "scale"].set_index(keys)["mean_effect"].sort_index()
    effects = [
        kpis.xs(name, level="attribute")["effect_size_transformed"]
        for name in ("total_account_count", "channel_count")
    ]
    np.testing.assert_allclose(scale, sum(effects) / 2, rtol=1e-9)


def test_map_holds_every_customer(built: Project) -> None:
    held = built.query(
        "select segmentation_id, cluster, sum(customers) as customers from rpt_customer_map "
        "group by all"
    ).set_index(["segmentation_id", "cluster"])["customers"]
    counted = built.query("select segmentation_id, cluster, customers from dim_segments")
    counted = counted.set_index(["segmentation_id", "cluster"])["customers"]
    assert held.sort_index().astype(int).to_dict() == counted.sort_index().to_dict()


def test_levels_of_every_segment(
    mix: pd.DataFrame, clusters: pd.DataFrame, staged: pd.DataFrame
) -> None:
    for attribute in TEXTS:
        levels = staged[attribute].fillna("unknown")
        for name in SEGMENTATIONS:
            counts = pd.crosstab(clusters[name], levels)
            found = mix.xs((name, attribute), level=["segmentation_id", "attribute"])
            pd.testing.assert_frame_equal(
                found["customers"].unstack("level"), counts, check_dtype=False, check_names=False
            )
            share = counts.div(counts.sum(axis=1), axis=0)
            overall = counts.sum() / len(levels)
            for column, expected in (
                ("share_of_segment", share),
                ("share_overall", share * 0 + overall),
                ("lift", share / overall),
            ):
                np.testing.assert_allclose(found[column].unstack("level"), expected, rtol=1e-12)
            sums = found[["share_of_segment", "share_overall"]].groupby("cluster").sum()
            np.testing.assert_allclose(sums, 1, atol=1e-12)


def test_levels_against_the_hypergeometric_distribution(
    built: Project, mix: pd.DataFrame, clusters: pd.DataFrame
) -> None:
    tests = built.query("select * from ml_segment_tests where level is not null")
    keys = ["segmentation_id", "cluster", "attribute", "level"]
    p_values = tests.set_index(keys)["p_value"]
    for name in SEGMENTATIONS:
        sizes = clusters[name].value_counts()
        for attribute in TEXTS:
            found = mix.xs((name, attribute), level=["segmentation_id", "attribute"])
            for (cluster, level), row in found.iterrows():
                have = round(row["share_overall"] * len(clusters))
                drawn = stats.hypergeom(len(clusters), have, sizes[cluster])
                equal = drawn.pmf(row["customers"])
                below = 2 * drawn.cdf(row["customers"] - 1) + equal
                above = 2 * drawn.sf(row["customers"]) + equal
                expected = min(1, below, above)
                p_value = p_values[name, cluster, attribute, level]
                assert p_value == pytest.approx(expected, rel=1e-6, abs=1e-300)
                if expected > 1e-290:
                    v_test = np.sign(row["lift"] - 1) * stats.norm.isf(expected / 2)
                    assert row["v_test"] == pytest.approx(v_test, rel=1e-5, abs=1e-6)


def test_adjusted_p_values_are_benjamini_and_hochbergs(
    built: Project, kpis: pd.DataFrame, mix: pd.DataFrame
) -> None:
    tests = built.query("select * from ml_segment_tests")
    for name in SEGMENTATIONS:
        own = tests[tests["segmentation_id"] == name].sort_values("p_value")
        of_levels = own[own["level"].notna()]
        assert (of_levels["v_test"] == of_levels["v_test_transformed"]).all()
        known = own[own["p_value"].notna()]
        ranks = np.arange(1, len(known) + 1)
        stepped = known["p_value"] * len(known) / ranks
        expected = stepped[::-1].cummin()[::-1].clip(upper=1)
        np.testing.assert_allclose(known["p_adjusted"], expected, rtol=1e-9)

        numbers = own[own["level"].isna()].set_index(["cluster", "attribute"])["p_adjusted"]
        shown = kpis.loc[name]["p_adjusted"]
        pd.testing.assert_series_equal(shown.sort_index(), numbers.sort_index())
        levels = own[own["level"].notna()].set_index(["cluster", "attribute", "level"])
        shown = mix.loc[name]["p_adjusted"]
        pd.testing.assert_series_equal(shown.sort_index(), levels["p_adjusted"].sort_index())


def test_every_profile_covers_every_segment(kpis: pd.DataFrame, mix: pd.DataFrame) -> None:
    clusters = [(name, c) for name in SEGMENTATIONS for c in range(int(name[-1]))]
    for attribute, rows in kpis.groupby("attribute"):
        assert list(rows.index.droplevel("attribute")) == clusters, attribute
    for attribute, rows in mix.groupby(["attribute", "level"]):
        assert list(rows.index.droplevel(["attribute", "level"])) == clusters, attribute


def test_labels_hold_for_the_customers_that_they_are_about(
    built: Project, clusters: pd.DataFrame, staged: pd.DataFrame
) -> None:
    labels = built.query("select * from rpt_segment_labels where theme = 'activity'")
    labels = labels.set_index(["segmentation_id", "cluster", "other_cluster"])
    signs = {"days_since_last_spend": -1, "avg_monthly_active_days": 1, "month_avg_ad_count": 1}
    everyone = np.log1p(staged[[*signs]].astype(float)) * pd.Series(signs)
    spread = everyone.std(ddof=0)
    for name in (f"kprototypes_k{PLANTED_K}", "famd_kmeans_k7"):
        segments = dict(list(everyone.groupby(clusters[name])))
        for cluster, other in itertools.permutations(segments, 2):
            own, others = segments[cluster], segments[other]
            effects = (own.mean() - others.mean()) / spread
            p_values = stats.ttest_ind(own, others, equal_var=False, nan_policy="omit").pvalue
            label = labels.loc[(name, cluster, other)]
            weakest = effects[effects.abs().idxmin()]
            assert label["weakest_effect"] == pytest.approx(weakest, rel=1e-9)
            assert label["largest_p_adjusted"] >= p_values.max() * (1 - 1e-9)
            if label["verdict"] == "clearly_better":
                assert (effects >= 0.5).all()
                assert (p_values < 0.05).all()
                assert label["indicators_in_favour"] == 3
            elif (effects >= 0.5).all():
                assert label["largest_p_adjusted"] >= 0.05
            mirrored = labels.loc[(name, other, cluster)]
            assert mirrored["weakest_effect"] == -label["weakest_effect"]
            assert mirrored["indicators_against"] == label["indicators_in_favour"]
    assert {"clearly_better", "clearly_worse", "mixed"} <= set(labels["verdict"])


def test_rules_and_conditions_of_the_customers_that_fulfil_them(
    built: Project, clusters: pd.DataFrame
) -> None:
    # pandas reads the levels of a condition; no predicate is run.
    bins = built.query("select * from int_feature_set_b").set_index("customer_id")
    bins = bins.loc[clusters.index]
    leaves = built.query("select segmentation_id, leaf, conditions from ml_segment_tree")
    asked = leaves.set_index(["segmentation_id", "leaf"])["conditions"]
    keys = ["segmentation_id", "leaf", "condition"]
    conditions = built.query("select * from rpt_rule_conditions").set_index(keys).sort_index()
    everyone = pd.Series(True, bins.index)
    for rule in built.query("select * from rpt_segment_rules").itertuples():
        is_member = clusters[rule.segmentation_id] == rule.cluster
        fulfilling = everyone
        for condition in asked[rule.segmentation_id, rule.leaf]:
            if not condition["condition"]:
                continue
            is_in = bins[condition["attribute"]].isin(list(condition["levels"]))
            fulfils = is_in == (condition["operator"] == "in")
            fulfilling = fulfilling & fulfils
            row = conditions.loc[(rule.segmentation_id, rule.leaf, condition["condition"])]
            assert row["share_of_segment"] == pytest.approx(fulfils[is_member].mean(), abs=1e-12)
            assert row["share_overall"] == pytest.approx(fulfils.mean(), abs=1e-12)
            assert row["is_corroborated"] == (fulfils[is_member].mean() > fulfils.mean())
        assert rule.customers == fulfilling.sum()
        assert rule.precision == pytest.approx(is_member[fulfilling].mean())
        assert rule.recall == pytest.approx(fulfilling[is_member].mean())
        assert rule.coverage == pytest.approx(fulfilling.mean())
        assert rule.lift == pytest.approx(rule.precision / is_member.mean())
        told = conditions.loc[(rule.segmentation_id, rule.leaf)]
        assert rule.is_corroborated == told["is_corroborated"].all()
        found = list(told.loc[told["is_discovery"], "attribute_zh"])
        assert rule.is_discovery == bool(found)
        assert not found or rule.discovery_zh == "、".join(found)
        contradicted = told[~told["is_corroborated"] & (told.index > 0)]
        assert pd.isna(rule.contradiction_zh) == contradicted.empty
        for words in contradicted["condition_zh"]:
            assert f"{words}：该群 " in rule.contradiction_zh


def test_segments_held_out_by_trees(built: Project, segments: pd.DataFrame) -> None:
    trees = built.query("select * from rpt_segment_trees")
    used = trees[trees["is_used"]].set_index(["segmentation_id", "cluster"])
    assert used.index.is_unique
    assert set(used.index) == set(segments.index)
    assert (used["customers"] == segments["customers"].loc[used.index]).all()
    assert set(used["tree"]) == {"all_segments", "one_segment"}
    golden = built.query("select * from rpt_segment_rules where is_golden")
    keys = golden[["segmentation_id", "cluster"]].itertuples(index=False, name=None)
    assert list(golden["tree"]) == [used.loc[key, "tree"] for key in keys]
    joint = trees[trees["tree"] == "all_segments"].groupby("segmentation_id")
    candidates_of = built.query("select * from dim_segmentations").set_index("segmentation_id")
    # Folds are of nearly equal size, so that their mean is nearly that of all.
    accuracy = joint["hits"].sum() / joint["customers"].sum()
    np.testing.assert_allclose(
        candidates_of["tree_accuracy"].loc[accuracy.index], accuracy, atol=1e-3
    )
    balanced = joint["recall"].mean()
    found = candidates_of["tree_balanced_accuracy"].loc[balanced.index]
    np.testing.assert_allclose(found, balanced, atol=5e-3)


def test_exported_files(built: Project) -> None:
    table = built.query("select * from fct_customer_segments order by customer_id")
    path = built.exports / "customer_segments.csv"
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(table.columns)
    exported = pd.DataFrame(rows)
    for column in table.columns:
        if pd.api.types.is_float_dtype(table[column]):
            numbers = exported[column].where(exported[column] != "").astype(float)
            np.testing.assert_array_equal(numbers, table[column])
        elif pd.api.types.is_bool_dtype(table[column]):
            assert list(exported[column]) == list(table[column].map({True: "true", False: "false"}))
        elif pd.api.types.is_datetime64_any_dtype(table[column]):
            assert list(exported[column]) == list(table[column].dt.strftime("%Y-%m-%d"))
        else:
            assert list(exported[column]) == list(table[column].astype(str))

    parquet = built.query(f"select * from '{built.exports}/customer_segments.parquet'")
    pd.testing.assert_frame_equal(parquet, table)


def test_the_raw_file_with_the_two_groups(
    built: Project, customers: pd.DataFrame, clusters: pd.DataFrame
) -> None:
    path = built.exports / "df_k2_agglo_all_raw.csv"
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    exported = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert list(exported.columns) == [*customers.columns, "cluster_agg_k2"]
    pd.testing.assert_frame_equal(exported[list(customers.columns)], customers)
    sizes = exported["cluster_agg_k2"].value_counts()
    assert list(sizes.index) == ["0", "1"]
    found = exported.set_index("corporation_id")["cluster_agg_k2"]
    agreement = adjusted_rand_score(clusters["agglomerative_k2"].loc[found.index], found)
    assert agreement == 1


def test_silhouettes_of_the_delivered_segments_by_brute_force(built: Project) -> None:
    table = built.query("select * from fct_customer_segments order by customer_id")
    encoded = built.query("select * from ml_feature_set_a order by customer_id")
    parameters = built.query("select * from ml_feature_set_a_parameters")
    gamma = candidates.fitted_gamma(built.query("select * from ml_kprototypes_parameters"))
    matrix = candidates.mixed_matrix(encoded, parameters)
    distances = cdist(matrix.numeric, matrix.numeric, "sqeuclidean")
    distances += gamma * matrix.codes.shape[1] * cdist(matrix.codes, matrix.codes, "hamming")
    np.fill_diagonal(distances, 0)
    expected = silhouette_samples(distances, table["cluster"], metric="precomputed")
    np.testing.assert_allclose(table["silhouette"], expected, atol=1e-9)


def test_agreement_is_scikit_learns_adjusted_rand_index(
    built: Project, clusters: pd.DataFrame
) -> None:
    table = built.query("select * from rpt_method_agreement")
    assert len(table) == len(KS) * 4 * 3
    for pair in table.itertuples(index=False):
        found = adjusted_rand_score(
            clusters[pair.segmentation_id], clusters[pair.other_segmentation_id]
        )
        assert pair.adjusted_rand == pytest.approx(found, abs=1e-12)


def test_probabilities_of_the_mixtures(built: Project, clusters: pd.DataFrame) -> None:
    table = built.query("select * from fct_segment_probabilities")
    for name, rows in table.groupby("segmentation_id"):
        wide = rows.pivot(index="customer_id", columns="cluster", values="probability")
        assert wide.shape == (len(clusters), int(name[-1]))
        np.testing.assert_allclose(wide.sum(axis=1), 1, atol=1e-12)
        assert list(wide.idxmax(axis=1)) == list(clusters[name].loc[wide.index])
    assigned = built.query(
        "select * from fct_candidate_segments where probability is not null"
    ).merge(table, on=["customer_id", "segmentation_id", "cluster"])
    assert len(assigned) == len(KS) * len(clusters)
    assert list(assigned["probability_x"]) == list(assigned["probability_y"])


def test_business_criteria_can_be_added_up_in_a_spreadsheet(built: Project) -> None:
    selection = built.query("select * from rpt_k_selection where elbow = 'business_value'")
    segmentations = built.query("select * from dim_segmentations").set_index("segmentation_id")
    weighted = selection[selection["weight"] > 0]
    np.testing.assert_allclose(weighted["contribution"], weighted["weight"] * weighted["score"])
    sums = weighted.groupby("segmentation_id")["contribution"].sum()
    np.testing.assert_allclose(sums, segmentations["business_score"].loc[sums.index])
    for name, rows in selection.groupby("segmentation_id"):
        shares = built.query(f"select * from dim_segments where segmentation_id = '{name}'")
        of_smallest = rows.loc[rows["criterion"] == "smallest_segment", "value"].item()
        if len(shares) == segmentations.loc[name, "k"]:
            assert of_smallest == pytest.approx(shares["customer_share"].min())


def test_planted_segments_are_found(clusters: pd.DataFrame, planted: "pd.Series[str]") -> None:
    labels = clusters[f"kprototypes_k{PLANTED_K}"]
    assert planted.nunique() == PLANTED_K
    assert adjusted_rand_score(planted.loc[labels.index], labels) > 0.7
