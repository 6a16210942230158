"""FAMD, the factor analysis of mixed data (Pagès 2004): feature set A on a few numeric axes.

Numbers are standardised, the 0/1 indicator of a level with share p becomes (y - p) / sqrt(p), and
the axes are the principal components of both together. `prince` fits them. It computes the shares
anew from whatever rows it transforms, so one customer alone would land elsewhere than in a batch;
the fit is therefore kept as rows of numbers, and a coordinate is

    sum over numbers of (x - center) / std * loading
    + sum over categories of the loading of the customer's level
    - constant

for one customer, for many, and in SQL. A level never seen has no loading and adds 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import prince

from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.threads import single_threaded_blas
from segmentation.errors import InputError

FloatArray = npt.NDArray[np.float64]

PARAMETER_COLUMNS = ["parameter", "axis", "attribute", "level", "value"]
_NO_INERTIA = 1e-10  # an eigenvalue below is rounding; a number has inertia 1

_Row = tuple[str, int | None, str | None, str | None, float]


@dataclass(frozen=True)
class Famd:
    """A fitted FAMD as tables. Axes are numbered from 1.

    Attributes
    ----------
    parameters : one row a number: parameter, axis, attribute, level, value

        ============  ==============================================================
        parameter     value
        ============  ==============================================================
        ``center``    mean of a number
        ``std``       its population standard deviation; 1 where it is constant
        ``share``     of a level among the customers
        ``loading``   what one standard deviation of a number, or a level, adds
        ``constant``  of an axis: sum over all levels of share times loading
        ============  ==============================================================
    eigenvalues : one row for each axis that has inertia, also those beyond the ones kept: axis,
        eigenvalue, inertia_share, cumulative_share
    contributions : one row for each axis kept and number or level: axis, attribute, level (NA for a
        number), coordinate (correlation of a number with the axis; of a level, so that the squares
        of the levels of a category sum to its squared correlation ratio), contribution (share of
        the axis' inertia; sums to 1 over an axis)
    """

    parameters: pd.DataFrame
    eigenvalues: pd.DataFrame
    contributions: pd.DataFrame


def fit(matrix: MixedMatrix, n_axes: int = 10) -> Famd:
    """Fit FAMD with prince.

    Parameters
    ----------
    matrix : the training customers
    n_axes : axes to keep, at least 1; fewer are kept where the data have fewer

    Raises
    ------
    InputError
        `n_axes` is below 1, or all customers are alike.
    """
    if n_axes < 1:
        raise InputError(f"n_axes is {n_axes}; keep at least 1 axis.")
    levels = [
        (category, level)
        for category, names in zip(matrix.category_names, matrix.levels, strict=True)
        for level in names
    ]
    n_numbers = len(matrix.number_names)
    analysis = prince.FAMD(n_components=n_numbers + len(levels), engine="scipy")
    with single_threaded_blas():
        analysis.fit(_frame(matrix))
    eigenvalues = np.asarray(analysis.eigenvalues_, dtype=np.float64)
    eigenvalues = eigenvalues[eigenvalues > _NO_INERTIA]
    if not len(eigenvalues):
        raise InputError("All customers are alike in every attribute: there is no axis to find.")
    n_axes = min(n_axes, len(eigenvalues))

    # prince leaves out levels that no customer has: their loading is 0.
    columns = [f"n{j}" for j in range(n_numbers)] + _level_columns(matrix)
    fitted = analysis.column_coordinates_.reindex(columns, fill_value=0.0).to_numpy(np.float64)
    on_axes = fitted[:, :n_axes] * _signs(fitted[:, :n_axes])
    directions = on_axes / np.sqrt(eigenvalues[:n_axes])
    shares = _level_shares(matrix)
    loadings = directions.copy()
    loadings[n_numbers:] /= np.sqrt(np.where(shares > 0, shares, 1.0))[:, None]
    names: list[tuple[str, str | None]] = [(number, None) for number in matrix.number_names]
    names += levels
    scaler = analysis.num_scaler_

    rows: list[_Row] = []
    for number, center, std in zip(
        matrix.number_names, scaler.mean_.tolist(), scaler.scale_.tolist(), strict=False
    ):
        rows.append(("center", None, number, None, center))
        rows.append(("std", None, number, None, std))
    for (category, level), share in zip(levels, shares.tolist(), strict=True):
        rows.append(("share", None, category, level, share))
    constants = (shares[:, None] * loadings[n_numbers:]).sum(axis=0)
    contributions = []
    for axis in range(n_axes):
        rows.append(("constant", axis + 1, None, None, float(constants[axis])))
        for (attribute, name), loading, coordinate, direction in zip(
            names,
            loadings[:, axis].tolist(),
            on_axes[:, axis].tolist(),
            directions[:, axis].tolist(),
            strict=True,
        ):
            rows.append(("loading", axis + 1, attribute, name, loading))
            contributions.append((axis + 1, attribute, name, coordinate, direction**2))
    inertia = eigenvalues / eigenvalues.sum()
    return Famd(
        parameters=pd.DataFrame(rows, columns=PARAMETER_COLUMNS).astype(
            {"axis": "Int32", "attribute": "str", "level": "str", "value": "float64"}
        ),
        eigenvalues=pd.DataFrame(
            {
                "axis": np.arange(1, len(eigenvalues) + 1, dtype=np.int32),
                "eigenvalue": eigenvalues,
                "inertia_share": inertia,
                "cumulative_share": np.cumsum(inertia),
            }
        ),
        contributions=pd.DataFrame(
            contributions, columns=["axis", "attribute", "level", "coordinate", "contribution"]
        ).astype({"axis": "int32", "attribute": "str", "level": "str"}),
    )


def as_rows(fitted: Famd) -> pd.DataFrame:
    """Write a fitted FAMD as one table.

    Returns
    -------
    The parameters, and as further ones ``eigenvalue`` (of each axis that has inertia),
    ``coordinate`` and ``contribution`` (of each number or level on each axis kept)
    """
    eigenvalues = fitted.eigenvalues.rename(columns={"eigenvalue": "value"})
    tables = [fitted.parameters, eigenvalues[["axis", "value"]].assign(parameter="eigenvalue")]
    for name in ("coordinate", "contribution"):
        of_attributes = fitted.contributions.rename(columns={name: "value"})
        tables.append(of_attributes[["axis", "attribute", "level", "value"]].assign(parameter=name))
    rows = pd.concat(tables, ignore_index=True)[PARAMETER_COLUMNS]
    return rows.astype({"axis": "Int32", "attribute": "str", "level": "str"})


def coordinates(
    matrix: MixedMatrix, parameters: pd.DataFrame, n_axes: int | None = None
) -> FloatArray:
    """Coordinates of customers on the fitted axes.

    Attributes are added one after the other, so that a customer's coordinates have the same bits in
    every batch.

    Parameters
    ----------
    matrix : any customers; a code of -1 is a level never seen
    parameters : of a :class:`Famd`; further rows, as :func:`as_rows` has them, are not read
    n_axes : the first so many axes; all by default

    Returns
    -------
    (n, axes) coordinates; over the training customers an axis has mean 0 and its eigenvalue as
    variance
    """
    if n_axes is not None:
        parameters = parameters[parameters["axis"].isna() | (parameters["axis"] <= n_axes)]
    rows = dict(iter(parameters.sort_values("axis").groupby("parameter")))
    constants = rows["constant"]["value"].to_numpy(np.float64)
    loadings = dict(iter(rows["loading"].groupby("attribute")))
    found: FloatArray = np.zeros((len(matrix.numeric), len(constants)))
    if matrix.number_names:
        centers, stds = (
            rows[name].set_index("attribute").loc[matrix.number_names, "value"].to_numpy(np.float64)
            for name in ("center", "std")
        )
        for number, column in zip(
            matrix.number_names, ((matrix.numeric - centers) / stds).T, strict=True
        ):
            found += column[:, None] * loadings[number]["value"].to_numpy(np.float64)
    for category, codes, levels in zip(
        matrix.category_names, matrix.codes.T, matrix.levels, strict=True
    ):
        by_level = loadings[category].pivot(index="level", columns="axis", values="value")
        of_level = by_level.loc[levels].to_numpy(np.float64)
        found += np.vstack([of_level, np.zeros(len(constants))])[codes]  # last row: code -1
    found -= constants
    return found


def indicators(matrix: MixedMatrix) -> FloatArray:
    """(n, numbers + levels) numbers, then the 0/1 indicators of all levels side by side."""
    columns = [matrix.numeric]
    for codes, n_levels in zip(matrix.codes.T, matrix.n_levels, strict=True):
        columns.append((codes[:, None] == np.arange(n_levels)).astype(np.float64))
    return np.hstack(columns)


def refit_coordinates(table: FloatArray, n_numbers: int, n_axes: int) -> FloatArray:
    """Fit FAMD to some customers, as a bootstrap draws them, and return their coordinates.

    All follows from one cross product, so this takes a fraction of the time of :func:`fit`.

    Parameters
    ----------
    table : (n, numbers + levels) rows of what :func:`indicators` returned
    n_numbers : how many of the columns are numbers
    n_axes : axes wanted

    Returns
    -------
    (n, n_axes) coordinates; the sign of an axis is arbitrary, an axis without inertia is left out
    """
    with single_threaded_blas():
        mean = table.mean(axis=0)
        covariance = table.T @ table / len(table) - np.outer(mean, mean)
        variance = covariance.diagonal().copy()
        variance[n_numbers:] = mean[n_numbers:]
        varies = covariance.diagonal() > _NO_INERTIA
        scale = np.where(varies, 1.0 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
        eigenvalues, directions = np.linalg.eigh(covariance * np.outer(scale, scale))
        last_first = np.flatnonzero(eigenvalues > _NO_INERTIA)[::-1][:n_axes]
        found: FloatArray = (table - mean) @ (scale[:, None] * directions[:, last_first])
        return found


def _level_shares(matrix: MixedMatrix) -> FloatArray:
    """(levels,) share of the customers that have each level, categories side by side."""
    counts = [
        np.bincount(codes[codes >= 0], minlength=n_levels)
        for codes, n_levels in zip(matrix.codes.T, matrix.n_levels, strict=True)
    ]
    return np.concatenate([*counts, np.zeros(0)]) / len(matrix.numeric)


def _frame(matrix: MixedMatrix) -> pd.DataFrame:
    """Lay the customers out for prince: floats are numbers, text is a category.

    prince names a level's column attribute_level, which two attributes may share ('a_b' and 'c',
    'a' and 'b_c'), so columns are named by position here. It wants a number and a category; a
    constant adds no inertia and stands in for the kind that is not there.
    """
    columns: dict[str, npt.NDArray[np.object_] | FloatArray] = {
        f"n{j}": column for j, column in enumerate(matrix.numeric.T)
    }
    for j, codes in enumerate(matrix.codes.T):
        columns[f"c{j}"] = codes.astype(str).astype(object)
    if not matrix.number_names:
        columns["no_number"] = np.zeros(len(matrix.numeric))
    if not matrix.category_names:
        columns["no_category"] = np.full(len(matrix.numeric), "", dtype=object)
    return pd.DataFrame(columns)


def _level_columns(matrix: MixedMatrix) -> list[str]:
    """Names that prince gives to the indicators of :func:`_frame`."""
    return [f"c{j}_{code}" for j, n in enumerate(matrix.n_levels) for code in range(n)]


def _signs(coordinates: FloatArray) -> FloatArray:
    """Signs that make the farthest attribute or level of each axis positive, the first of equals.

    Rounded, as two that are equal but for the last bit must not take turns.
    """
    farthest = np.abs(coordinates).round(8).argmax(axis=0)
    return np.where(coordinates[farthest, np.arange(coordinates.shape[1])] < 0, -1.0, 1.0)
