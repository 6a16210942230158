"""The vars of dbt_project.yml: bad ones are refused, and every good one has its effect."""

import datetime
import importlib.metadata
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from project import MARTS, ROOT, Project, expect_clean_failure, expect_success

from segmentation.clustering import candidates, famd_clusters
from segmentation.explanation import rules, tree
from segmentation.selection import evidence, technical_range

VARS = {
    "as_of_date": "2024-12-31",
    "force_as_of_date": True,
    "pseudonymize": True,
    "min_segment_overlap": 0.5,
    "value_attribute": "total_ad_count",
    "high_spend_share": 0.3,
    "max_missing_share": 1,
    "training_rows": 80,
    "min_customers": 90,
    "k_values": [4, 3],
    "planned_k": [2, 3],
    "final_k": 4,
    "final_method": "agglomerative",
    "final_k_reason": "Sales has 4 teams: 100 % of them say \"vier\" and it's 'fine'",
    "max_encoded_features": 5,
    "famd_axes": [1, 2],
    "training_rows_slow": 50,
    "n_references": 3,
    "replicate_rows": 60,
    "replicate_rows_slow": 40,
    "min_agreement": 0.95,
    "score_margin": 0.25,
    "min_label_effect": 0.8,
    "tree_depth": 2,
    "min_tree_gain": 0.02,
    "golden_min_precision": 0.5,
    "golden_min_recall": 0.3,
    "gamma": 0.7,
    "kprototypes_engine": "kmodes",
    "n_init": 3,
    "n_bootstraps": 7,
    "n_bootstraps_slow": 5,
    "random_seed": 99,
    "report_language": "en",
    "borderline_margin": 0.5,
}
ROWS = 95


@pytest.fixture(scope="module")
def changed(customers: pd.DataFrame, new_project: Callable[..., Project]) -> Project:
    """A build on few customers with every var set to something else than its default."""
    project = new_project("changed", PSEUDONYM_KEY="a secret of some length")
    customer_file = project.folder / "customers.csv"
    customers.head(ROWS).to_csv(customer_file, index=False)
    variables = {**VARS, "customer_file": str(customer_file)}
    expect_success(project.build("no/such/file.csv", variables=variables))
    return project


def parameters(project: Project, parameter: str) -> "pd.Series[float]":
    table = project.query(
        f"select * from ml_kprototypes_parameters where parameter = '{parameter}' order by all"
    )
    return table["value"]


def fitted(project: Project, **settings: Any) -> pd.DataFrame:
    """Fit again what the build fitted, from its own tables, with settings of the caller."""
    encoded = project.query("select * from ml_feature_set_a order by customer_id")
    matrix = candidates.mixed_matrix(
        encoded, project.query("select * from ml_feature_set_a_parameters")
    )
    return candidates.fit_kprototypes(matrix, [3, 4], **settings)


def as_text(table: pd.DataFrame) -> list[str]:
    """Rows in an order of their own, numbers to the last bit, whatever their type."""

    def text(value: Any) -> str | None:
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        return None if value is None else str(float(value) if is_number else value)

    rows = table.astype(object).where(table.notna(), None).itertuples(index=False)
    return sorted(repr([text(value) for value in row]) for row in rows)


def test_every_var_is_changed_here() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    defaults = project["vars"]
    # A build that fits refuses model_version: test_history.
    assert defaults.keys() == {*VARS, "customer_file", "model_version"}
    assert [name for name in VARS if VARS[name] == defaults[name]] == []


def test_bad_settings_are_all_named_before_anything_is_written(
    sample_file: str, spare: Project
) -> None:
    before = spare.fingerprints(MARTS)
    run = spare.build(
        sample_file,
        variables={
            "k_values": [1, 5.0],
            "planned_k": [7, 4],
            "final_k": 6,
            "final_method": "dbscan",
            "max_encoded_features": 0,
            "famd_axes": [0],
            "training_rows_slow": 1,
            "n_references": 1,
            "replicate_rows": 2,
            "replicate_rows_slow": "few",
            "min_agreement": 2,
            "score_margin": -1,
            "min_label_effect": 0.1,
            "tree_depth": 0,
            "min_tree_gain": 2,
            "gamma": -1,
            "kprototypes_engine": "fast",
            "as_of_date": "2025-02-30",
            "force_as_of_date": "maybe",
            "pseudonymize": "yes",
            "min_segment_overlap": 0,
            "n_init": 0,
            "n_bootstraps": 1,
            "n_bootstraps_slow": 0,
            "random_seed": "x",
            "report_language": "fr",
            "high_spend_share": 1,
            "max_missing_share": "0.6",
            "borderline_margin": -0.1,
            "training_rows": 2.5,
            "min_customers": 19,
            "n_bootstrap": 5,
        },
    )
    expect_clean_failure(
        run,
        "Settings that cannot work:",
        "k_values holds 1;",
        "k_values holds 5.0;",
        "final_k is 6, which is not among k_values [1, 5.0]; add it there or choose one of them.",
        "planned_k is [7, 4]; give the lowest and the highest number of segments",
        "final_method is 'dbscan'; give one of kprototypes, famd_kmeans, famd_gmm, agglomerative.",
        "final_k_reason is empty; say why",
        "max_encoded_features is 0;",
        "famd_axes is [0];",
        "training_rows_slow is 1;",
        "n_references is 1; give a whole number of at least 2.",
        "replicate_rows is 2;",
        "replicate_rows_slow is 'few';",
        "min_agreement is 2;",
        "score_margin is -1; give a number from 0 to 4",
        "min_label_effect is 0.1; give a number of at least 0.2, such as 0.5",
        "tree_depth is 0;",
        "min_tree_gain is 2; give a share from 0 to 1, such as 0.05.",
        "gamma is -1; give lambdaest, huang or a number of at least 0.",
        "kprototypes_engine is 'fast'; give native or kmodes.",
        "as_of_date is 2025-02-30; write a date as 'YYYY-MM-DD'.",
        "force_as_of_date is 'maybe'; give true or false.",
        "pseudonymize is 'yes'; give true or false.",
        "min_segment_overlap is 0; give a Jaccard index above 0 and up to 1, such as 0.3.",
        "n_init is 0;",
        "n_bootstraps is 1; give a whole number of at least 2.",
        "n_bootstraps_slow is 0; give a whole number of at least 2.",
        "random_seed is 'x';",
        "report_language is 'fr'; give zh or en.",
        "high_spend_share is 1;",
        "max_missing_share is '0.6';",
        "borderline_margin is -0.1;",
        "training_rows is 2.5;",
        "min_customers is 19; give a whole number of at least 20.",
        "n_bootstrap (--vars) is no var of this project; did you mean n_bootstraps?",
    )
    assert run.statuses == {}
    assert spare.fingerprints(MARTS) == before


def test_customer_file_goes_before_the_environment_variable(changed: Project) -> None:
    # The fixture names a file that does not exist in CUSTOMER_FILE. 95 rows also pass min_customers
    # only because the var arrived: the default is 100.
    assert changed.one("select count(*) from fct_customer_segments") == ROWS


def test_training_rows(changed: Project) -> None:
    assert changed.one("select count(*) from ml_feature_set_a") == 80
    scored = "select count(*) from fct_customer_segments where is_training_customer"
    assert changed.one(scored) == 80


def test_value_attribute_and_high_spend_share(changed: Project) -> None:
    of_segments = changed.query(
        "select segmentation_id, sum(segment_value) as ads from dim_segments group by 1"
    ).set_index("segmentation_id")["ads"]
    of_everyone = changed.one("select sum(total_ad_count) from stg_crm__customers")
    of_training_customers = changed.one(
        "select sum(total_ad_count) from stg_crm__customers "
        "inner join int_training_customers using (customer_id)"
    )
    assert of_segments["agglomerative_k4"] == of_everyone  # the final one
    assert of_segments["kprototypes_k4"] == of_training_customers != of_everyone

    encodings = changed.query("select * from ml_feature_set_a_parameters where encoding = 'target'")
    assert set(encodings.loc[encodings["parameter"] == "mean", "value"]) == {0.3}
    training = changed.query(
        "select fold, total_ad_count as ads from int_training_customers inner join "
        "stg_crm__customers using (customer_id)"
    )
    thresholds = encodings[encodings["parameter"] == "threshold"].set_index("fold")["value"]
    for fold in range(5):
        others = training.loc[training["fold"] != fold, "ads"].fillna(0)
        assert thresholds[fold] == pytest.approx(np.quantile(others, 0.7))


def test_max_missing_share(changed: Project, built: Project) -> None:
    reason = "select reason from rpt_attribute_diagnostics where attribute = 'ads_team_size'"
    assert built.one(reason) == "too_many_unknown"
    assert changed.one(reason) == "clustered"


def test_k_values(changed: Project) -> None:
    ids = changed.query("select segmentation_id from dim_segmentations order by 1")
    methods = ("famd_gmm", "famd_kmeans", "kprototypes")
    assert list(ids["segmentation_id"]) == [
        *(f"agglomerative_k{k}" for k in (2, 3, 4)),
        *(f"{method}_k{k}" for method in methods for k in (3, 4)),
    ]
    assert changed.one("select max(k) from rpt_k_selection where criterion = 'gap'") == 4


def test_a_person_overrules_and_says_why(changed: Project) -> None:
    decision = changed.query("select * from rpt_k_decision").iloc[0]
    assert decision["segmentation_id"] == "agglomerative_k4"
    assert decision["is_override"]
    assert decision["override_reason"] == VARS["final_k_reason"]
    for reason in (decision["reason_en"], decision["reason_zh"]):
        assert VARS["final_k_reason"] in reason
        assert decision["computed_segmentation_id"] in reason
    final = changed.query("select * from dim_segmentations where is_final")
    assert list(final["segmentation_id"]) == ["agglomerative_k4"]
    assert list(final["decided_by"]) == ["final_k"]
    assert changed.one("select count(distinct segment_id) from fct_customer_segments") == 4


def test_max_encoded_features(changed: Project, built: Project) -> None:
    main = "select distinct method from dim_segmentations where is_main_method"
    assert changed.one(main) == "famd_kmeans"
    assert built.one(main) == "kprototypes"
    reason = changed.one("select reason_en from rpt_k_decision")
    assert "features, over 5, so the main method is FAMD + K-Means" in reason


def test_planned_k(changed: Project) -> None:
    ranges = changed.query("select * from ml_technical_range")
    criteria = changed.query("select * from int_k_criteria")
    pd.testing.assert_frame_equal(
        ranges.sort_values("method", ignore_index=True),
        technical_range.of_every_method(criteria, (2, 3)),
        check_dtype=False,
    )


def test_famd_axes(changed: Project) -> None:
    tried = changed.query("select distinct n_axes from ml_famd_axes order by 1")["n_axes"]
    assert list(tried) == [1, 2]
    assert changed.one("select max(axis) from ml_famd_parameters where parameter = 'loading'") == 2


def test_training_rows_slow(changed: Project) -> None:
    in_tree = "select distinct count(*) filter (where is_in_tree) from ml_agglomerative_labels "
    assert list(changed.query(in_tree + "group by segmentation_id").iloc[:, 0]) == [50]


def test_replicates(changed: Project) -> None:
    found = changed.query(
        "select distinct method, criterion, customers, replicates from rpt_k_selection "
        "where criterion in ('gap', 'min_jaccard') order by all"
    )
    assert list(found.itertuples(index=False, name=None)) == [
        ("agglomerative", "gap", 40, 3),
        ("agglomerative", "min_jaccard", 40, 5),
        ("famd_gmm", "min_jaccard", 40, 5),
        ("famd_kmeans", "gap", 60, 3),
        ("famd_kmeans", "min_jaccard", 60, 7),
        ("kprototypes", "gap", 60, 3),
        ("kprototypes", "min_jaccard", 60, 7),
    ]


def test_trees(changed: Project, built: Project) -> None:
    assert changed.one("select distinct max_depth from ml_tree_folds") == 2
    assert built.one("select distinct max_depth from ml_tree_folds") == 3
    customers = changed.query("select * from int_training_feature_set_b order by customer_id")
    labels = changed.query("select * from int_training_labels order by all")
    levels = changed.query("select * from int_attribute_levels")
    attributes = changed.query("select * from data_dictionary")
    features = tree.design(
        customers.drop(columns="customer_id"), levels, tree.ordered_attributes(attributes)
    )
    settings: dict[str, Any] = {
        "max_depth": 2,
        "max_k": 4,
        "min_gain": 0.02,
        "max_customers": 60,
        "seed": 99,
    }
    folds = as_text(changed.query("select * from ml_tree_folds"))
    others = (
        {"max_depth": 3},
        {"max_k": 3},
        {"min_gain": 0.5},
        {"max_customers": 70},
        {"seed": 98},
    )
    for other in ({}, *others):
        again = tree.cross_validate(features, labels, **{**settings, **other}).to_pandas()
        assert (as_text(again) == folds) == (not other), other
    trees = changed.query("select * from int_segment_trees where tree = 'one_segment'")
    assert list(trees["is_used"]) == list(trees["f1_gain"] >= 0.02)
    fitted = rules.fit_trees(
        customers,
        labels,
        levels,
        attributes,
        trees,
        max_depth=2,
        min_precision=0.5,
        seed=99,
    )
    columns = "segmentation_id, leaf, tree, cluster, predicate_sql, customer_ids"
    expected = fitted.to_pandas()[columns.split(", ")]
    assert as_text(changed.query(f"select {columns} from ml_segment_tree")) == as_text(expected)


def test_golden_rules(changed: Project) -> None:
    table = changed.query(
        "select rules.*, is_used from rpt_segment_rules as rules"
        " inner join rpt_segment_trees using (segmentation_id, cluster, tree)"
    )
    good = (table["precision"] >= 0.5) & (table["recall"] >= 0.3) & (table["conditions"] > 0)
    good &= table["is_used"]
    golden = table["is_golden"]
    assert golden.any()
    assert not (golden & ~good).any()
    assert (table[golden].groupby(["segmentation_id", "cluster"]).size() <= 3).all()
    assert (table["conditions"] <= 2).all()
    waiting = table[good & ~golden].groupby(["segmentation_id", "cluster"]).size()
    full = table[golden].groupby(["segmentation_id", "cluster"]).size() == 3
    assert full.loc[waiting.index].all()


def test_min_label_effect(changed: Project, built: Project) -> None:
    weakest = (
        "select min(abs(weakest_effect)) from rpt_segment_labels where verdict like 'clearly%'"
    )
    assert changed.one(weakest) >= 0.8
    assert 0.5 <= built.one(weakest) < 0.8


def test_min_agreement(changed: Project) -> None:
    others = changed.query("select * from dim_segmentations where agreement_with_main is not null")
    disagreeing = others["agreement_with_main"] < 0.95
    assert disagreeing.any()
    assert list(others["unsupported_en"].str.contains("adjusted Rand")) == list(disagreeing)
    assert not others.loc[disagreeing, "is_supported"].any()


def test_the_double_elbow_decides(built: Project) -> None:
    decision = built.query("select * from rpt_k_decision").iloc[0]
    assert not decision["is_override"]
    assert decision["segmentation_id"] == decision["computed_segmentation_id"]
    assert decision["method"] == "kprototypes"
    assert str(decision["k"]) in decision["k_values"].split(",")
    scores = built.query(
        "select segmentation_id, k, sum(contribution) as score, bool_or(is_knocked_out) as is_out "
        "from rpt_k_selection where method = 'kprototypes' and elbow = 'business_value' "
        "and is_in_range group by all"
    )
    scores = scores[~scores["is_out"]] if not scores["is_out"].all() else scores
    close = scores[scores["score"] >= scores["score"].max() - 0.1]
    middle = built.one("select k_middle from ml_technical_range where method = 'kprototypes'")
    nearest = (close["k"] - middle).abs()
    assert decision["k"] in list(close.loc[nearest == nearest.min(), "k"])
    score = scores.loc[scores["k"] == decision["k"], "score"].item()
    assert decision["score"] == pytest.approx(score)
    assert f"K = {decision['k']} scores {score:.2f} of 5" in decision["reason_en"]


def test_score_margin(changed: Project) -> None:
    ranking = changed.query(
        "select * from int_k_ranking where method = 'kprototypes' order by choice_rank"
    )
    first = ranking.iloc[0]
    equals = ranking[
        (ranking["is_in_range"] == first["is_in_range"])
        & (ranking["is_knocked_out"] == first["is_knocked_out"])
    ]
    close = equals[equals["score"] >= equals["score"].max() - 0.25]
    assert first["steps_from_middle"] == close["steps_from_middle"].min()


def test_gamma(changed: Project, built: Project) -> None:
    assert set(parameters(changed, "gamma")) == {0.7}
    assert len(set(parameters(built, "gamma"))) == 1
    assert set(parameters(built, "gamma")) != {0.7}


def test_engine_starts_and_seed(changed: Project) -> None:
    table = as_text(changed.query("select * from ml_kprototypes_parameters"))
    settings: dict[str, Any] = {"engine": "kmodes", "gamma": 0.7, "n_init": 3, "seed": 99}
    assert as_text(fitted(changed, **settings)) == table
    assert as_text(fitted(changed, **{**settings, "engine": "native"})) != table
    assert as_text(fitted(changed, **{**settings, "n_init": 1})) != table
    assert as_text(fitted(changed, **{**settings, "seed": 98})) != table


def test_bootstraps_and_references(changed: Project) -> None:
    encoded = changed.query("select * from ml_feature_set_a order by customer_id")
    matrix = candidates.mixed_matrix(
        encoded, changed.query("select * from ml_feature_set_a_parameters")
    )
    mixtures = changed.query("select * from ml_famd_gmm_parameters")
    labels = changed.query("select * from int_training_labels order by method, k, customer_id")
    settings: dict[str, Any] = {
        "gamma": 0.7,
        "n_axes": int(mixtures["axis"].max()),
        "max_customers": 60,
        "max_customers_slow": 40,
        "seed": 99,
    }
    judged = evidence.measure_stability(
        matrix,
        labels,
        covariance_types=famd_clusters.chosen_covariance_types(mixtures),
        n_bootstraps=7,
        n_bootstraps_slow=5,
        **settings,
    )
    assert as_text(judged) == as_text(changed.query("select * from ml_k_stability"))
    gaps = evidence.measure_gap(
        matrix, changed.query("select * from ml_famd_parameters"), 4, n_references=3, **settings
    )
    assert as_text(gaps) == as_text(changed.query("select * from ml_k_gap"))


def test_parameters_are_in_a_mart(changed: Project, built: Project) -> None:
    table = changed.query("select * from rpt_build_parameters").set_index("parameter")
    settings = table.loc[table["kind"] == "setting", "value"]
    assert settings.to_dict() == {
        name: str(value)
        for name, value in VARS.items()
        if name not in ("as_of_date", "force_as_of_date", "pseudonymize")
    }
    versions = table.loc[table["kind"] == "version", "value"]
    assert versions["duckdb"] == importlib.metadata.version("duckdb")
    assert versions.notna().all()
    defaults = built.query("select * from rpt_build_parameters").set_index("parameter")["value"]
    assert defaults["report_language"] == "zh"
    assert pd.isna(defaults["final_k"])


def test_borderline_margin(changed: Project) -> None:
    table = changed.query("select * from fct_customer_segments")
    expected = table["runner_up_distance"] <= table["distance"] * 1.5
    assert list(table["is_borderline"]) == list(expected)
    assert list(expected) != list(table["runner_up_distance"] <= table["distance"] * 1.1)


def test_as_of_date_is_the_var_else_today_where_dbt_runs(
    changed: Project, built: Project, far_zone: datetime.timezone
) -> None:
    dates = "select distinct as_of_date from fct_customer_segments"
    assert list(changed.query(dates)["as_of_date"]) == [pd.Timestamp("2024-12-31")]
    built_at = datetime.datetime.fromtimestamp(built.database.stat().st_mtime, far_zone)
    started_at = built_at - datetime.timedelta(minutes=3)
    assert pd.Timestamp(built.query(dates)["as_of_date"].item()).date() in {
        built_at.date(),
        started_at.date(),
    }
