"""The weight of a mismatch: cost shares by brute force, and the sweep."""

import numpy as np
import pandas as pd
import pytest
from planted_samples import GAMMA, mixed, plain_cost, planted, value

from segmentation.clustering import candidates
from segmentation.clustering.centroids import draw_rows
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.errors import InputError
from segmentation.selection.criteria import in_chinese
from segmentation.selection.elbow import segmentation_criteria
from segmentation.selection.gamma import (
    DOMINANT,
    MULTIPLES,
    SWEEP_COLUMNS,
    cost_shares,
    gamma_sweep,
    sweep_kprototypes,
)
from segmentation.selection.stability import bootstrap_stability, kprototypes_refit

pytestmark = pytest.mark.usefixtures("one_thread")


class TestGamma:
    def test_cost_shares_by_brute_force(self):
        matrix, labels = planted(3, n=150)
        shares = cost_shares(matrix, labels, GAMMA)
        everyone = np.zeros(150, dtype=int)
        columns = [(c[:, None], np.empty((150, 0)), []) for c in matrix.numeric.T]
        columns += [(np.empty((150, 0)), c[:, None], [6]) for c in matrix.codes.T]
        between = [
            plain_cost(mixed(*column), everyone) - plain_cost(mixed(*column), labels)
            for column in columns
        ]
        assert shares["attribute"].tolist() == [*matrix.number_names, *matrix.category_names]
        assert shares["between_cost"].tolist() == pytest.approx(between)
        assert shares["share"].tolist() == pytest.approx(np.array(between) / sum(between))
        total = plain_cost(matrix, everyone) - plain_cost(matrix, labels)
        assert shares["between_cost"].sum() == pytest.approx(total)
        assert (shares["verdict"] == "").all()

    def test_warns_of_a_dominant_attribute(self):
        matrix, _ = planted(2, n=100)
        split = (matrix.codes[:, 0] == 1).astype(int)
        shares = cost_shares(matrix, split, gamma=1000.0).set_index("attribute")
        assert shares["share"]["category_0"] > 0.5
        assert shares["verdict"]["category_0"] == DOMINANT
        assert (shares["verdict"].drop("category_0") == "").all()

    def test_nothing_separates_one_cluster(self):
        matrix, _ = planted(2, n=50)
        assert cost_shares(matrix, np.zeros(50, dtype=int), GAMMA)["share"].tolist() == [0.0] * 5

    def test_a_constant_column_has_no_share(self):
        matrix, labels = planted(3, n=90)
        shares = cost_shares(matrix, labels, GAMMA)["share"].tolist()
        wider = mixed(
            np.column_stack([matrix.numeric, np.full(90, 3.0)]), matrix.codes, matrix.n_levels
        )
        again = cost_shares(wider, labels, GAMMA)["share"].tolist()
        assert again.pop(3) == 0.0
        assert again == pytest.approx(shares)

    def test_sweep(self):
        matrix, _ = planted(3, n=200)
        used = []

        def fit(gamma: float) -> np.ndarray:
            used.append(gamma)
            path = fit_path(
                matrix.mixed_data(gamma),
                3,
                np.random.default_rng(0),
            )
            return path[3].labels

        sweep = gamma_sweep(matrix, fit, GAMMA, 3, multiples=(0.5, 200.0), n_bootstraps=3)
        assert used == [0.5 * GAMMA, GAMMA, 200 * GAMMA]
        assert sweep.groupby("multiple")["gamma"].first().to_dict() == {
            0.5: 0.5 * GAMMA,
            1.0: GAMMA,
            200.0: 200 * GAMMA,
        }
        rand = sweep[sweep["criterion"] == "adjusted_rand"].set_index("multiple")["value"]
        assert rand[1.0] == 1.0
        assert rand[200.0] < rand[0.5]
        shares = sweep[sweep["criterion"] == "cost_share"]
        assert shares.groupby("multiple")["value"].sum().tolist() == pytest.approx([1.0] * 3)
        assert shares.groupby("multiple")["attribute"].nunique().tolist() == [5] * 3
        widths = sweep[sweep["criterion"] == "mean_silhouette"].set_index("multiple")["value"]
        criteria = segmentation_criteria(matrix, {3: fit(GAMMA)}, GAMMA)
        assert widths[1.0] == pytest.approx(value(criteria, 3, "mean_silhouette"))
        for row in sweep[sweep["criterion"] == "min_jaccard"].itertuples():
            stability = bootstrap_stability(
                {3: fit(row.gamma)}, kprototypes_refit(matrix, 3, row.gamma), n_bootstraps=3
            )
            for column in ("value", "std_error", "verdict"):
                assert getattr(row, column) == value(stability, 3, "min_jaccard", column)

    def test_the_least_stable_segment_counts(self):
        matrix, labels = planted(2, n=100)
        split = np.where(labels == 1, 1 + np.arange(100) % 2, 0)
        sweep = gamma_sweep(matrix, lambda gamma: split, GAMMA, 3, multiples=(), n_bootstraps=3)
        assert value(sweep.assign(k=3, cluster=None), 3, "min_jaccard") < 0.75

    @pytest.mark.parametrize(("gamma", "multiples"), [(0.0, (1.0,)), (1.0, (-1.0,))])
    def test_bad_settings(self, gamma, multiples):
        matrix, labels = planted(2, n=50)
        with pytest.raises(InputError, match="above 0"):
            gamma_sweep(matrix, lambda gamma: labels, gamma, 2, multiples=multiples)


@pytest.fixture(scope="module")
def swept():
    matrix, _ = planted(3, n=200)
    return matrix, sweep_kprototypes(
        matrix, GAMMA, 3, n_init=2, n_bootstraps=3, max_customers=150, seed=4
    )


class TestSweepOfKPrototypes:
    def test_is_the_sweep_of_the_customers_drawn(self, swept):
        matrix, found = swept
        some = candidates.some_customers(matrix, draw_rows(200, 150, 4))

        def fit(gamma: float) -> np.ndarray:
            fitted = candidates.fit_kprototypes(some, [3], gamma=gamma, n_init=2, seed=4)
            return candidates.assign(pd.Series(range(150)), some, fitted)["cluster"].to_numpy()

        expected = gamma_sweep(some, fit, GAMMA, 3, n_bootstraps=3, seed=4)
        pd.testing.assert_frame_equal(found[SWEEP_COLUMNS], expected, check_exact=True)
        assert sorted(found["multiple"].unique()) == list(MULTIPLES)

    def test_starts_and_seed_are_those_asked_for(self, swept, monkeypatch):
        matrix, _ = swept
        fit, asked = candidates.fit_kprototypes, []

        def watched(*args, **settings):
            asked.append((settings["n_init"], settings["seed"]))
            return fit(*args, **settings)

        monkeypatch.setattr(candidates, "fit_kprototypes", watched)
        sweep_kprototypes(matrix, GAMMA, 3, n_init=2, n_bootstraps=2, seed=4)
        assert asked == [(2, 4)] * len(MULTIPLES)

    def test_says_of_which_k_and_how_many_customers(self, swept):
        _, found = swept
        assert list(found) == ["k", "customers", "replicates", *SWEEP_COLUMNS, "verdict_zh"]
        assert (found["k"] == 3).all()
        assert (found["customers"] == 150).all()
        replicated = found["criterion"] == "min_jaccard"
        assert (found.loc[replicated, "replicates"] == 3).all()
        assert found.loc[~replicated, "replicates"].isna().all()
        assert list(found["verdict_zh"]) == [in_chinese(verdict) for verdict in found["verdict"]]

    def test_no_rows_where_gamma_is_0_and_the_same_columns(self, swept):
        matrix, expected = swept
        found = sweep_kprototypes(matrix, 0.0, 3)
        assert len(found) == 0
        pd.testing.assert_series_equal(found.dtypes, expected.dtypes)

    @pytest.mark.parametrize("kind", ["numbers", "categories"])
    def test_one_kind_of_columns(self, kind):
        matrix, _ = planted(3, n=120)
        none = np.empty((120, 0))
        if kind == "numbers":
            matrix = mixed(matrix.numeric, none, [])
        else:
            matrix = mixed(none, matrix.codes, matrix.n_levels)
        found = sweep_kprototypes(matrix, GAMMA, 3, n_init=2, n_bootstraps=2)
        # There is nothing to weigh against: gamma changes no segment.
        assert (found.loc[found["criterion"] == "adjusted_rand", "value"] == 1.0).all()
        widths = found.loc[found["criterion"] == "mean_silhouette", "value"]
        assert widths.tolist() == pytest.approx([widths.iloc[0]] * 5)
        shares = found[found["criterion"] == "cost_share"].groupby("multiple")["value"].sum()
        assert shares.tolist() == pytest.approx([1.0] * 5)
