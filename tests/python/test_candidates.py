"""The K-Prototypes candidates: fitted with a path's help, written as rows, read back."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from kmodes.kprototypes import KPrototypes as ReferenceKPrototypes
from mixed_samples import customers, mixed
from planted_samples import GAMMA, mixed_data, null, plain_cost, planted

from segmentation.clustering import candidates, kprototypes
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.errors import InputError

pytestmark = pytest.mark.usefixtures("one_thread")


def ids(matrix: candidates.MixedMatrix) -> pd.Series:
    return pd.Series([f"c{i:05}" for i in range(len(matrix.codes))])


def costs(matrix: candidates.MixedMatrix, parameters: pd.DataFrame) -> dict[int, float]:
    assigned = candidates.assign(ids(matrix), matrix, parameters)
    return assigned.groupby("k")["distance"].sum().to_dict()


def test_some_customers_are_those_asked_for_in_that_order():
    matrix = customers(n=20)
    rows = np.array([7, 3, 3, 19])
    some = candidates.some_customers(matrix, rows)
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(some.numeric[i], matrix.numeric[row])
        np.testing.assert_array_equal(some.codes[i], matrix.codes[row])
    assert len(some.codes) == 4
    assert some.levels == matrix.levels
    assert some.number_names == matrix.number_names


def test_one_hot_by_hand():
    matrix = candidates.MixedMatrix(
        numeric=np.array([[1.5], [2.5], [3.5]]),
        codes=np.array([[0, 1], [2, 0], [-1, 1]], dtype=np.int32),
        number_names=["x"],
        category_names=["media", "is_risky"],
        levels=[["a", "b", "c"], ["0", "1"]],
        flag_names=["is_risky"],
    )
    assert candidates.one_hot_matrix(matrix).tolist() == [
        [1.5, 1, 0, 0, 1],
        [2.5, 0, 0, 1, 0],
        [3.5, 0, 0, 0, 1],  # a level never seen
    ]


class TestFit:
    @pytest.mark.parametrize("seed", range(3))
    def test_never_costs_more_than_the_path_or_than_the_random_starts(self, seed):
        matrix = null(n=250, seed=seed)
        ks = [2, 3, 5, 8]
        found = costs(matrix, candidates.fit_kprototypes(matrix, ks, gamma=GAMMA, seed=seed))
        path = fit_path(mixed_data(matrix), 8, np.random.default_rng(seed))
        for k in ks:
            assert found[k] <= plain_cost(matrix, path[k].labels) * (1 + 1e-12)
            alone = kprototypes.fit_encoded(
                matrix.numeric,
                matrix.codes,
                matrix.n_levels,
                k,
                gamma=GAMMA,
                random_state=seed + k,
            )
            assert found[k] <= alone.cost * (1 + 1e-12)

    def test_the_path_helps_where_starts_are_few(self):
        helped = 0
        for seed in range(4):
            matrix = null(n=250, seed=seed)
            parameters = candidates.fit_kprototypes(matrix, [8], gamma=GAMMA, n_init=1, seed=seed)
            alone = kprototypes.fit_encoded(
                matrix.numeric,
                matrix.codes,
                matrix.n_levels,
                8,
                gamma=GAMMA,
                n_init=1,
                random_state=seed + 8,
            )
            helped += costs(matrix, parameters)[8] < alone.cost * (1 - 1e-6)
        assert helped >= 2

    def test_one_k_does_not_depend_on_the_others(self):
        matrix = null(n=150)
        every = candidates.fit_kprototypes(matrix, [2, 4, 7], gamma=GAMMA, n_init=2)
        alone = candidates.fit_kprototypes(matrix, [4], gamma=GAMMA, n_init=2)
        of_four = every[every["segmentation_id"] == "kprototypes_k4"].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_four, alone, check_exact=True)

    def test_same_bits_with_any_number_of_processes(self):
        matrix, _ = planted(4, n=400)
        one, two = (
            candidates.fit_kprototypes(matrix, [3, 4], gamma=GAMMA, n_init=3, n_jobs=n_jobs)
            for n_jobs in (1, 2)
        )
        pd.testing.assert_frame_equal(one, two, check_exact=True)

    def test_starts_on_some_customers_find_what_starts_on_all_find(self):
        matrix, _ = planted(4, n=2_000)
        some, every = (
            candidates.fit_kprototypes(
                matrix, [3, 4, 5], gamma=GAMMA, max_start_customers=customers
            )
            for customers in (500, 2_000)
        )
        assert costs(matrix, some) == pytest.approx(costs(matrix, every), rel=2e-3)
        sizes = some[some["parameter"] == "size"].groupby("segmentation_id")["value"].sum()
        assert set(sizes) == {2_000}

    def test_so_many_random_starts_on_so_many_customers(self, monkeypatch):
        fits = []

        def fit_encoded(numeric, codes, n_levels, k, **settings):
            fits.append((len(numeric), settings.get("n_init"), "init" in settings))
            return kprototypes.fit_encoded(numeric, codes, n_levels, k, **settings)

        monkeypatch.setattr(candidates, "kprototypes", SimpleNamespace(**vars(kprototypes)))
        monkeypatch.setattr(candidates.kprototypes, "fit_encoded", fit_encoded)
        settings = {"gamma": GAMMA, "n_init": 3, "n_jobs": 1}
        candidates.fit_kprototypes(null(n=80), [2], **settings, max_start_customers=80)
        assert fits == [(80, 3, False), (80, None, True)]
        fits.clear()
        candidates.fit_kprototypes(null(n=80), [2], **settings, max_start_customers=50)
        assert fits == [(50, 3, False), (50, None, True), (80, None, True)]

    def test_the_engine_kmodes_is_kmodes(self):
        matrix = customers(n=40)
        found = candidates.fit_kprototypes(
            matrix, [3], engine="kmodes", gamma=GAMMA, n_init=2, seed=5, n_jobs=1
        )
        rows = np.concatenate([matrix.numeric, matrix.codes], axis=1)
        reference = ReferenceKPrototypes(3, n_init=2, gamma=GAMMA, random_state=5 + 3)
        labels = reference.fit_predict(rows, categorical=[3, 4, 5])
        order = np.argsort(-np.bincount(labels))
        sizes = found.loc[found["parameter"] == "size", "value"].tolist()
        assert sizes == np.bincount(labels)[order].tolist()
        assert len(set(sizes)) == 3  # else their order could be another
        prototypes = reference.cluster_centroids_[order].astype(float)
        centers = found[found["parameter"] == "center"].pivot(
            index="cluster", columns="attribute", values="value"
        )
        np.testing.assert_allclose(centers[matrix.number_names], prototypes[:, :3])
        modes = found[found["parameter"] == "mode"].pivot(
            index="cluster", columns="attribute", values="level"
        )
        for name, levels, codes in zip(
            matrix.category_names, matrix.levels, prototypes[:, 3:].T, strict=True
        ):
            assert modes[name].tolist() == [levels[int(code)] for code in codes]

    def test_the_rows(self):
        matrix = customers(n=120)
        parameters = candidates.fit_kprototypes(matrix, [3], gamma=GAMMA)
        assert list(parameters) == candidates.PARAMETER_COLUMNS
        assert set(parameters["parameter"]) == {"k", "gamma", "size", "center", "mode"}
        labels = candidates.assign(ids(matrix), matrix, parameters)["cluster"].to_numpy()
        for cluster in range(3):
            of_cluster = parameters[parameters["cluster"] == cluster]
            own = labels == cluster
            (size,) = of_cluster.loc[of_cluster["parameter"] == "size", "value"]
            assert size == own.sum()
            centers = of_cluster[of_cluster["parameter"] == "center"]
            expected = dict(zip(matrix.number_names, matrix.numeric[own].mean(axis=0), strict=True))
            found = dict(zip(centers["attribute"], centers["value"], strict=True))
            assert found == pytest.approx(expected)
            modes = of_cluster[of_cluster["parameter"] == "mode"]
            for j, name in enumerate(matrix.category_names):
                (level,) = modes.loc[modes["attribute"] == name, "level"]
                counts = np.bincount(matrix.codes[own, j])
                assert counts[matrix.levels[j].index(level)] == counts.max()

    @pytest.mark.parametrize("kind", ["numbers", "categories", "gamma 0"])
    def test_one_kind_of_columns(self, kind):
        matrix, planted_labels = planted(3, n=150)
        gamma = GAMMA
        if kind == "numbers":
            matrix = mixed(dict(zip("abc", matrix.numeric.T, strict=True)), {})
        elif kind == "categories":
            matrix = mixed({}, dict(zip("ab", matrix.codes.T, strict=True)))
        else:
            gamma = 0.0
        parameters = candidates.fit_kprototypes(matrix, [3], gamma=gamma)
        found = candidates.assign(ids(matrix), matrix, parameters)["cluster"]
        # Most of each planted segment in one cluster, another for each.
        table = pd.crosstab(planted_labels, found).to_numpy()
        assert (table.max(axis=1) / table.sum(axis=1) > 0.7).all()
        assert len(set(table.argmax(axis=1))) == 3

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"engine": "fast"}, "kprototypes_engine is 'fast'; use one of native, kmodes"),
            ({"gamma": "large"}, "gamma is 'large'; use a number or one of lambdaest, huang"),
            ({"gamma": -0.1}, "gamma is -0.1; use a number of at least 0"),
            ({"gamma": float("nan")}, "gamma is nan"),
            ({"gamma": float("inf")}, "gamma is inf"),
        ],
    )
    def test_bad_settings(self, settings, message):
        with pytest.raises(InputError, match=message):
            candidates.fit_kprototypes(customers(n=30), [2], **settings)

    def test_more_clusters_than_distinct_customers(self):
        matrix = mixed({"x": [0.0, 0.0, 1.0, 2.0]}, {"c": list("aabb")})
        assert costs(matrix, candidates.fit_kprototypes(matrix, [3], gamma=1.0)) == {3: 0.0}
        with pytest.raises(InputError, match="only 3 different rows"):
            candidates.fit_kprototypes(matrix, [2, 4], gamma=1.0)


class TestAssign:
    def test_brute_force(self):
        matrix = customers(n=60)
        parameters = candidates.fit_kprototypes(matrix, [4, 2], gamma=GAMMA, n_init=2)
        assigned = candidates.assign(ids(matrix), matrix, parameters)
        assert list(assigned) == ["customer_id", "segmentation_id", "k", "cluster", "distance"]
        assert assigned["segmentation_id"].unique().tolist() == ["kprototypes_k2", "kprototypes_k4"]
        for k in (2, 4):
            rows = parameters[parameters["segmentation_id"] == f"kprototypes_k{k}"]
            number = rows[rows["parameter"] == "center"].set_index(["cluster", "attribute"])[
                "value"
            ]
            level = rows[rows["parameter"] == "mode"].set_index(["cluster", "attribute"])["level"]
            of_k = assigned[assigned["k"] == k]
            for i, (cluster, distance) in enumerate(
                zip(of_k["cluster"], of_k["distance"], strict=True)
            ):
                distances = []
                for c in range(k):
                    d = sum(
                        (matrix.numeric[i, j] - number[c, name]) ** 2
                        for j, name in enumerate(matrix.number_names)
                    )
                    d += GAMMA * sum(
                        matrix.levels[j][matrix.codes[i, j]] != level[c, name]
                        for j, name in enumerate(matrix.category_names)
                    )
                    distances.append(d)
                assert cluster == int(np.argmin(distances))
                assert distance == pytest.approx(min(distances))

    def test_order_of_parameter_rows_does_not_matter(self):
        matrix = customers(n=60)
        parameters = candidates.fit_kprototypes(matrix, [3], gamma=GAMMA, n_init=2)
        again = candidates.assign(ids(matrix), matrix, parameters.sample(frac=1, random_state=0))
        expected = candidates.assign(ids(matrix), matrix, parameters)
        pd.testing.assert_frame_equal(again, expected, check_exact=True)


@pytest.mark.parametrize("gamma", ["lambdaest", "huang", 0.0, 2.5])
def test_gamma_is_read_back(gamma):
    matrix = customers(n=60)
    found = candidates.fitted_gamma(
        candidates.fit_kprototypes(matrix, [2, 3], gamma=gamma, n_init=1)
    )
    rule = {"lambdaest": "lambdaest", "huang": None}
    if isinstance(gamma, str):
        estimate = kprototypes.estimate_gamma(
            matrix.numeric, matrix.codes, matrix.n_levels, rule[gamma]
        )
        assert found == estimate
    else:
        assert found == gamma
