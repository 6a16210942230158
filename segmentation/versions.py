"""Which versions of Python and its libraries made the numbers of a build."""

from __future__ import annotations

import platform
from importlib import metadata

import pandas as pd
import pyarrow as pa

VERSION_SCHEMA = pa.schema(
    [
        ("parameter", pa.string()),
        ("kind", pa.string()),
        ("parameter_order", pa.int32()),
        ("label_zh", pa.string()),
        ("label_en", pa.string()),
        ("version", pa.string()),
    ]
)


def add_versions(parameters: pd.DataFrame) -> pa.Table:
    """Add the column ``version`` to the table of parameters.

    Parameters
    ----------
    parameters : DataFrame
        parameter, parameter_order, kind, label_zh, label_en. Of the kind ``version`` the
        parameter is the name of a distribution, or ``python``.

    Returns
    -------
    pyarrow.Table
        As `VERSION_SCHEMA` says, in the order of the parameters; null for other kinds and for
        what is not installed.
    """
    rows = parameters.sort_values("parameter_order").to_dict("records")
    for row in rows:
        row["version"] = _version(row["parameter"]) if row["kind"] == "version" else None
    return pa.Table.from_pylist(
        [{str(name): value for name, value in row.items()} for row in rows], schema=VERSION_SCHEMA
    )


def _version(distribution: str) -> str | None:
    if distribution == "python":
        return platform.python_version()
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
