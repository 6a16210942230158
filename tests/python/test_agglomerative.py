"""Ward's tree against scikit-learn and scipy; scoring of the rest, and in SQL."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixed_samples import customers as mixed_customers
from mixed_samples import mixed, take
from scipy.cluster import hierarchy
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from segmentation.clustering import agglomerative
from segmentation.clustering.candidates import one_hot_matrix
from segmentation.errors import InputError

MEDIA = ["Facebook", "Google", "TikTok"]
REGIONS = ["东南亚", "西欧"]


def one_hot(seed: int, n: int) -> pd.DataFrame:
    """Feature set A as `features.one_hot` makes it: two numbers, a flag, two nominal attributes."""
    rng = np.random.default_rng(seed)
    group = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    columns = {
        "days": rng.normal(group * 1.5, 0.6),
        "is_risky": (rng.random(n) < 0.2 + 0.2 * group).astype(float),
    }
    media = (group + rng.integers(2, size=n)) % 3
    region = rng.integers(2, size=n)
    columns |= {f"media={level}": (media == j).astype(float) for j, level in enumerate(MEDIA)}
    columns |= {f"region={level}": (region == j).astype(float) for j, level in enumerate(REGIONS)}
    columns["spend"] = rng.normal(-group, 0.8)
    return pd.DataFrame(columns)


def ids(n: int) -> pd.Series:
    return pd.Series([f"c{i:05}" for i in range(n)])


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return one_hot(1, 500)


@pytest.fixture(scope="module")
def fitted(customers) -> agglomerative.Segmentations:
    return agglomerative.fit(ids(500), customers, [2, 3, 4, 7])


def clusters(fitted: agglomerative.Segmentations, k: int) -> pd.DataFrame:
    labels = fitted.labels
    return labels[labels["segmentation_id"] == f"agglomerative_k{k}"].reset_index(drop=True)


def centers(fitted: agglomerative.Segmentations, k: int, columns: list[str]) -> np.ndarray:
    rows = fitted.parameters
    rows = rows[
        (rows["segmentation_id"] == f"agglomerative_k{k}") & (rows["parameter"] == "center")
    ]
    names = rows["attribute"].where(
        rows["level"].isna(), rows["attribute"] + "=" + rows["level"].fillna("")
    )
    return rows.assign(name=names).pivot(index="cluster", columns="name", values="value")[columns]


def test_the_clusters_are_those_of_scikit_learn(customers, fitted):
    for k in (2, 3, 4, 7):
        theirs = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(customers)
        ours = clusters(fitted, k)["cluster"]
        assert adjusted_rand_score(theirs, ours) == 1
        sizes = ours.value_counts().sort_index()
        assert list(sizes) == sorted(sizes, reverse=True)
        assert len(sizes) == k


def test_the_heights_are_those_of_scipy():
    points = np.random.default_rng(0).normal(size=(700, 5)) + 1000.0
    tree = agglomerative.ward_tree(points, np.ones(700))
    expected = hierarchy.linkage(points, "ward")
    np.testing.assert_allclose(np.sqrt(2 * tree.heights), expected[:, 2], rtol=1e-8)
    for k in range(1, 12):
        theirs = hierarchy.fcluster(expected, k, "maxclust")
        assert adjusted_rand_score(theirs, agglomerative.cut(tree, k)) == 1


def test_a_weight_is_a_repeated_point():
    rng = np.random.default_rng(4)
    points = rng.normal(size=(60, 3))
    weight = rng.integers(1, 5, 60)
    tree = agglomerative.ward_tree(points, weight.astype(float))
    repeated = hierarchy.linkage(points.repeat(weight, axis=0), "ward")
    np.testing.assert_allclose(np.sqrt(2 * tree.heights), repeated[-59:, 2], rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(2, 40),
    n_levels=st.integers(2, 3),
    p=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_ties_make_a_tree_all_the_same(n, n_levels, p, seed):
    points = np.random.default_rng(seed).integers(n_levels, size=(n, p)).astype(float)
    distinct, weight = np.unique(points, axis=0, return_counts=True)
    n = len(distinct)
    tree = agglomerative.ward_tree(distinct, weight.astype(float))
    assert sorted(tree.children.ravel()) == list(range(2 * n - 2))
    assert (np.diff(tree.heights) >= 0).all()
    scatter = (weight[:, None] * (distinct - np.average(distinct, 0, weight)) ** 2).sum()
    assert tree.heights.sum() == pytest.approx(scatter)  # what merging all into one adds
    for k in range(1, n + 1):
        assert len(np.unique(agglomerative.cut(tree, k))) == k


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_the_order_of_customers_and_columns_does_not_matter(seed):
    table = one_hot(2, 150)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(150), rng.permutation(table.columns)
    expected = agglomerative.fit(ids(150), table, [3]).labels
    shuffled = table.iloc[rows][columns].reset_index(drop=True)
    found = agglomerative.fit(ids(150).iloc[rows], shuffled, [3]).labels
    found = found.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_series_equal(found["cluster"], expected["cluster"])


def test_duplicates_of_everyone_and_a_constant_column_change_no_cluster(customers, fitted):
    twice = pd.concat([customers, customers], ignore_index=True).assign(constant=3.0)
    found = agglomerative.fit(ids(1000), twice, [4])
    expected = clusters(fitted, 4)["cluster"]
    np.testing.assert_array_equal(clusters(found, 4)["cluster"], np.tile(expected, 2))


def test_centers_sizes_and_distances(customers, fitted):
    for k in (2, 4):
        labels = clusters(fitted, k)
        found = centers(fitted, k, list(customers.columns))
        expected = customers.groupby(labels["cluster"]).mean()
        np.testing.assert_allclose(found, expected, atol=1e-12)
        difference = customers.to_numpy() - expected.to_numpy()[labels["cluster"]]
        np.testing.assert_allclose(labels["distance"], (difference**2).sum(axis=1), atol=1e-12)
        rows = fitted.parameters[fitted.parameters["segmentation_id"] == f"agglomerative_k{k}"]
        sizes = rows.loc[rows["parameter"] == "size", "value"]
        assert list(sizes) == list(labels["cluster"].value_counts().sort_index())


def test_past_the_limit_customers_go_to_the_nearest_centroid(customers):
    k = 4
    found = agglomerative.fit(ids(500), customers, [k], max_tree_customers=200, seed=5)
    labels = clusters(found, k)
    in_tree = labels["is_in_tree"]
    assert in_tree.sum() == 200
    assert in_tree[:250].sum() not in (0, 200)  # not the first or last of the file
    alone = agglomerative.fit(ids(200), customers[in_tree], [k])
    assert adjusted_rand_score(labels["cluster"][in_tree], clusters(alone, k)["cluster"]) == 1
    by_cluster = centers(found, k, list(customers.columns)).to_numpy()
    nearest = ((customers.to_numpy()[:, None] - by_cluster) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(labels["nearest_cluster"], nearest)
    np.testing.assert_array_equal(labels["cluster"][~in_tree], nearest[~in_tree])
    assert (np.diff(labels["cluster"].value_counts().sort_index()) <= 0).all()
    again = agglomerative.fit(ids(500), customers, [k], max_tree_customers=200, seed=5)
    pd.testing.assert_frame_equal(again.labels, found.labels, check_exact=True)


def test_the_refit_clusters_the_customers_it_is_given(customers):
    refit = agglomerative.ward_refit(customers.to_numpy(), [2, 3])
    rows = np.arange(0, 500, 3)
    found = refit(rows, np.random.default_rng(0))
    for k in (2, 3):
        theirs = AgglomerativeClustering(n_clusters=k).fit_predict(customers.iloc[rows])
        assert adjusted_rand_score(theirs, found[k]) == 1


def test_the_refit_of_fewer_distinct_customers_than_clusters_sets_each_apart():
    points = np.array([[0.0], [0.0], [1.0], [5.0], [9.0]])
    found = agglomerative.ward_refit(points, [2, 4])(np.array([0, 1, 2, 3]), None)
    assert adjusted_rand_score([0, 0, 0, 1], found[2]) == 1
    assert adjusted_rand_score([0, 0, 1, 2], found[4]) == 1
    alone = agglomerative.ward_refit(points, [2, 4])(np.array([0, 1]), None)
    assert {k: labels.tolist() for k, labels in alone.items()} == {2: [0, 0], 4: [0, 0]}


def test_what_is_described_is_what_was_fitted(customers):
    found = agglomerative.fit(ids(500), customers, [2, 3, 5], max_tree_customers=300, seed=1)
    # As read back from the warehouse: another order of segmentations.
    labels = found.labels.sort_values(["k", "customer_id"], ascending=[False, True])
    described = agglomerative.describe(customers, labels)
    assert described["segmentation_id"].unique().tolist() == [
        *["agglomerative_k5", "agglomerative_k3", "agglomerative_k2"]
    ]
    key = ["segmentation_id", "cluster", "parameter", "attribute", "level"]
    pd.testing.assert_frame_equal(
        described.sort_values(key, ignore_index=True),
        found.parameters.sort_values(key, ignore_index=True),
        check_exact=True,
    )
    of_five = described[described["segmentation_id"] == "agglomerative_k5"]
    single = of_five[of_five["cluster"].isna()].set_index("parameter")["value"]
    assert single.to_dict() == {"k": 5.0, "tree_customers": 300.0}
    in_tree = clusters(found, 5)["is_in_tree"]
    expected = customers[in_tree].groupby(clusters(found, 5)["cluster"][in_tree]).mean()
    np.testing.assert_allclose(
        centers(agglomerative.Segmentations(described, labels), 5, list(customers.columns)),
        expected,
        atol=1e-12,
    )


def within_ss(points: np.ndarray, labels: np.ndarray) -> float:
    return sum(
        ((points[labels == c] - points[labels == c].mean(axis=0)) ** 2).sum()
        for c in np.unique(labels)
    )


@pytest.mark.parametrize("copies", [1, 3])
def test_the_costs_of_the_gap_are_those_of_scipys_clusters(copies):
    rows = np.tile(np.arange(80), copies)
    matrix = take(mixed_customers(seed=4, n=80), rows)
    points = one_hot_matrix(matrix)
    tree = hierarchy.linkage(points, "ward")
    costs = agglomerative.ward_costs(12)(matrix, np.random.default_rng(0))
    assert list(costs) == list(range(1, 13))
    for k, cost in costs.items():
        assert cost == pytest.approx(within_ss(points, hierarchy.fcluster(tree, k, "maxclust")))


def test_no_cost_is_left_once_all_distinct_customers_are_apart():
    matrix = mixed({"x": [0.0, 0.0, 1.0, 5.0]}, {})
    costs = agglomerative.ward_costs(5)(matrix, np.random.default_rng(0))
    assert costs == {1: pytest.approx(17.0), 2: pytest.approx(2 / 3), 3: 0.0, 4: 0.0, 5: 0.0}


def test_the_number_of_threads_changes_no_bit_of_a_tree():
    rng = np.random.default_rng(0)
    points, weight = rng.normal(size=(1000, 600)), rng.integers(1, 9, 1000).astype(float)
    trees = []
    for threads in (1, 4):
        with threadpool_limits(threads):
            trees.append(agglomerative.ward_tree(points, weight))
    np.testing.assert_array_equal(trees[0].heights, trees[1].heights)
    np.testing.assert_array_equal(trees[0].children, trees[1].children)


SQL_NEAREST = """
with

by_level as (

    select segmentation_id, attribute, level, list(value order by cluster) as by_cluster
    from parameters
    where parameter = 'center'
    group by all

),

centers as (

    select
        segmentation_id,
        map_from_entries(list((attribute, by_cluster)) filter (where level is null)) as numbers,
        map_from_entries(
            list((attribute || '=' || level, by_cluster)) filter (where level is not null)
        ) as shares
    from by_level
    group by segmentation_id

),

-- The sum of squared shares of an attribute: what an unseen level is away from them.
squares as (

    select segmentation_id, map_from_entries(list((attribute, by_cluster))) as squares
    from (
        select segmentation_id, attribute, list(square order by cluster) as by_cluster
        from (
            select segmentation_id, attribute, cluster, sum(power(value, 2)) as square
            from parameters
            where parameter = 'center' and level is not null
            group by all
        )
        group by all
    )
    group by segmentation_id

)

select
    customer_id,
    segmentation_id,
    list_transform(
        range(1, len(numbers['days']) + 1),
        lambda c:
            0.0
            + power(days - numbers['days'][c], 2)
            + power(spend - numbers['spend'][c], 2)
            + power(is_risky - numbers['is_risky'][c], 2)
            + coalesce(1 - 2 * shares['media=' || media][c], 0) + squares['media'][c]
            + coalesce(1 - 2 * shares['region=' || region][c], 0) + squares['region'][c]
    ) as distances,
    list_position(distances, list_min(distances)) - 1 as cluster
from features
cross join centers
inner join squares using (segmentation_id)
order by segmentation_id, customer_id
"""


def test_sql_finds_the_same_nearest_centroid(customers, fitted):
    table = customers.copy()
    table.loc[[0, 9], [f"media={level}" for level in MEDIA]] = 0.0  # a level never seen
    features = table[["days", "spend", "is_risky"]].assign(customer_id=ids(500))
    for attribute, levels in (("media", MEDIA), ("region", REGIONS)):
        known = table[[f"{attribute}={level}" for level in levels]]
        codes = np.where(known.sum(axis=1) == 1, known.to_numpy().argmax(axis=1), -1)
        features[attribute] = np.array([*levels, "never seen"])[codes]
    with duckdb.connect() as connection:
        connection.register("features", features)
        connection.register("parameters", fitted.parameters)
        found = connection.sql(SQL_NEAREST).df()
    assert found["segmentation_id"].nunique() == 4
    for k in (2, 3, 4, 7):
        of_k = found[found["segmentation_id"] == f"agglomerative_k{k}"]
        by_cluster = centers(fitted, k, list(table.columns)).to_numpy()
        expected = ((table.to_numpy()[:, None] - by_cluster) ** 2).sum(axis=2)
        np.testing.assert_allclose(np.stack(of_k["distances"]), expected, atol=1e-9)
        np.testing.assert_array_equal(of_k["cluster"], expected.argmin(axis=1))


def test_more_clusters_than_distinct_customers_are_refused():
    table = pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0, 2.0]})
    assert agglomerative.fit(ids(5), table, [3]).labels["cluster"].nunique() == 3
    with pytest.raises(InputError, match="asks for 4 clusters, but only 3 customers are distinct"):
        agglomerative.fit(ids(5), table, [2, 4])
