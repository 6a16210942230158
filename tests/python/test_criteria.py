"""Criteria as rows: whatever a criterion may say, it says in Chinese too."""

import re

import numpy as np
import pandas as pd
import pytest
from planted_samples import GAMMA, fitted, null, planted

from segmentation.clustering import famd_clusters
from segmentation.errors import InputError
from segmentation.selection import evidence
from segmentation.selection.criteria import COLUMNS, criteria_frame, in_chinese
from segmentation.selection.elbow import segmentation_criteria
from segmentation.selection.gap import CHOSEN, RISING, gap_statistic
from segmentation.selection.stability import bootstrap_stability, stability_verdict

pytestmark = pytest.mark.usefixtures("one_thread")

HAN = re.compile(r"[\u4e00-\u9fff]")


def gap_with_costs(costs: dict[int, float]) -> pd.DataFrame:
    """The data cost `costs`, every reference the same."""
    matrix = null(n=20)

    def fit_costs(data, rng):
        return costs if data is matrix else dict.fromkeys(costs, 50.0)

    return gap_statistic(matrix, fit_costs, n_references=2)


def stability_with_jaccard(share_kept: float) -> pd.DataFrame:
    """Clusters of which so many customers come back together."""
    labels = np.arange(1000) % 2
    moved = np.where(np.arange(1000) < 1000 * share_kept, labels, 2 + np.arange(1000))
    return bootstrap_stability({2: labels}, lambda rows, rng: {2: moved[rows]}, n_bootstraps=2)


def judged_mixtures(kind: str, collapsed: list[int]) -> pd.DataFrame:
    mixtures = famd_clusters.Mixtures(
        pd.DataFrame(
            [("famd_gmm_k3", None, "k", None, None, 3.0)],
            columns=famd_clusters.PARAMETER_COLUMNS,
        ),
        pd.DataFrame(
            [
                ("famd_gmm_k3", "famd_gmm", 3, kind, criterion, 1.0, True)
                for criterion in ("bic", "icl")
            ],
            columns=[
                *["segmentation_id", "method", "k", "covariance_type"],
                *["criterion", "value", "is_chosen"],
            ],
        ),
    )
    components = pd.DataFrame(
        {
            "segmentation_id": "famd_gmm_k3",
            "cluster": range(3),
            "least_variance": 1.0,
            "is_collapsed": [cluster in collapsed for cluster in range(3)],
        }
    )
    rows = evidence._judge_mixtures(mixtures.as_rows(components))
    return criteria_frame(rows, customers=10)


@pytest.fixture(scope="module")
def every_verdict() -> pd.DataFrame:
    """Rows of all criteria, among them every verdict."""
    matrix, labels = planted(3, n=120, seed=1)
    split = np.where(labels == 1, 1, np.where(np.arange(120) % 4, 0, 2))
    return pd.concat(
        [
            segmentation_criteria(matrix, fitted(matrix, 5), GAMMA),
            segmentation_criteria(matrix, {3: split}, GAMMA),
            gap_with_costs({1: 40.0, 2: 10.0, 3: 10.0}),
            gap_with_costs({1: 40.0, 2: 10.0, 3: 1.0}),
            *(stability_with_jaccard(share) for share in (1.0, 0.8, 0.7, 0.1)),
            *(judged_mixtures(kind, [0, 2]) for kind in famd_clusters.COVARIANCE_TYPES),
            judged_mixtures("full", []),
        ]
    )


def test_the_sample_has_every_verdict(every_verdict):
    kinds = {re.sub(r"\d+", "#", verdict) for verdict in every_verdict["verdict"]}
    kinds |= {re.sub(r"^\w+(?= covariances)", "*", kind) for kind in kinds}
    assert kinds >= {
        "",
        "knee on K = # to #",
        "no knee on K = # to #",
        "highest",
        "even",
        "uneven",
        CHOSEN,
        RISING,
        *(stability_verdict(jaccard) for jaccard in (0.9, 0.8, 0.7, 0.1)),
        "* covariances; lowest",
        "lowest",
        "collapsed: cluster #, #",
    }


def test_every_verdict_has_chinese(every_verdict):
    for verdict, chinese in zip(every_verdict["verdict"], every_verdict["verdict_zh"], strict=True):
        assert chinese == in_chinese(verdict)
        assert bool(HAN.search(chinese)) == bool(verdict)
        assert re.findall(r"\d+", chinese) == re.findall(r"\d+", verdict)
    meanings = every_verdict[["verdict", "verdict_zh"]].drop_duplicates()
    assert not meanings["verdict_zh"].duplicated().any()


def test_chinese_of_some():
    assert in_chinese("knee on K = 1 to 10") == "肘点（在 K=1–10 上计算）"
    assert in_chinese("tied covariances") == "共享协方差"
    assert in_chinese("tied covariances; lowest") == "共享协方差；最低"
    assert in_chinese("collapsed: cluster 1, 2") == "成分坍缩：群 1, 2"


@pytest.mark.parametrize("verdict", ["splendid", "highest of all", "knee", "not to be trusted."])
def test_an_unknown_verdict_is_refused(verdict):
    with pytest.raises(InputError, match="has no Chinese"):
        in_chinese(verdict)
    with pytest.raises(InputError, match="has no Chinese"):
        criteria_frame([("m", 2, None, "cost", 1.0, None, verdict)], customers=5)


@pytest.mark.parametrize("replicates", [None, 20])
def test_the_table(replicates):
    rows = [("m", 2, None, "cost", 1.0, None, "highest"), ("m", 2, 1, "jaccard", 0.5, 0.1, "")]
    for given in (rows, []):
        frame = criteria_frame(given, customers=7, replicates=replicates)
        assert list(frame) == COLUMNS
        assert len(frame) == len(given)
        assert frame.dtypes.astype(str).tolist() == [
            *["str", "int32", "Int32", "str", "float64", "float64"],
            *["int64", "Int32", "str", "str"],
        ]
    frame = criteria_frame(rows, customers=7, replicates=replicates)
    assert frame["customers"].tolist() == [7, 7]
    assert (
        frame["replicates"].isna().all()
        if replicates is None
        else (frame["replicates"].tolist() == [20, 20])
    )
    assert frame["cluster"].isna().tolist() == [True, False]
