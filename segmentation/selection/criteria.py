"""What every criterion of a segmentation looks like: a row, with the verdict in words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

COLUMNS = ["method", "k", "cluster", "criterion", "value", "std_error", "verdict"]

# method, k, cluster (None: of the whole segmentation), criterion, value, std_error, verdict
Row = tuple[str, int, int | None, str, float, float | None, str]


def criteria_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Criteria as a table: `COLUMNS`, one row per method, k, cluster and criterion."""
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {
            "method": "str",
            "k": "int32",
            "cluster": "Int32",
            "criterion": "str",
            "value": "float64",
            "std_error": "float64",
            "verdict": "str",
        }
    )
