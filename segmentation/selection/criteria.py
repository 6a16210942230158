"""What every criterion of a segmentation looks like: a row, with the verdict in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from segmentation.errors import InputError

COLUMNS = [
    "method",
    "k",
    "cluster",
    "criterion",
    "value",
    "std_error",
    "customers",
    "replicates",
    "verdict",
    "verdict_zh",
]

# method, k, cluster (None: of the whole segmentation), criterion, value, std_error, verdict
Row = tuple[str, int, int | None, str, float, float | None, str]

_CHINESE = {
    r"": "",
    r"knee on K = (\d+) to (\d+)": r"肘点（在 K=\1–\2 上计算）",
    r"no knee on K = (\d+) to (\d+)": r"K=\1–\2 上没有肘点",
    r"highest": "最高",
    r"lowest": "最低",
    r"even": "各群宽度较均匀",
    r"uneven": "各群宽度不均匀",
    r"chosen by the gap": "Gap 统计量选定",
    r"no k up to here: the gap is still rising": "到此为止未选定：Gap 仍在上升",
    r"highly stable": "高度稳定",
    r"stable": "稳定",
    r"doubtful": "存疑",
    r"not to be trusted": "不可信",
    r"dominates: over half of the between-cluster cost": "主导：占群间差异的一半以上",
    r"collapsed: cluster (.*)": r"成分坍缩：群 \1",
    **{
        rf"{kind} covariances{english}": f"{chinese_kind}协方差{chinese}"
        for kind, chinese_kind in (
            ("full", "完全"),
            ("tied", "共享"),
            ("diag", "对角"),
            ("spherical", "球形"),
        )
        for english, chinese in (("", ""), ("; lowest", "；最低"))
    },
}


def in_chinese(verdict: str) -> str:
    """Translate a verdict.

    Raises
    ------
    InputError
        The verdict is not one that a criterion gives.
    """
    for english, chinese in _CHINESE.items():
        found = re.fullmatch(english, verdict)
        if found:
            return found.expand(chinese)
    raise InputError(f"The verdict {verdict!r} has no Chinese; add it to criteria.py.")


def criteria_frame(
    rows: Iterable[Row], *, customers: int, replicates: int | None = None
) -> pd.DataFrame:
    """Criteria as a table: `COLUMNS`, one row per method, k, cluster and criterion.

    Parameters
    ----------
    rows : the criteria
    customers : how many customers they were computed on
    replicates : bootstraps or references behind each of them, where there are any
    """
    columns = [name for name in COLUMNS if name not in ("customers", "replicates", "verdict_zh")]
    frame = pd.DataFrame(rows, columns=columns).assign(customers=customers, replicates=replicates)
    frame["verdict_zh"] = frame["verdict"].map(in_chinese)
    return frame[COLUMNS].astype(
        {
            "method": "str",
            "k": "int32",
            "cluster": "Int32",
            "criterion": "str",
            "value": "float64",
            "std_error": "float64",
            "customers": "int64",
            "replicates": "Int32",
            "verdict": "str",
            "verdict_zh": "str",
        }
    )
