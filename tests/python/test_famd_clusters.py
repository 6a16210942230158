"""K-Means and Gaussian mixtures on FAMD's axes against scikit-learn, and scored in SQL."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from mixed_samples import customers, mixed
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from segmentation.clustering import famd, famd_clusters
from segmentation.clustering.centroids import draw_rows
from segmentation.errors import InputError
from segmentation.selection.stability import bootstrap_stability

N = 600
IDS = pd.Series([f"c{i:05}" for i in range(N)])


@pytest.fixture(scope="module")
def coordinates() -> np.ndarray:
    rng = np.random.default_rng(8)
    group = rng.choice(3, N, p=[0.5, 0.3, 0.2])
    middle = np.array([[0.0, 0.0, 0.0], [4.0, 1.0, 0.0], [-1.0, 4.0, 2.0]])
    spread = np.array([[1.0, 0.5, 0.3], [0.4, 1.2, 0.6], [0.8, 0.3, 1.0]])
    return middle[group] + rng.normal(size=(N, 3)) * spread[group]


@pytest.fixture(scope="module")
def kmeans(coordinates) -> pd.DataFrame:
    return famd_clusters.fit_kmeans(coordinates, [2, 3, 5], seed=3)


@pytest.fixture(scope="module")
def mixtures(coordinates) -> famd_clusters.Mixtures:
    return famd_clusters.fit_gmm(coordinates, [1, 2, 3, 5], seed=3)


def of(table: pd.DataFrame, segmentation_id: str) -> pd.DataFrame:
    return table[table["segmentation_id"] == segmentation_id].reset_index(drop=True)


def values(parameters: pd.DataFrame, parameter: str) -> np.ndarray:
    rows = parameters[parameters["parameter"] == parameter]
    return rows.sort_values(["cluster", "axis", "other_axis"])["value"].to_numpy()


def test_kmeans_is_that_of_scikit_learn(coordinates, kmeans):
    labels = famd_clusters.assign_kmeans(IDS, coordinates, kmeans)
    for k in (2, 3, 5):
        ours = of(labels, f"famd_kmeans_k{k}")
        with threadpool_limits(limits=1):
            theirs = KMeans(k, n_init=10, random_state=3 + k).fit(coordinates)
        assert adjusted_rand_score(theirs.labels_, ours["cluster"]) == 1
        assert ours["distance"].sum() == pytest.approx(theirs.inertia_)
        sizes = ours["cluster"].value_counts().sort_index()
        assert list(sizes) == sorted(sizes, reverse=True)
        assert list(sizes) == list(values(of(kmeans, f"famd_kmeans_k{k}"), "size"))
        assert (ours["k"] == k).all()


@pytest.mark.parametrize("kind", famd_clusters.COVARIANCE_TYPES)
def test_posteriors_are_those_of_scikit_learn(coordinates, kind):
    found = famd_clusters.fit_gmm(coordinates, [3], covariance_types=[kind], n_init=1, seed=3)
    theirs = GaussianMixture(3, covariance_type=kind, max_iter=500, random_state=6)
    theirs.fit(coordinates)
    order = np.argsort(-np.bincount(theirs.predict(coordinates)), kind="stable")
    expected = theirs.predict_proba(coordinates)[:, order]

    ours = famd_clusters.posteriors(IDS, coordinates, found.parameters)
    wide = ours.pivot(index="customer_id", columns="cluster", values="probability")
    np.testing.assert_allclose(wide, expected, atol=1e-9)
    np.testing.assert_allclose(wide.sum(axis=1), 1, rtol=1e-12)
    labels = famd_clusters.assign_gmm(IDS, coordinates, found.parameters)
    np.testing.assert_array_equal(labels["cluster"], expected.argmax(axis=1))
    np.testing.assert_allclose(labels["probability"], expected.max(axis=1), atol=1e-9)

    criteria = found.criteria.set_index("criterion")["value"]
    assert criteria["bic"] == pytest.approx(theirs.bic(coordinates))
    assert criteria["log_likelihood"] == pytest.approx(theirs.score(coordinates))
    assert criteria["converged"] == 1
    # mclust's ICL: certainty about everyone costs nothing.
    uncertainty = -2 * np.log(expected.max(axis=1)).sum()
    assert criteria["icl"] == pytest.approx(theirs.bic(coordinates) + uncertainty)


def test_of_many_customers_some_are_fitted_and_all_are_counted(coordinates):
    found = famd_clusters.fit_gmm(
        coordinates, [3], covariance_types=["full"], n_init=1, max_customers=100, seed=3
    )
    theirs = GaussianMixture(3, max_iter=500, random_state=6)
    theirs.fit(coordinates[draw_rows(len(coordinates), 100, 3)])
    criteria = found.criteria.set_index("criterion")["value"]
    assert criteria["bic"] == pytest.approx(theirs.bic(coordinates))
    sizes = found.parameters.loc[found.parameters["parameter"] == "size", "value"]
    assert sizes.tolist() == sorted(np.bincount(theirs.predict(coordinates)), reverse=True)


def test_the_covariance_type_with_the_lowest_bic_is_kept(coordinates, mixtures):
    bic = mixtures.criteria[mixtures.criteria["criterion"] == "bic"]
    assert len(bic) == 4 * 4
    for k, of_k in bic.groupby("k"):
        assert of_k["is_chosen"].sum() == 1
        assert of_k.loc[of_k["is_chosen"], "value"].item() == of_k["value"].min()
        kind = of_k.loc[of_k["is_chosen"], "covariance_type"].item()
        alone = famd_clusters.fit_gmm(coordinates, [int(k)], covariance_types=[kind], seed=3)
        pd.testing.assert_frame_equal(
            alone.parameters, of(mixtures.parameters, f"famd_gmm_k{k}"), check_exact=True
        )
    # Diagonal components were drawn, and three of them.
    assert bic.loc[bic["value"].idxmin(), ["k", "covariance_type"]].tolist() == [3, "diag"]


def test_components_are_ordered_by_their_customers(coordinates, mixtures):
    labels = famd_clusters.assign_gmm(IDS, coordinates, mixtures.parameters)
    for k in (2, 3, 5):
        sizes = np.bincount(of(labels, f"famd_gmm_k{k}")["cluster"], minlength=k)
        assert list(sizes) == sorted(sizes, reverse=True)
        parameters = of(mixtures.parameters, f"famd_gmm_k{k}")
        assert list(values(parameters, "size")) == list(sizes)
        assert values(parameters, "weight").sum() == pytest.approx(1)
    assert (of(labels, "famd_gmm_k1")["probability"] == 1).all()


def test_a_collapsed_component_is_reported():
    rng = np.random.default_rng(0)
    spike = np.tile([6.0, 0.0], (150, 1)) + rng.normal(size=(150, 2)) * [0.5, 1e-4]
    few = rng.normal(size=(5, 2)) * 0.3 + [0.0, 15.0]
    points = np.concatenate([rng.normal(size=(845, 2)), spike, few])
    mixtures = famd_clusters.fit_gmm(points, [3], covariance_types=["full"])
    report = famd_clusters.inspect_components(points, mixtures.parameters)
    assert list(report["customers"]) == [845, 150, 5]
    assert list(report["is_small"]) == [False, False, True]
    assert list(report["is_flat"]) == [False, True, False]
    assert list(report["is_collapsed"]) == [False, True, True]
    least = np.linalg.eigvalsh(np.cov(points[:845].T)).min() / points.var(axis=0).min()
    assert report["least_variance"][0] == pytest.approx(least, rel=0.02)
    np.testing.assert_allclose(report["customer_share"], [0.845, 0.15, 0.005])


def test_only_what_is_below_the_limits_is_collapsed(coordinates, mixtures):
    report = of(famd_clusters.inspect_components(coordinates, mixtures.parameters), "famd_gmm_k3")
    share = np.minimum(report["customer_share"], report["weight"]).min()
    for settings, name in (
        ({"min_share": share, "min_variance": 0.0}, "is_small"),
        ({"min_share": 0.0, "min_variance": report["least_variance"].min()}, "is_flat"),
    ):
        at = famd_clusters.inspect_components(coordinates, mixtures.parameters, **settings)
        assert not of(at, "famd_gmm_k3")[["is_collapsed", name]].any(axis=None)
        above = {limit: value * 1.01 for limit, value in settings.items()}
        found = famd_clusters.inspect_components(coordinates, mixtures.parameters, **above)
        assert of(found, "famd_gmm_k3")[name].sum() == 1


def test_healthy_components_are_not(coordinates, mixtures):
    report = famd_clusters.inspect_components(coordinates, mixtures.parameters)
    assert len(report) == 1 + 2 + 3 + 5
    assert not of(report, "famd_gmm_k3")["is_collapsed"].any()


SQL_KMEANS = """
with

centers as (

    select segmentation_id, cluster, list(value order by axis) as center
    from parameters
    where parameter = 'center'
    group by segmentation_id, cluster

),

prototypes as (

    select segmentation_id, list(center order by cluster) as centers
    from centers
    group by segmentation_id

)

select
    customer_id,
    segmentation_id,
    list_transform(centers, lambda center: power(list_distance(coordinates, center), 2)) as distances,
    list_position(distances, list_min(distances)) - 1 as cluster
from customers
cross join prototypes
order by segmentation_id, customer_id
"""  # noqa: E501


SQL_GMM = """
with

columns_of_factor as (

    select segmentation_id, cluster, list(value order by axis) as factor_column, other_axis
    from parameters
    where parameter = 'precision_cholesky'
    group by segmentation_id, cluster, other_axis

),

factors as (

    select segmentation_id, cluster, list(factor_column order by other_axis) as factor
    from columns_of_factor
    group by segmentation_id, cluster

),

single_numbers as (

    select
        segmentation_id,
        cluster,
        max(value) filter (where parameter = 'weight') as weight,
        max(value) filter (where parameter = 'log_determinant') as log_determinant,
        list(value order by axis) filter (where parameter = 'mean') as mean
    from parameters
    where cluster is not null
    group by segmentation_id, cluster

),

prototypes as (

    select
        segmentation_id,
        list(
            {'constant': ln(weight) + log_determinant, 'mean': mean, 'factor': factor}
            order by cluster
        ) as components
    from single_numbers
    inner join factors using (segmentation_id, cluster)
    group by segmentation_id

),

densities as (

    select
        customer_id,
        segmentation_id,
        list_transform(
            components,
            lambda component: component.constant - 0.5 * list_sum(
                list_transform(
                    component.factor,
                    lambda factor_column: power(
                        list_dot_product(coordinates, factor_column)
                        - list_dot_product(component.mean, factor_column),
                        2
                    )
                )
            )
        ) as log_densities
    from customers
    cross join prototypes

),

relative_densities as (

    select
        *,
        list_transform(log_densities, lambda density: exp(density - list_max(log_densities))) as relative
    from densities

)

select
    customer_id,
    segmentation_id,
    list_transform(relative, lambda density: density / list_sum(relative)) as probabilities,
    list_position(probabilities, list_max(probabilities)) - 1 as cluster,
    list_max(probabilities) as probability
from relative_densities
order by segmentation_id, customer_id
"""  # noqa: E501


def run_sql(query: str, coordinates: np.ndarray, parameters: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("parameters", parameters)
        connection.register(
            "customers", pd.DataFrame({"customer_id": IDS, "coordinates": list(coordinates)})
        )
        return connection.sql(query).df()


def test_sql_finds_the_same_centers(coordinates, kmeans):
    found = run_sql(SQL_KMEANS, coordinates, kmeans)
    labels = famd_clusters.assign_kmeans(IDS, coordinates, kmeans)
    np.testing.assert_array_equal(found["segmentation_id"], labels["segmentation_id"])
    np.testing.assert_array_equal(found["cluster"], labels["cluster"])
    nearest = [min(distances) for distances in found["distances"]]
    np.testing.assert_allclose(nearest, labels["distance"], rtol=1e-9)


def test_sql_gives_the_same_posteriors(coordinates, mixtures):
    outlying = coordinates.copy()
    outlying[0] = [300.0, -400.0, 500.0]  # every density underflows
    found = run_sql(SQL_GMM, outlying, mixtures.parameters)
    expected = famd_clusters.posteriors(IDS, outlying, mixtures.parameters)
    labels = famd_clusters.assign_gmm(IDS, outlying, mixtures.parameters)
    np.testing.assert_allclose(
        np.concatenate(found["probabilities"]), expected["probability"], atol=1e-9
    )
    np.testing.assert_array_equal(found["segmentation_id"], labels["segmentation_id"])
    np.testing.assert_array_equal(found["cluster"], labels["cluster"])
    np.testing.assert_allclose(found["probability"], labels["probability"], atol=1e-9)


def test_the_number_of_threads_changes_no_bit(coordinates):
    big = np.concatenate([coordinates + 0.01 * i for i in range(20)])
    fits = []
    for threads in (1, 4):
        with threadpool_limits(limits=threads):
            fits.append(
                (
                    famd_clusters.fit_kmeans(big, [4], n_init=2),
                    famd_clusters.fit_gmm(big, [3], n_init=1).parameters,
                )
            )
    for one, four in zip(*fits, strict=True):
        pd.testing.assert_frame_equal(one, four, check_exact=True)


def test_the_order_of_customers_does_not_matter(coordinates, kmeans):
    shuffled = np.random.default_rng(1).permutation(N)
    again = famd_clusters.fit_kmeans(coordinates[shuffled], [3], seed=99)
    labels = famd_clusters.assign_kmeans(IDS, coordinates, again)
    expected = of(famd_clusters.assign_kmeans(IDS, coordinates, kmeans), "famd_kmeans_k3")
    np.testing.assert_array_equal(labels["cluster"], expected["cluster"])


def planted(seed: int) -> object:
    """Four groups that two axes cannot tell apart, but three can."""
    rng = np.random.default_rng(seed)
    n = 500
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])  # a tetrahedron
    group = rng.integers(4, size=n)
    numbers = {
        f"x{axis}{copy}": corners[group, axis] + rng.normal(size=n) * 0.6
        for axis in range(3)
        for copy in range(3)
    }
    return mixed(numbers, {"noise": rng.integers(3, size=n)})


@pytest.mark.parametrize("method", [famd_clusters.KMEANS, famd_clusters.GMM])
def test_the_refit_finds_the_planted_groups_again(method):
    matrix = planted(2)
    ids = pd.Series(range(500)).astype("str")
    coordinates = famd.coordinates(matrix, famd.fit(matrix, 3).parameters)
    if method == famd_clusters.KMEANS:
        parameters = famd_clusters.fit_kmeans(coordinates, [3, 4])
        labels = famd_clusters.assign_kmeans(ids, coordinates, parameters)
        refit = famd_clusters.kmeans_refit(matrix, 3, [3, 4])
    else:
        fitted = famd_clusters.fit_gmm(coordinates, [3, 4], covariance_types=["spherical"])
        labels = famd_clusters.assign_gmm(ids, coordinates, fitted.parameters)
        refit = famd_clusters.gmm_refit(matrix, 3, {3: "spherical", 4: "spherical"})
    of_k = {int(k): rows["cluster"].to_numpy() for k, rows in labels.groupby("k")}
    everyone = refit(np.arange(500), np.random.default_rng(0))
    assert set(everyone) == {3, 4}
    assert adjusted_rand_score(of_k[4], everyone[4]) > 0.99
    criteria = bootstrap_stability(of_k, refit, n_bootstraps=10)
    least = criteria[criteria["criterion"] == "min_jaccard"].set_index("k")["value"]
    assert least[4] > 0.9


def test_the_axes_are_those_that_tell_the_planted_groups_apart():
    matrix = planted(2)
    evidence = famd_clusters.choose_axes(matrix, [3, 4, 5], axes=[2, 3], n_bootstraps=8)
    assert list(evidence["n_axes"]) == [2, 2, 2, 3, 3, 3]
    assert list(evidence["k"]) == [3, 4, 5] * 2
    assert evidence.loc[evidence["is_chosen"], "n_axes"].unique() == [3]
    best = evidence[(evidence["n_axes"] == 3) & (evidence["k"] == 4)].iloc[0]
    assert best["min_jaccard"] > 0.9
    assert best["verdict"] == "highly stable"
    assert (evidence["customers"] == 500).all()
    assert (evidence["bootstraps"] == 8).all()


def test_no_more_axes_are_tried_than_there_are_and_no_more_customers_than_allowed():
    evidence = famd_clusters.choose_axes(
        customers(n=300), [3], axes=[2, 5, 100, 200], n_bootstraps=3, max_customers=120
    )
    assert list(evidence["n_axes"]) == [2, 5, 3 + 2 + 1 + 2]
    assert (evidence["customers"] == 120).all()
    again = famd_clusters.choose_axes(
        customers(n=300), [3], axes=[2, 5, 100, 200], n_bootstraps=3, max_customers=120
    )
    pd.testing.assert_frame_equal(again, evidence, check_exact=True)


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        # More clusters, each highly stable, win over fewer that are more stable.
        ([(2, 4, 0.99), (2, 5, 0.80), (3, 4, 0.70), (3, 5, 0.86)], 3),
        # As many clusters: the more stable.
        ([(2, 5, 0.86), (3, 5, 0.95), (5, 5, 0.91)], 3),
        # As stable to two decimals: the fewer axes.
        ([(2, 5, 0.951), (3, 5, 0.949), (5, 5, 0.954)], 2),
        ([(2, 4, 0.99), (2, 5, 0.90), (3, 4, 1.00)], 2),
        # 0.85 is highly stable.
        ([(2, 4, 0.99), (3, 5, 0.85)], 3),
        # None highly stable: the most stable of any K.
        ([(2, 4, 0.60), (2, 5, 0.30), (3, 4, 0.20), (3, 5, 0.70)], 3),
        ([(2, 4, 0.40), (2, 5, 0.40), (3, 4, 0.20), (3, 5, 0.70)], 3),
    ],
)
def test_the_rule_for_axes(rows, chosen):
    evidence = pd.DataFrame(rows, columns=["n_axes", "k", "min_jaccard"])
    assert famd_clusters._most_told_apart(evidence) == chosen


def test_a_single_axis_may_be_all_there_is():
    found = famd_clusters.choose_axes(planted(0), [2], axes=[1], n_bootstraps=2)
    assert found["n_axes"].tolist() == [1]


def test_axes_need_something_to_choose_from():
    with pytest.raises(InputError, match="numbers of axes of at least 1"):
        famd_clusters.choose_axes(customers(n=50), [3], axes=[])
    with pytest.raises(InputError, match="at least one K"):
        famd_clusters.choose_axes(customers(n=50), [])


@pytest.fixture(scope="module")
def mixture_rows(coordinates, mixtures) -> pd.DataFrame:
    components = famd_clusters.inspect_components(coordinates, mixtures.parameters)
    return mixtures.as_rows(components)


def test_mixtures_as_rows_and_back(coordinates, mixtures, mixture_rows):
    assert list(mixture_rows) == [
        *["segmentation_id", "covariance_type", "cluster", "parameter"],
        *["axis", "other_axis", "value"],
    ]
    own = mixture_rows[mixture_rows["parameter"].isin(mixtures.parameters["parameter"])]
    pd.testing.assert_frame_equal(
        own[famd_clusters.PARAMETER_COLUMNS], mixtures.parameters, check_exact=True
    )
    criteria = mixtures.criteria.rename(columns={"criterion": "parameter"})
    key = ["segmentation_id", "covariance_type", "parameter", "value"]
    of_types = mixture_rows[mixture_rows["parameter"].isin(criteria["parameter"])]
    pd.testing.assert_frame_equal(
        of_types[key].reset_index(drop=True), criteria[key], check_exact=True
    )
    report = famd_clusters.inspect_components(coordinates, mixtures.parameters)
    for name in ("least_variance", "is_collapsed"):
        of_name = mixture_rows[mixture_rows["parameter"] == name]
        assert of_name["cluster"].tolist() == report["cluster"].tolist()
        assert of_name["value"].tolist() == report[name].astype(float).tolist()
    # All else is of the type chosen.
    chosen = mixtures.criteria[mixtures.criteria["is_chosen"]]
    types = dict(zip(chosen["segmentation_id"], chosen["covariance_type"], strict=True))
    others = mixture_rows[~mixture_rows["parameter"].isin(criteria["parameter"])]
    assert (others["covariance_type"] == others["segmentation_id"].map(types)).all()


def test_covariance_types_are_read_back(mixtures, mixture_rows):
    bic = mixtures.criteria[mixtures.criteria["criterion"] == "bic"]
    lowest = bic.loc[bic.groupby("k")["value"].idxmin()]
    expected = dict(zip(lowest["k"], lowest["covariance_type"], strict=True))
    assert famd_clusters.chosen_covariance_types(mixture_rows) == expected
    shuffled = mixture_rows.sample(frac=1, random_state=0)
    assert famd_clusters.chosen_covariance_types(shuffled) == expected


def test_both_methods_are_assigned_as_each_alone(coordinates, kmeans, mixtures, mixture_rows):
    found = famd_clusters.assign(IDS, coordinates, kmeans, mixture_rows)
    assert list(found) == [
        *["customer_id", "segmentation_id", "k", "cluster", "distance", "probability"]
    ]
    for alone, measure, other in (
        (famd_clusters.assign_kmeans(IDS, coordinates, kmeans), "distance", "probability"),
        (
            famd_clusters.assign_gmm(IDS, coordinates, mixtures.parameters),
            "probability",
            "distance",
        ),
    ):
        of_method = found[found["segmentation_id"].isin(alone["segmentation_id"])]
        assert of_method[other].isna().all()
        pd.testing.assert_frame_equal(
            of_method.drop(columns=other).reset_index(drop=True),
            alone[["customer_id", "segmentation_id", "k", "cluster", measure]],
            check_exact=True,
        )
    assert len(found) == N * (3 + 4)


def test_the_axes_chosen_are_read_back():
    evidence = pd.DataFrame({"n_axes": [2, 2, 5, 5], "is_chosen": [False, False, True, True]})
    assert famd_clusters.chosen_axes(evidence) == 5


@pytest.mark.usefixtures("one_thread")
def test_the_costs_of_the_gap_are_scikit_learns_inertias(coordinates):
    matrix = mixed(dict(zip("abc", coordinates.T, strict=True)), {})
    costs = famd_clusters.kmeans_costs(5, n_init=3)(matrix, np.random.default_rng(4))
    seeds = np.random.default_rng(4)
    for k in range(1, 6):
        seed = int(seeds.integers(2**31))
        fitted = KMeans(k, n_init=3, random_state=seed).fit(coordinates)
        assert costs[k] == pytest.approx(fitted.inertia_, rel=1e-9)
        apart = coordinates - fitted.cluster_centers_[fitted.labels_]
        assert costs[k] == pytest.approx((apart**2).sum())
    assert costs[1] == pytest.approx(N * coordinates.var(axis=0).sum())
    assert list(costs) == [1, 2, 3, 4, 5]


def test_the_refit_of_a_mixture_has_its_type_of_covariance():
    matrix = planted(2)
    coordinates = famd.refit_coordinates(famd.indicators(matrix), len(matrix.number_names), 3)
    types = dict(enumerate(("full", "tied", "diag", "spherical"), start=3))
    found = famd_clusters.gmm_refit(matrix, 3, types)(np.arange(500), np.random.default_rng(0))
    seeds = np.random.default_rng(0)
    for k, kind in types.items():
        seed = int(seeds.integers(2**31))
        theirs = GaussianMixture(k, covariance_type=kind, random_state=seed)
        assert adjusted_rand_score(theirs.fit_predict(coordinates), found[k]) == 1


@pytest.mark.parametrize("method", [famd_clusters.KMEANS, famd_clusters.GMM])
def test_the_refit_of_fewer_customers_than_clusters(method):
    matrix = mixed({"x": [0.0, 0.0, 0.0, 5.0, 9.0]}, {"c": list("aaabb")})
    refit = {
        famd_clusters.KMEANS: famd_clusters.kmeans_refit(matrix, 2, [2, 4]),
        famd_clusters.GMM: famd_clusters.gmm_refit(matrix, 2, {2: "full", 4: "spherical"}),
    }[method]
    found = refit(np.array([0, 3, 4]), np.random.default_rng(0))
    assert sorted(found[4].tolist()) == [0, 1, 2]
    alike = refit(np.array([0, 1, 2]), np.random.default_rng(0))
    assert {k: labels.tolist() for k, labels in alike.items()} == {2: [0] * 3, 4: [0] * 3}
