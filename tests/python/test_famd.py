"""FAMD against FactoMineR and prince; the transform alone, in a batch, and in SQL."""

import duckdb
import numpy as np
import pandas as pd
import prince
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixed_samples import customers, mixed, take

from segmentation.clustering import famd
from segmentation.clustering.candidates import MixedMatrix
from segmentation.errors import InputError

# Eigenvalues from FactoMineR 2.11: FAMD(data, ncp = 5)$eig.
FACTOMINER_EIGENVALUES = [3.466804028, 2.5, 1.971104825, 0.055852845, 0.006238302]


@pytest.fixture(scope="module")
def matrix() -> MixedMatrix:
    return customers()


@pytest.fixture(scope="module")
def fitted(matrix) -> famd.Famd:
    return famd.fit(matrix, n_axes=4)


@pytest.fixture(scope="module")
def six_rows() -> MixedMatrix:
    return mixed(
        {"k1": [2, 5, 3, 4, 1, 6], "k2": [4.5, 4.5, 1, 1, 1, 1], "k3": [4, 4, 2, 2, 1, 2]},
        {"q1": list("ACBBAC"), "q2": list("BBBBAA"), "q3": list("CCBBAA")},
    )


def test_eigenvalues_are_those_of_factominer(six_rows):
    eigenvalues = famd.fit(six_rows).eigenvalues
    np.testing.assert_allclose(eigenvalues["eigenvalue"], FACTOMINER_EIGENVALUES, atol=5e-10)
    # Inertia is 3 numbers + (3 - 1) + (2 - 1) + (3 - 1) levels = 8.
    np.testing.assert_allclose(
        eigenvalues["inertia_share"], np.array(FACTOMINER_EIGENVALUES) / 8, atol=1e-9
    )
    assert eigenvalues["cumulative_share"].iloc[-1] == pytest.approx(1)
    assert list(eigenvalues["axis"]) == [1, 2, 3, 4, 5]


def test_coordinates_and_contributions_are_those_of_prince(matrix, fitted):
    frame = pd.DataFrame(matrix.numeric, columns=matrix.number_names)
    for name, codes, levels in zip(
        matrix.category_names, matrix.codes.T, matrix.levels, strict=True
    ):
        frame[name] = np.array(levels)[codes]
    reference = prince.FAMD(n_components=4, engine="scipy").fit(frame)
    theirs = reference.row_coordinates(frame).to_numpy()
    ours = famd.coordinates(matrix, fitted.parameters)
    signs = np.sign((theirs * ours).sum(axis=0))
    np.testing.assert_allclose(ours * signs, theirs, atol=1e-9)
    np.testing.assert_allclose(ours.var(axis=0), reference.eigenvalues_, rtol=1e-9)

    of_level = fitted.contributions["level"].notna()
    column = fitted.contributions["attribute"].where(
        ~of_level, fitted.contributions["attribute"] + "_" + fitted.contributions["level"]
    )
    for value, table in (
        ("coordinate", reference.column_coordinates_ * signs),
        ("contribution", reference.column_contributions_),
    ):
        found = fitted.contributions.assign(column=column).pivot(
            index="column", columns="axis", values=value
        )
        np.testing.assert_allclose(found, table.loc[found.index], atol=1e-9)
    totals = fitted.contributions.groupby("axis")["contribution"].sum()
    np.testing.assert_allclose(totals, 1, rtol=1e-12)


def test_a_customer_alone_has_the_coordinates_of_the_batch_bit_by_bit(matrix, fitted):
    batch = famd.coordinates(matrix, fitted.parameters)
    for row in range(0, 300, 50):
        alone = famd.coordinates(take(matrix, [row]), fitted.parameters)
        np.testing.assert_array_equal(alone[0], batch[row])
    some = take(matrix, np.arange(10))
    np.testing.assert_array_equal(famd.coordinates(some, fitted.parameters), batch[:10])


def test_a_level_never_seen_is_an_all_zero_indicator(matrix, fitted):
    known, unseen = take(matrix, [0]), take(matrix, [0])
    unseen.codes[0, 0] = -1
    loadings = fitted.parameters[fitted.parameters["parameter"] == "loading"]
    level = matrix.levels[0][known.codes[0, 0]]
    lost = loadings[
        (loadings["attribute"] == matrix.category_names[0]) & (loadings["level"] == level)
    ]
    np.testing.assert_allclose(
        famd.coordinates(known, fitted.parameters) - famd.coordinates(unseen, fitted.parameters),
        [lost.sort_values("axis")["value"]],
        atol=1e-12,
    )


def test_the_constant_is_what_the_average_customer_adds(fitted):
    rows = fitted.parameters
    shares = rows[rows["parameter"] == "share"].set_index(["attribute", "level"])["value"]
    for axis in range(1, 5):
        of_axis = rows[rows["axis"] == axis]
        loadings = of_axis[of_axis["level"].notna()].set_index(["attribute", "level"])["value"]
        constant = of_axis.loc[of_axis["parameter"] == "constant", "value"].item()
        assert constant == pytest.approx((shares * loadings).sum(), abs=1e-12)


SQL_COORDINATES = """
with loadings as (
    select attribute, coalesce(level, '') as level, list(value order by axis) as by_axis
    from parameters where parameter = 'loading' group by all
),
numbers as (
    select
        map_from_entries(list((attribute, value)) filter (where parameter = 'center')) as centers,
        map_from_entries(list((attribute, value)) filter (where parameter = 'std')) as stds,
        list(value order by axis) filter (where parameter = 'constant') as constants
    from parameters
),
maps as (
    select map_from_entries(list((attribute || '=' || level, by_axis))) as loadings
    from loadings
)
select
    id,
    list_transform(constants, lambda constant, axis:
        0.0
        + (spend - centers['spend']) / stds['spend'] * loadings['spend='][axis]
        + (days - centers['days']) / stds['days'] * loadings['days='][axis]
        + (accounts - centers['accounts']) / stds['accounts'] * loadings['accounts='][axis]
        + coalesce(loadings['media=' || media][axis], 0)
        + coalesce(loadings['is_risky=' || is_risky][axis], 0)
        + coalesce(loadings['region=' || region][axis], 0)
        - constant
    ) as coordinates
from features cross join numbers cross join maps
order by id
"""


def test_sql_gives_the_same_coordinates(matrix, fitted):
    some = take(matrix, np.arange(50))
    some.codes[0, 0] = some.codes[7, 2] = -1
    features = pd.DataFrame(some.numeric, columns=some.number_names)
    features.insert(0, "id", np.arange(len(features)))
    for name, codes, levels in zip(some.category_names, some.codes.T, some.levels, strict=True):
        features[name] = np.append(levels, "never seen")[codes]
    with duckdb.connect() as connection:
        connection.register("features", features)
        connection.register("parameters", fitted.parameters)
        found = connection.sql(SQL_COORDINATES).fetchall()
    np.testing.assert_allclose(
        [row[1] for row in found], famd.coordinates(some, fitted.parameters), atol=1e-12
    )


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_numbers_alone_are_a_principal_component_analysis_and_categories_alone_an_mca(matrix, kind):
    nothing = np.empty((len(matrix.numeric), 0))
    if kind == "numbers":
        only = MixedMatrix(matrix.numeric, nothing.astype(np.int32), matrix.number_names, [], [])
        expected = np.linalg.eigvalsh(np.corrcoef(matrix.numeric.T))[::-1]
    else:
        only = MixedMatrix(nothing, matrix.codes, [], matrix.category_names, matrix.levels)
        # FAMD without numbers is MCA times the number of categories.
        frame = pd.DataFrame(matrix.codes, columns=matrix.category_names).astype(str)
        expected = 3 * prince.MCA(n_components=5, engine="scipy").fit(frame).eigenvalues_
    found = famd.fit(only)
    np.testing.assert_allclose(found.eigenvalues["eigenvalue"], expected, rtol=1e-9)
    axes = famd.coordinates(only, found.parameters)
    np.testing.assert_allclose(axes.var(axis=0), expected, rtol=1e-9)


def test_names_that_would_collide_in_prince_do_not(matrix):
    levels = [["b_c", "x"], ["c", "y"]]
    ambiguous = MixedMatrix(
        matrix.numeric, matrix.codes[:, :2] % 2, matrix.number_names, ["a", "a_b"], levels
    )
    fitted = famd.fit(ambiguous)
    assert not fitted.contributions.duplicated(["axis", "attribute", "level"]).any()
    plain = MixedMatrix(
        matrix.numeric, matrix.codes[:, :2] % 2, matrix.number_names, ["p", "q"], levels
    )
    np.testing.assert_allclose(
        fitted.eigenvalues["eigenvalue"], famd.fit(plain).eigenvalues["eigenvalue"]
    )


def test_a_constant_number_and_a_level_nobody_has_change_nothing(matrix, fitted):
    levels = [["aaa", *matrix.levels[0]], *matrix.levels[1:], ["only"]]
    codes = np.column_stack([matrix.codes[:, 0] + 1, matrix.codes[:, 1:], 0 * matrix.codes[:, 0]])
    padded = MixedMatrix(
        np.column_stack([matrix.numeric, np.full(len(codes), 0.1)]),
        codes.astype(np.int32),
        [*matrix.number_names, "constant"],
        [*matrix.category_names, "same"],
        levels,
    )
    found = famd.fit(padded, n_axes=4)
    np.testing.assert_allclose(
        found.eigenvalues["eigenvalue"], fitted.eigenvalues["eigenvalue"], rtol=1e-9
    )
    np.testing.assert_allclose(
        famd.coordinates(padded, found.parameters),
        famd.coordinates(matrix, fitted.parameters),
        atol=1e-9,
    )


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 1e4), shift=st.floats(-1e3, 1e3))
def test_order_of_rows_columns_and_units_and_duplicates_do_not_matter(seed, scale, shift):
    matrix = customers(seed=5, n=80)
    expected = famd.coordinates(matrix, famd.fit(matrix, 3).parameters)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.repeat(np.arange(80), 2))
    numbers, categories = rng.permutation(3), rng.permutation(3)
    shuffled = MixedMatrix(
        matrix.numeric[rows][:, numbers] * scale + shift,
        matrix.codes[rows][:, categories],
        [matrix.number_names[j] for j in numbers],
        [matrix.category_names[j] for j in categories],
        [matrix.levels[j] for j in categories],
    )
    found = famd.coordinates(shuffled, famd.fit(shuffled, 3).parameters)
    np.testing.assert_allclose(found, expected[rows], atol=1e-7)


def test_the_quick_fit_is_the_fit(matrix):
    rng = np.random.default_rng(0)
    table = famd.indicators(matrix)
    for drawn in (np.arange(300), rng.integers(300, size=300), rng.integers(20, size=300)):
        resampled = take(matrix, drawn)
        expected = famd.coordinates(resampled, famd.fit(resampled, 3).parameters)
        found = famd.refit_coordinates(table[drawn], 3, 3)
        signs = np.sign((found * expected).sum(axis=0))
        np.testing.assert_allclose(found * signs, expected, atol=1e-8)


def test_the_fit_has_the_same_bits_every_time(matrix, fitted):
    again = famd.fit(matrix, n_axes=4)
    pd.testing.assert_frame_equal(again.parameters, fitted.parameters, check_exact=True)
    coordinates = fitted.contributions.pivot(
        index=["attribute", "level"], columns="axis", values="coordinate"
    ).to_numpy()
    farthest = np.nanargmax(np.abs(coordinates), axis=0)
    assert (coordinates[farthest, np.arange(4)] > 0).all()


def test_no_more_axes_than_the_data_have(six_rows):
    assert famd.fit(six_rows, n_axes=10).contributions["axis"].max() == 5
    assert famd.fit(six_rows, n_axes=1).contributions["axis"].max() == 1
    assert famd.refit_coordinates(famd.indicators(six_rows), 3, 10).shape == (6, 5)


def test_what_cannot_be_fitted_is_said():
    with pytest.raises(InputError, match="n_axes is 0; keep at least 1 axis"):
        famd.fit(customers(), n_axes=0)
    with pytest.raises(InputError, match="alike in every attribute"):
        famd.fit(mixed({"x": [1, 1, 1]}, {"c": ["a", "a", "a"]}))


def test_as_rows_and_back(matrix, fitted):
    rows = famd.as_rows(fitted)
    assert list(rows) == famd.PARAMETER_COLUMNS
    own = rows[~rows["parameter"].isin(["eigenvalue", "coordinate", "contribution"])]
    pd.testing.assert_frame_equal(own, fitted.parameters, check_exact=True)
    of_axes = rows[rows["parameter"] == "eigenvalue"]
    assert of_axes["axis"].tolist() == fitted.eigenvalues["axis"].tolist()
    assert of_axes["value"].tolist() == fitted.eigenvalues["eigenvalue"].tolist()
    assert len(of_axes) == 3 + 2 + 1 + 2  # those beyond the four kept as well
    key = ["axis", "attribute", "level"]
    for name in ("coordinate", "contribution"):
        of_name = rows[rows["parameter"] == name].rename(columns={"value": name})
        pd.testing.assert_frame_equal(
            of_name[[*key, name]].reset_index(drop=True),
            fitted.contributions[[*key, name]],
            check_dtype=False,  # an axis may be missing in the one, not in the other
            check_exact=True,
        )
    np.testing.assert_array_equal(
        famd.coordinates(matrix, rows), famd.coordinates(matrix, fitted.parameters)
    )


def test_the_first_axes_are_those_of_all_bit_by_bit(matrix, fitted):
    every = famd.coordinates(matrix, famd.as_rows(fitted))
    for n_axes in (1, 2, 3, 4):
        some = famd.coordinates(matrix, famd.as_rows(fitted), n_axes)
        np.testing.assert_array_equal(some, every[:, :n_axes])
    np.testing.assert_array_equal(famd.coordinates(matrix, fitted.parameters, 9), every)
