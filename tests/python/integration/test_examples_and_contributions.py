"""Typical and borderline customers, and why a customer is in its segment, for every method."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from project import BRISK, Project, expect_success
from scipy.special import logsumexp

SEED = 11
METHODS = ["kprototypes", "agglomerative", "famd_kmeans", "famd_gmm"]
FINAL = (
    "int_method_parameters",
    "int_fitted_parameters",
    "int_fitted_model",
    "dim_models",
    "dim_model_segments",
    "fct_model_parameters",
    "int_model_in_use",
    "int_scoring_features",
    "int_customer_scores",
    "delivered_scores_equal_candidate_scores",
    "int_final_clusters",
    "int_final_customers",
    "int_customer_silhouettes",
    "fct_customer_segments",
    "int_final_prototypes",
    "int_final_positions",
    "int_final_typical_values",
    "int_customer_values",
    "fct_customer_contributions",
    "contributions_add_up_to_the_distances",
)
"""What depends on which segmentation is final, as far as contributions need it, and its tests."""


@pytest.fixture(scope="module", params=METHODS)
def final(
    built: Project,
    sample_file: Path,
    request: pytest.FixtureRequest,
    new_project: Callable[..., Project],
) -> Project:
    """The project with a segmentation of each method as the final one."""
    if request.param == built.one("select method from rpt_k_decision"):
        return built
    project = new_project(request.param)
    shutil.copy(built.database, project.database)
    with duckdb.connect(str(project.database)) as connection:
        connection.execute(
            "update rpt_k_decision set method = $1, k = 4, segmentation_id = $1 || '_k4'",
            [request.param],
        )
    expect_success(project.build(sample_file, variables=BRISK, select=FINAL, tests=True))
    return project


class Recomputed:
    """Contributions of every attribute from Python's features and the fitted parameters."""

    def __init__(self, project: Project) -> None:
        self.project = project
        decision = project.query("select * from rpt_k_decision").iloc[0]
        self.segmentation, self.method = decision["segmentation_id"], decision["method"]
        self.features = project.query("select * from ml_feature_set_a").set_index("customer_id")
        parameters = project.query("select * from ml_feature_set_a_parameters")
        self.encodings = parameters.groupby("attribute")["encoding"].first()

    @cache  # noqa: B019 - lives as long as the test
    def fitted(self, table: str) -> pd.DataFrame:
        return self.project.query(
            f"select * from {table} where segmentation_id = '{self.segmentation}' order by all"
        )

    def of(self, table: str, parameter: str, cluster: int | None = None) -> pd.DataFrame:
        """Give the fitted numbers of the final segmentation, or of one of its clusters."""
        rows = self.fitted(table)
        rows = rows[rows["parameter"] == parameter]
        return rows if cluster is None else rows[rows["cluster"] == cluster]

    def kprototypes(self, customer: str, cluster: int) -> dict[str, float]:
        centers = self.of("ml_kprototypes_parameters", "center", cluster)
        modes = self.of("ml_kprototypes_parameters", "mode", cluster)
        gamma = self.of("ml_kprototypes_parameters", "gamma")["value"].item()
        values = self.features.loc[customer]
        found = {
            row.attribute: (values[row.attribute] - row.value) ** 2 for row in centers.itertuples()
        }
        for row in modes.itertuples():
            found[row.attribute] = gamma * (str(values[row.attribute]) != row.level)
        return found

    def agglomerative(self, customer: str, cluster: int) -> dict[str, float]:
        centers = self.of("ml_agglomerative_parameters", "center", cluster)
        values = self.features.loc[customer]
        found = dict.fromkeys(centers["attribute"], 0.0)
        for row in centers.itertuples():
            value = values[row.attribute]
            number = float(value) if pd.isna(row.level) else float(value == row.level)
            found[row.attribute] += (number - row.value) ** 2
        return found

    @cached_property
    def ways(self) -> dict[str, np.ndarray]:
        """Give what each attribute adds to the coordinates of every customer, (n, axes)."""
        parameters = self.project.query("select * from ml_famd_parameters order by axis")
        loadings = parameters[parameters["parameter"] == "loading"]
        found = {}
        for attribute, rows in loadings.groupby("attribute"):
            if rows["level"].isna().all():
                of_number = parameters[parameters["attribute"] == attribute]
                of_number = of_number.set_index("parameter")["value"]
                center, std = of_number["center"], of_number["std"]
                z = (self.features[attribute].to_numpy() - center) / std
                found[attribute] = np.outer(z, rows["value"])
            else:
                by_level = rows.pivot(index="level", columns="axis", values="value")
                found[attribute] = by_level.loc[self.features[attribute].astype(str)].to_numpy()
        return found

    def famd(self, customer: str, cluster: int, table: str, parameter: str) -> dict[str, float]:
        """Take the (half squared) length of the way from a center apart by attribute."""
        center = self.of(table, parameter, cluster)["value"].to_numpy()
        metric = self.metric(cluster, len(center))
        place = self.features.index.get_loc(customer)
        ways = {attribute: way[:, : len(center)] for attribute, way in self.ways.items()}
        all_ways = sum(ways.values()) - self.constants[: len(center)]
        rest = (center - all_ways[self.labels == cluster].mean(axis=0)) / len(ways)
        whole = metric @ (all_ways[place] - center)
        return {
            attribute: float(whole @ (way[place] - way[self.labels == cluster].mean(axis=0) - rest))
            for attribute, way in ways.items()
        }

    @cached_property
    def constants(self) -> np.ndarray:
        return self.project.query(
            "select value from ml_famd_parameters where parameter = 'constant' order by axis"
        )["value"].to_numpy()

    @cached_property
    def labels(self) -> np.ndarray:
        labels = self.project.query(
            "select customer_id, cluster from int_training_labels "
            f"where segmentation_id = '{self.segmentation}'"
        ).set_index("customer_id")
        return labels["cluster"].loc[self.features.index].to_numpy()

    def metric(self, cluster: int, n_axes: int) -> np.ndarray:
        if self.method == "famd_kmeans":
            return np.eye(n_axes)
        cholesky = self.of("ml_famd_gmm_parameters", "precision_cholesky", cluster)
        by_axis = cholesky.pivot(index="axis", columns="other_axis", values="value")
        return 0.5 * by_axis.to_numpy() @ by_axis.to_numpy().T

    def famd_kmeans(self, customer: str, cluster: int) -> dict[str, float]:
        return self.famd(customer, cluster, "ml_famd_kmeans_parameters", "center")

    def famd_gmm(self, customer: str, cluster: int) -> dict[str, float]:
        constants, densities = [], []
        for component in range(int(self.of("ml_famd_gmm_parameters", "k")["value"].item())):
            weight, determinant = (
                self.of("ml_famd_gmm_parameters", parameter, component)["value"].item()
                for parameter in ("weight", "log_determinant")
            )
            constants.append(np.log(weight) + determinant)
            half = sum(self.famd(customer, component, "ml_famd_gmm_parameters", "mean").values())
            densities.append(constants[-1] - half)
        found = self.famd(customer, cluster, "ml_famd_gmm_parameters", "mean")
        found["size_and_spread"] = float(logsumexp(densities)) - constants[cluster]
        return found


def test_contributions_by_brute_force(final: Project) -> None:
    recomputed = Recomputed(final)
    contributions_of: Callable[[str, int], dict[str, float]] = getattr(
        recomputed, recomputed.method
    )
    segments = final.query("select * from fct_customer_segments order by customer_id")
    handful = np.random.default_rng(SEED).choice(len(segments), size=6, replace=False)
    for customer in segments.iloc[handful].itertuples():
        rows = final.query(
            f"select * from fct_customer_contributions where customer_id = '{customer.customer_id}'"
        ).set_index("attribute")
        own = pd.Series(contributions_of(customer.customer_id, customer.cluster))
        other = pd.Series(contributions_of(customer.customer_id, customer.runner_up_cluster))
        assert set(rows.index) == set(own.index)
        for found, expected in (
            (rows["own_contribution"], own),
            (rows["runner_up_contribution"], other),
            (rows["difference"], other - own),
        ):
            np.testing.assert_allclose(found.loc[own.index], expected, rtol=1e-9, atol=1e-9)
        order = rows.reset_index().sort_values(["difference", "attribute"], ascending=[False, True])
        assert list(order["contribution_rank"]) == list(range(1, len(rows) + 1))
        assert set(rows["segment_id"]) == {customer.segment_id}


def test_the_words_of_a_contribution_fit_its_number(built: Project) -> None:
    """A category costs nothing exactly where the customer's level is called the typical one."""
    rows = built.query(
        "select contributions.*, features.encoding from fct_customer_contributions as contributions"
        " inner join (select distinct attribute, encoding from ml_feature_set_a_parameters)"
        " as features using (attribute)"
    )
    categories = rows[rows["encoding"] == "nominal"]
    for language in ("zh", "en"):
        typical = categories[f"own_typical_{language}"].str.replace(
            r" ?[（(][<>]?[\d.]+%[)）]$", "", regex=True
        )
        same = categories[f"value_{language}"] == typical
        assert list(same) == list(categories["own_contribution"] == 0)
    assert rows["value_zh"].notna().all()
    assert rows["runner_up_typical_en"].notna().all()


def test_a_customer_s_own_values_in_words(built: Project) -> None:
    rows = built.query("select * from fct_customer_contributions")
    words = rows.pivot(index="customer_id", columns="attribute", values="value_en")
    staged = built.query("select * from stg_crm__customers").set_index("customer_id")
    staged = staged.loc[words.index]
    spend = words["month_avg_spend_amt"].str.extract(r"^\$([\d,.]+) a month$")[0]
    found = spend.str.replace(",", "").astype(float)
    np.testing.assert_allclose(found, staged["month_avg_spend_amt"], rtol=0.006, atol=0.005)
    days = words["avg_monthly_active_days"]
    assert list(days == "unknown") == list(staged["avg_monthly_active_days"].isna())
    assert (days == "unknown").any()
    unknown = words["top_l2_category"].str.startswith("Unknown (")
    assert list(unknown) == list(staged["top_l2_category"].isna())


@pytest.fixture(scope="module")
def examples(built: Project) -> pd.DataFrame:
    return built.query(
        "select * from rpt_segment_examples order by segmentation_id, cluster, kind, example_rank"
    )


def test_examples_are_the_nearest_and_the_most_undecided(
    built: Project, examples: pd.DataFrame
) -> None:
    scores = built.query("select * from int_candidate_scores order by customer_id")
    is_mixture = scores["method"] == "famd_gmm"
    ratio = scores["distance"] / scores["runner_up_distance"]
    odds = np.exp(scores["distance"] - scores["runner_up_distance"])
    scores["closeness"] = ratio.where(~is_mixture, odds)
    scores["remoteness"] = scores["distance"].where(~is_mixture, -scores["log_density"])
    scores["decision"] = -np.minimum(scores["closeness"], 1 / scores["closeness"])
    for (name, cluster), found in examples.groupby(["segmentation_id", "cluster"]):
        members = scores[(scores["segmentation_id"] == name) & (scores["cluster"] == cluster)]
        typical = members[members["closeness"] < 1].sort_values(["remoteness", "customer_id"])
        peopled = set(examples.loc[examples["segmentation_id"] == name, "cluster"])
        undecided = members[members["runner_up_cluster"].isin(peopled)]
        undecided = undecided.sort_values(["decision", "customer_id"])
        for kind, expected in (("typical", typical), ("borderline", undecided)):
            rows = found[found["kind"] == kind]
            assert list(rows["customer_id"]) == list(expected["customer_id"].head(5)), (name, kind)
            np.testing.assert_allclose(
                rows["runner_up_closeness"], expected["closeness"].head(5), rtol=1e-9
            )
    everything = built.query("select segmentation_id, cluster, segment_id from dim_segments")
    keys = ["segmentation_id", "cluster", "segment_id"]
    assert set(map(tuple, examples[keys].to_numpy())) == set(map(tuple, everything.to_numpy()))


def test_key_figures_are_the_customer_s(built: Project, examples: pd.DataFrame) -> None:
    staged = built.query("select * from stg_crm__customers").set_index("customer_id")
    spend = staged["month_avg_spend_amt"].loc[examples["customer_id"]]
    assert list(examples["customer_value"]) == list(spend)
    media = staged["main_media"].loc[examples["customer_id"]].fillna("unknown")
    labels = built.query(
        "select level, label_en, label_zh from dim_attribute_levels where attribute = 'main_media'"
    ).set_index("level")
    for row, value, level in zip(examples.itertuples(), spend, media, strict=True):
        digits = f"{value:,.0f}" if value >= 100 else f"{value:,.{1 if value >= 10 else 2}f}"
        digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
        assert row.figures_en.startswith(f"Spend per month: ${digits}; Peak month over first month")
        assert row.figures_zh.startswith(f"月均消耗：{digits} 美元；")
        assert f"; Main media: {labels.loc[level, 'label_en']}; " in row.figures_en
        assert f"；主要媒体：{labels.loc[level, 'label_zh']}；" in row.figures_zh
        assert row.figures_en.count("; ") == row.figures_zh.count("；") == 7
