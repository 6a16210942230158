"""Feature set A: the mixed features that the clustering reads, and every number fitted for them.

The fit returns one tidy table of parameters and nothing else. :func:`encode` and the SQL model
``int_customer_features`` both apply that table, so a customer is encoded alike everywhere.

====================  ==========================================================================
encoding              parameters
====================  ==========================================================================
``numeric``           ``fill`` (raw scale), ``mean`` and ``std`` of the transformed values
``ordinal``           ``rank`` of each level, ``fill`` (median rank), ``mean``, ``std`` of the ranks
``nominal``           ``share`` of each level; the unknown value is the level ``unknown``
``target``            ``threshold`` and ``prior`` of each fold, ``encoding`` of each fold and
                      level, ``mean`` and ``std`` of the proxy target
``flag``              ``fill``
====================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import TargetEncoder

from segmentation.errors import InputError

UNKNOWN = "unknown"
N_FOLDS = 5
NUMERIC_ENCODINGS = ("numeric", "ordinal", "target")
PARAMETER_COLUMNS = ["attribute", "encoding", "transform", "parameter", "fold", "level", "value"]

Floats = NDArray[np.float64]


def _log1p(values: Floats) -> Floats:
    return np.asarray(np.log1p(values))


def _signed_log1p(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def _identity(values: Floats) -> Floats:
    return values


TRANSFORMS: dict[str, Callable[[Floats], Floats]] = {
    "log1p": _log1p,
    "signed_log1p": _signed_log1p,
    "none": _identity,
}

_Row = tuple[str, int | None, str | None, float]


def fit(
    customers: pd.DataFrame,
    selection: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    high_spend_share: float = 0.2,
) -> pd.DataFrame:
    """Fit the parameters of feature set A on the training customers.

    Parameters
    ----------
    customers : DataFrame of shape (n_customers, ...)
        ``fold`` (0 to 4, a function of the id alone), ``proxy_value`` (the spend that the target
        encoding's proxy is cut from) and one column for each selected attribute.
    selection : DataFrame
        ``attribute``, ``encoding``, ``transform``, ``missing_policy``: the attributes that enter.
    levels : DataFrame
        ``attribute``, ``level``, ``level_order``: the ranks of ordinal levels.
    high_spend_share : float, default=0.2
        Share of customers that the proxy target calls high spenders, in (0, 1).

    Returns
    -------
    DataFrame
        One row per fitted number: attribute, encoding, transform, parameter, fold, level, value.

    Raises
    ------
    InputError
        When ``high_spend_share`` is outside (0, 1) or no attribute is selected.

    Notes
    -----
    The target encoding is scikit-learn's ``TargetEncoder`` (empirical Bayes shrinkage;
    Micci-Barreca, SIGKDD Explorations 3(1), 2001). The encoding of a fold, its spend threshold
    included, is fitted on the other folds only, so no customer's spend enters the customer's own
    encoding. Encodings are put on the scale of the standardised proxy,
    ``(e - s) / sqrt(s (1 - s))`` with ``s`` the high-spend share: a category that tells nothing
    about spend then carries no weight in a distance.
    """
    if not 0 < high_spend_share < 1:
        raise InputError(
            f"high_spend_share is {high_spend_share}; set it to a share between 0 and 1, as 0.2."
        )
    if selection.empty:
        raise InputError(
            "No attribute is left to cluster on. Look at rpt_attribute_diagnostics.reason and give "
            "some attribute of the dictionary a role that is clustered."
        )
    parameters = []
    for attribute in selection.sort_values("attribute").itertuples(index=False):
        column = customers[attribute.attribute]
        rows: Iterator[_Row]
        if attribute.encoding == "numeric":
            rows = _fit_numeric(column, str(attribute.transform), str(attribute.missing_policy))
        elif attribute.encoding == "ordinal":
            rows = _fit_ordinal(column, levels[levels["attribute"] == attribute.attribute])
        elif attribute.encoding == "nominal":
            rows = _fit_nominal(column)
        elif attribute.encoding == "target":
            rows = _fit_target(
                column, customers["proxy_value"], customers["fold"], high_spend_share
            )
        else:
            rows = iter([("fill", None, None, 0.0)])
        for parameter, fold, level, value in rows:
            parameters.append(
                (
                    attribute.attribute,
                    attribute.encoding,
                    attribute.transform,
                    parameter,
                    fold,
                    level,
                    value,
                )
            )
    frame = pd.DataFrame(parameters, columns=PARAMETER_COLUMNS)
    return frame.astype({"fold": "Int32", "level": "str", "value": "float64"})


def encode(customers: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Encode customers with fitted parameters.

    Parameters
    ----------
    customers : DataFrame of shape (n_customers, ...)
        As for :func:`fit`; ``proxy_value`` is not read.
    parameters : DataFrame
        What :func:`fit` returned.

    Returns
    -------
    DataFrame of shape (n_customers, n_attributes)
        A column for each attribute: float64 for numeric, ordinal and target encodings, text for
        nominal ones, 0 or 1 for flags. No value is missing.
    """
    encoded: dict[str, pd.Series[Any] | Floats] = {}
    for name, rows in parameters.groupby("attribute", sort=True):
        attribute = str(name)
        encoding = rows["encoding"].iloc[0]
        column = customers[attribute]
        single = rows[rows["level"].isna() & rows["fold"].isna()]
        number: dict[str, float] = dict(zip(single["parameter"], single["value"], strict=True))
        if encoding == "numeric":
            transform = TRANSFORMS[str(rows["transform"].iloc[0])]
            values = transform(_as_floats(column.fillna(number["fill"])))
            encoded[attribute] = (values - number["mean"]) / number["std"]
        elif encoding == "ordinal":
            ranks = _as_floats(column.map(_level_values(rows, "rank")).fillna(number["fill"]))
            encoded[attribute] = (ranks - number["mean"]) / number["std"]
        elif encoding == "nominal":
            encoded[attribute] = column.fillna(UNKNOWN)
        elif encoding == "target":
            encodings = _lookup_target(column, customers["fold"], rows)
            encoded[attribute] = (encodings - number["mean"]) / number["std"]
        else:
            encoded[attribute] = column.fillna(number["fill"]).astype("int32")
    return pd.DataFrame(encoded, index=customers.index)


def one_hot(features: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Turn encoded features into numbers only, for methods that know no categories.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_attributes)
        What :func:`encode` returned.
    parameters : DataFrame
        What :func:`fit` returned.

    Returns
    -------
    DataFrame of shape (n_customers, n_features)
        Numbers and flags as they are; each nominal attribute as one 0/1 column a level known at fit
        time, named ``attribute=level``. A level unseen at fit time is 0 in all of them.
    """
    columns = {}
    for attribute, rows in parameters.groupby("attribute", sort=True):
        if rows["encoding"].iloc[0] == "nominal":
            for level in sorted(rows["level"]):
                columns[f"{attribute}={level}"] = (features[str(attribute)] == level).astype(float)
        else:
            columns[str(attribute)] = features[str(attribute)].astype(float)
    return pd.DataFrame(columns, index=features.index)


def _as_floats(values: pd.Series[Any]) -> Floats:
    return values.to_numpy(dtype=np.float64)


def _scale(values: Floats) -> Iterator[_Row]:
    """Mean and population standard deviation; 1 where the sample is constant, so that z is 0."""
    is_constant = values.min() == values.max()
    yield "mean", None, None, float(values.mean())
    yield "std", None, None, 1.0 if is_constant else float(values.std())


def _fit_numeric(column: pd.Series[Any], transform: str, missing_policy: str) -> Iterator[_Row]:
    fill = 0.0 if missing_policy == "zero" else float(column.median())
    yield "fill", None, None, fill
    yield from _scale(TRANSFORMS[transform](_as_floats(column.fillna(fill))))


def _fit_ordinal(column: pd.Series[Any], levels: pd.DataFrame) -> Iterator[_Row]:
    ranks = dict(zip(levels["level"], levels["level_order"].astype(float), strict=True))
    for level in sorted(ranks, key=lambda level: ranks[level]):
        yield "rank", None, level, ranks[level]
    known = column.map(ranks)
    fill = float(known.median()) if known.notna().any() else 0.0
    yield "fill", None, None, fill
    yield from _scale(_as_floats(known.fillna(fill)))


def _fit_nominal(column: pd.Series[Any]) -> Iterator[_Row]:
    shares = column.fillna(UNKNOWN).value_counts(normalize=True)
    for level in sorted(shares.index):
        yield "share", None, level, float(shares[level])


def _fit_target(
    column: pd.Series[Any], spend: pd.Series[Any], folds: pd.Series[Any], share: float
) -> Iterator[_Row]:
    yield "mean", None, None, share
    yield "std", None, None, float(np.sqrt(share * (1 - share)))
    categories = column.fillna(UNKNOWN).to_numpy(dtype=object)
    spends = _as_floats(spend.fillna(0))
    for fold in range(N_FOLDS):
        others = (folds != fold).to_numpy()
        threshold = float(np.quantile(spends[others], 1 - share))
        is_high_spend = (spends[others] >= threshold).astype(float)
        encoder = TargetEncoder(target_type="continuous", smooth="auto")
        encoder.fit(categories[others].reshape(-1, 1), is_high_spend)
        yield "threshold", fold, None, threshold
        yield "prior", fold, None, float(encoder.target_mean_)
        for level, encoding in zip(encoder.categories_[0], encoder.encodings_[0], strict=True):
            yield "encoding", fold, str(level), float(encoding)


def _level_values(rows: pd.DataFrame, parameter: str) -> dict[str, float]:
    wanted = rows[rows["parameter"] == parameter]
    return dict(zip(wanted["level"], wanted["value"], strict=True))


def _lookup_target(column: pd.Series[Any], folds: pd.Series[Any], rows: pd.DataFrame) -> Floats:
    encodings = np.empty(len(column))
    for fold in range(N_FOLDS):
        of_fold = rows[rows["fold"] == fold]
        members = (folds == fold).to_numpy()
        known = _level_values(of_fold, "encoding")
        prior = float(of_fold.loc[of_fold["parameter"] == "prior", "value"].iloc[0])
        encodings[members] = _as_floats(column[members].fillna(UNKNOWN).map(known).fillna(prior))
    return encodings
