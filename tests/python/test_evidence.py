"""The criteria of every candidate: each against the same made by hand, and what they say at last.

The candidates here are fitted as the project fits them, on small data.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from planted_samples import (
    GAMMA,
    by_cluster,
    mixed,
    mixed_data,
    mixed_distances,
    null,
    plain_cost,
    planted,
    value,
)
from scipy.cluster import hierarchy
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples
from sklearn.mixture import GaussianMixture

from segmentation.clustering import agglomerative, candidates, famd, famd_clusters
from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.centroids import draw_rows
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.selection import elbow, evidence
from segmentation.selection.criteria import COLUMNS
from segmentation.selection.stability import bootstrap_stability, kprototypes_refit
from segmentation.selection.technical_range import of_every_method

pytestmark = pytest.mark.usefixtures("one_thread")

KS = [2, 3, 4, 5]
METHODS = ["agglomerative", "famd_gmm", "famd_kmeans", "kprototypes"]
N_AXES = 3
SUBSAMPLES = {"max_customers": 200, "max_customers_slow": 120, "seed": 3}


class Candidates(NamedTuple):
    """What the tables of the project hold."""

    matrix: MixedMatrix
    famd_parameters: pd.DataFrame
    mixtures: pd.DataFrame
    labels: pd.DataFrame

    def clusters(self, method: str, k: int) -> np.ndarray:
        rows = self.labels[(self.labels["method"] == method) & (self.labels["k"] == k)]
        return rows["cluster"].to_numpy()

    @property
    def coordinates(self) -> np.ndarray:
        return famd.coordinates(self.matrix, self.famd_parameters, N_AXES)

    def stability(self, **settings: int) -> pd.DataFrame:
        return evidence.measure_stability(
            self.matrix,
            self.labels,
            gamma=GAMMA,
            n_axes=N_AXES,
            covariance_types=famd_clusters.chosen_covariance_types(self.mixtures),
            **settings,
        )

    def gap(self, **settings: int) -> pd.DataFrame:
        return evidence.measure_gap(
            self.matrix,
            self.famd_parameters,
            max(KS),
            gamma=GAMMA,
            n_axes=N_AXES,
            **settings,
        )

    def judge(self) -> pd.DataFrame:
        return evidence.judge(self.matrix, self.labels, GAMMA, self.mixtures)


def fit_candidates(matrix: MixedMatrix, ks: list[int] = KS) -> Candidates:
    ids = pd.Series([f"c{i:05}" for i in range(len(matrix.codes))])
    prototypes = candidates.fit_kprototypes(matrix, ks, gamma=GAMMA, n_init=3)
    famd_parameters = famd.as_rows(famd.fit(matrix, 5))
    coordinates = famd.coordinates(matrix, famd_parameters, N_AXES)
    kmeans = famd_clusters.fit_kmeans(coordinates, ks, n_init=3)
    mixtures = famd_clusters.fit_gmm(coordinates, ks)
    rows = mixtures.as_rows(famd_clusters.inspect_components(coordinates, mixtures.parameters))
    one_hot = pd.DataFrame(candidates.one_hot_matrix(matrix)).rename(columns=str)
    labels = pd.concat(
        [
            candidates.assign(ids, matrix, prototypes),
            famd_clusters.assign(ids, coordinates, kmeans, rows),
            agglomerative.fit(ids, one_hot, ks).labels,
        ]
    )[["customer_id", "segmentation_id", "k", "cluster"]]
    labels["method"] = labels["segmentation_id"].str.rsplit("_k", n=1).str[0]
    return Candidates(
        matrix,
        famd_parameters,
        rows,
        labels.sort_values(["method", "k", "customer_id"], ignore_index=True),
    )


def of(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    return rows[rows["method"] == method].reset_index(drop=True)


def take(matrix: MixedMatrix, rows: np.ndarray) -> MixedMatrix:
    return mixed(matrix.numeric[rows], matrix.codes[rows], matrix.n_levels)


@pytest.fixture(scope="module")
def fits() -> Candidates:
    matrix, _ = planted(4, n=240, seed=2)
    noise = np.random.default_rng(9).standard_normal((240, 3)) * 1.5
    return fit_candidates(mixed(matrix.numeric + noise, matrix.codes, matrix.n_levels))


class TestJudge:
    @pytest.fixture
    def judged(self, fits):
        return fits.judge()

    def test_is_tidy(self, judged):
        assert list(judged) == COLUMNS
        assert sorted(judged["method"].unique()) == METHODS
        assert not judged.duplicated(["method", "k", "cluster", "criterion"]).any()
        assert (judged["customers"] == 240).all()
        assert judged["replicates"].isna().all()

    @pytest.mark.parametrize("method", METHODS)
    def test_one_cluster_costs_all_scatter_and_mismatches(self, fits, judged, method):
        matrix = fits.matrix
        scatter = 240 * matrix.numeric.var(axis=0).sum()
        mismatches = sum(240 - np.bincount(column).max() for column in matrix.codes.T)
        of_method = of(judged, method)
        assert value(of_method, 1, "cost") == pytest.approx(scatter + GAMMA * mismatches)
        of_one = of_method[of_method["k"] == 1]
        assert sorted(of_one["criterion"]) == ["cost", "customers", "smallest_share"]

    @pytest.mark.parametrize("method", METHODS)
    def test_every_method_in_the_same_distances(self, fits, judged, method):
        distances = mixed_distances(fits.matrix)
        of_method = of(judged, method)
        for k in KS:
            labels = fits.clusters(method, k)
            assert value(of_method, k, "cost") == pytest.approx(plain_cost(fits.matrix, labels))
            widths = silhouette_samples(distances, labels, metric="precomputed")
            assert value(of_method, k, "mean_silhouette") == pytest.approx(widths.mean())
            means = [widths[labels == c].mean() for c in range(k)]
            assert by_cluster(of_method, k, "silhouette") == pytest.approx(means)

    def test_bic_and_icl_of_mixtures(self, fits, judged):
        coordinates, found = fits.coordinates, of(judged, "famd_gmm")
        bics, icls = {}, {}
        for k in KS:
            fitted = [
                GaussianMixture(
                    k, covariance_type=kind, n_init=2, max_iter=500, random_state=k
                ).fit(coordinates)
                for kind in famd_clusters.COVARIANCE_TYPES
            ]
            best = min(fitted, key=lambda mixture: mixture.bic(coordinates))
            bics[k] = best.bic(coordinates)
            uncertainty = 0.0
            for posterior in best.predict_proba(coordinates):
                uncertainty -= math.log(max(posterior))
            icls[k] = bics[k] + 2 * uncertainty
            assert value(found, k, "bic") == pytest.approx(bics[k])
            assert value(found, k, "icl") == pytest.approx(icls[k])
            verdict = value(found, k, "bic", "verdict").split("; ")[0]
            assert verdict == f"{best.covariance_type} covariances"
            assert value(found, k, "collapsed_components") == 0
        for criterion, of_k in (("bic", bics), ("icl", icls)):
            for k in KS:
                is_lowest = value(found, k, criterion, "verdict").endswith("lowest")
                assert is_lowest == (k == min(of_k, key=of_k.get))
        assert not judged.loc[judged["method"] != "famd_gmm", "criterion"].isin(["bic"]).any()

    def test_collapsed_components_are_named(self, fits):
        mixtures = fits.mixtures.copy()
        for k, cluster in ((3, 2), (5, 4), (5, 1)):
            mixtures.loc[
                (mixtures["segmentation_id"] == f"famd_gmm_k{k}")
                & (mixtures["parameter"] == "is_collapsed")
                & (mixtures["cluster"] == cluster),
                "value",
            ] = 1.0
        found = of(evidence.judge(fits.matrix, fits.labels, GAMMA, mixtures), "famd_gmm")
        verdicts = {k: value(found, k, "collapsed_components", "verdict") for k in KS}
        assert verdicts == {
            2: "",
            3: "collapsed: cluster 2",
            4: "",
            5: "collapsed: cluster 1, 4",
        }
        assert [value(found, k, "collapsed_components") for k in KS] == [0, 1, 0, 2]

    def test_order_of_customers_and_of_rows(self, fits, judged):
        order = np.random.default_rng(0).permutation(240)
        labels = pd.concat(
            [rows.iloc[order] for _, rows in fits.labels.groupby("segmentation_id")][::-1]
        )
        mixtures = fits.mixtures.sample(frac=1, random_state=1)
        again = evidence.judge(take(fits.matrix, order), labels, GAMMA, mixtures)
        pd.testing.assert_frame_equal(again, judged)

    def test_a_component_of_nobody(self, fits):
        labels = fits.labels.copy()
        emptied = (labels["segmentation_id"] == "famd_gmm_k2") & (labels["cluster"] == 1)
        labels.loc[emptied, "cluster"] = 0
        found = of(evidence.judge(fits.matrix, labels, GAMMA, fits.mixtures), "famd_gmm")
        assert by_cluster(found, 2, "customers") == [240, 0]
        assert value(found, 2, "mean_silhouette") == 0.0
        assert value(found, 2, "cost") == value(found, 1, "cost")


class TestStability:
    @pytest.fixture(scope="class")
    @staticmethod
    def measured(fits):
        return fits.stability(n_bootstraps=4, **SUBSAMPLES)

    @pytest.mark.parametrize("method", METHODS)
    def test_every_method_is_the_bootstrap_of_the_customers_drawn(self, fits, measured, method):
        rows = draw_rows(240, 120 if method in ("agglomerative", "famd_gmm") else 200, 3)
        some = take(fits.matrix, rows)
        types = famd_clusters.chosen_covariance_types(fits.mixtures)
        refit = {
            "kprototypes": kprototypes_refit(some, 5, GAMMA),
            "famd_kmeans": famd_clusters.kmeans_refit(some, N_AXES, KS),
            "famd_gmm": famd_clusters.gmm_refit(some, N_AXES, types),
            "agglomerative": agglomerative.ward_refit(candidates.one_hot_matrix(some), KS),
        }[method]
        expected = bootstrap_stability(
            {k: fits.clusters(method, k)[rows] for k in KS},
            refit,
            method=method,
            n_bootstraps=4,
            seed=3,
        )
        pd.testing.assert_frame_equal(of(measured, method), expected, check_exact=True)

    def test_says_of_how_many_customers(self, measured):
        assert measured.groupby("method")["customers"].unique().map(list).to_dict() == {
            "agglomerative": [120],
            "famd_gmm": [120],
            "famd_kmeans": [200],
            "kprototypes": [200],
        }
        assert (measured["replicates"] == 4).all()
        assert len(measured) == 4 * sum(k + 1 for k in KS)

    def test_everyone_where_there_are_not_too_many(self, fits):
        measured = fits.stability(n_bootstraps=2)
        assert (measured["customers"] == 240).all()

    def test_a_method_with_other_k(self, fits):
        of_two = fits.labels["segmentation_id"].isin(["agglomerative_k2", "famd_gmm_k4"])
        some = fits._replace(labels=fits.labels[of_two])
        measured = some.stability(n_bootstraps=2)
        found = measured.groupby("method")["k"].unique().map(list).to_dict()
        assert found == {"agglomerative": [2], "famd_gmm": [4]}

    def test_same_bits_with_any_number_of_threads(self, fits, measured, monkeypatch):
        for threads in (1, 4):
            monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
            again = fits.stability(n_bootstraps=4, **SUBSAMPLES)
            pd.testing.assert_frame_equal(again, measured, check_exact=True)

    def test_fewer_customers_than_clusters_in_a_bootstrap(self):
        matrix, _ = planted(4, n=8)
        measured = fit_candidates(matrix, [2, 3, 6]).stability(n_bootstraps=10)
        assert sorted(measured["method"].unique()) == METHODS
        assert measured["value"].between(0, 1).all()
        least = measured[measured["criterion"] == "min_jaccard"]
        assert len(least) == 4 * 3
        assert (least["value"] > 0).all()


def plain_uniform_gap(points: np.ndarray, k_max: int, n_references: int, seed: int):
    """The gap of K-Means, everything one after the other, from the same random numbers."""
    streams = np.random.default_rng(seed).spawn(1 + n_references)

    def log_costs(data, rng):
        logs = []
        for k in range(1, k_max + 1):
            fitted = KMeans(k, n_init=2, random_state=int(rng.integers(2**31))).fit(data)
            own = fitted.cluster_centers_[fitted.labels_]
            logs.append(math.log(((data - own) ** 2).sum()))
        return logs

    observed = log_costs(points, streams[0])
    middle = points.mean(axis=0)
    directions = np.linalg.svd(points - middle, full_matrices=False)[2]
    along = (points - middle) @ directions.T
    references = []
    for rng in streams[1:]:
        drawn = rng.uniform(along.min(axis=0), along.max(axis=0), size=points.shape)
        references.append(log_costs(drawn @ directions + middle, rng))
    gap, s = [], []
    for k in range(k_max):
        logs = [of_reference[k] for of_reference in references]
        mean = sum(logs) / n_references
        sd = math.sqrt(sum((log - mean) ** 2 for log in logs) / n_references)
        gap.append(mean - observed[k])
        s.append(sd * math.sqrt(1 + 1 / n_references))
    return observed, gap, s


class TestGap:
    @pytest.fixture(scope="class")
    @staticmethod
    def measured(fits):
        return fits.gap(n_references=4, **SUBSAMPLES)

    def test_kmeans_by_a_plain_loop(self, fits, measured):
        points = fits.coordinates[draw_rows(240, 200, 3)]
        observed, gap, s = plain_uniform_gap(points, 5, 4, seed=3)
        found = of(measured, "famd_kmeans")
        for at in range(5):
            assert value(found, at + 1, "log_cost") == pytest.approx(observed[at], abs=1e-9)
            assert value(found, at + 1, "gap") == pytest.approx(gap[at], abs=1e-9)
            assert value(found, at + 1, "gap", "std_error") == pytest.approx(s[at], abs=1e-9)

    def test_ward_by_scipy(self, fits, measured):
        some = take(fits.matrix, draw_rows(240, 120, 3))
        points = candidates.one_hot_matrix(some)
        linkage = hierarchy.linkage(points, "ward")
        found = of(measured, "agglomerative")
        for k in range(1, 6):
            labels = hierarchy.fcluster(linkage, k, "maxclust")
            within = sum(
                ((points[labels == c] - points[labels == c].mean(axis=0)) ** 2).sum()
                for c in np.unique(labels)
            )
            assert value(found, k, "log_cost") == pytest.approx(math.log(within), abs=1e-9)

    def test_kprototypes_by_a_path_and_brute_force(self, fits, measured):
        some = take(fits.matrix, draw_rows(240, 200, 3))
        rng = np.random.default_rng(3).spawn(1)[0]
        path = fit_path(mixed_data(some), 5, rng)
        found = of(measured, "kprototypes")
        for k in range(1, 6):
            cost = plain_cost(some, path[k].labels)
            assert value(found, k, "log_cost") == pytest.approx(math.log(cost), abs=1e-9)

    def test_says_of_how_many_customers(self, measured):
        assert measured.groupby("method")["customers"].unique().map(list).to_dict() == {
            "agglomerative": [120],
            "famd_kmeans": [200],
            "kprototypes": [200],
        }
        assert (measured["replicates"] == 4).all()
        assert sorted(measured["k"].unique()) == [1, *KS]

    def test_same_bits_with_any_number_of_threads(self, fits, measured, monkeypatch):
        for threads in (1, 4):
            monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
            again = fits.gap(n_references=4, **SUBSAMPLES)
            pd.testing.assert_frame_equal(again, measured, check_exact=True)


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_one_kind_of_columns(kind):
    matrix, _ = planted(3, n=150)
    none = np.empty((150, 0))
    if kind == "numbers":
        matrix = mixed(matrix.numeric, none, [])
    else:
        matrix = mixed(none, matrix.codes, matrix.n_levels)
    fits = fit_candidates(matrix, [2, 3])
    rows = pd.concat([fits.judge(), fits.stability(n_bootstraps=3), fits.gap(n_references=3)])
    assert rows.loc[rows["criterion"] != "silhouette", "value"].notna().all()
    assert not rows.duplicated(["method", "k", "cluster", "criterion"]).any()
    found = of_every_method(rows).set_index("method")
    assert found.index.tolist() == METHODS
    assert found["k_values"]["kprototypes"] == "3"


def ranges(matrix: MixedMatrix) -> pd.DataFrame:
    fits = fit_candidates(matrix, [2, 3, 4, 5, 6, 7])
    rows = [fits.judge(), fits.stability(n_bootstraps=8)]
    rows.append(
        evidence.measure_gap(
            matrix, fits.famd_parameters, 7, gamma=GAMMA, n_axes=N_AXES, n_references=8
        )
    )
    assert len(elbow.agreement_by_k(fits.labels)) == 6 * 4 * 3
    return of_every_method(pd.concat(rows)).set_index("method")


@pytest.mark.parametrize("seed", [0, 1])
def test_null_data_support_no_segments(seed):
    found = ranges(null(n=400, seed=seed))
    for method in ("kprototypes", "famd_kmeans", "agglomerative"):
        assert found["support"][method] == "unsupported"
        assert found["k_values"][method] == "4,5,6,7"
        assert not found["meets_plan"][method]
    assert found["support"]["famd_gmm"] != "supported"


@pytest.mark.parametrize("k", [4, 5])
def test_planted_segments_are_supported(k):
    found = ranges(planted(k, n=400, seed=k)[0])
    for method in ("kprototypes", "famd_kmeans", "agglomerative"):
        assert found["support"][method] == "supported"
        assert found["k_values"][method] == str(k)
        assert found["meets_plan"][method]
