"""The technical range: its rule, its words, and what it finds end to end."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_samples import GAMMA, fitted, null, planted

from segmentation.errors import InputError
from segmentation.selection.criteria import criteria_frame
from segmentation.selection.elbow import segmentation_criteria
from segmentation.selection.gap import gap_statistic, kprototypes_costs
from segmentation.selection.stability import bootstrap_stability, kprototypes_refit
from segmentation.selection.technical_range import of_every_method, technical_range

pytestmark = pytest.mark.usefixtures("one_thread")


def criteria(
    silhouettes: dict[int, float],
    *,
    knee: int | None,
    gap: int | None = None,
    jaccards: dict[int, float] | None = None,
    uneven: tuple[int, ...] = (),
) -> pd.DataFrame:
    """Rows of one method; `gap` 0 is a gap that is still rising."""
    ks = [1, *silhouettes]
    rows = []
    for k in ks:
        below = 0 if knee is None else 40 * min(k - 1, knee - 1) / (knee - 1)
        rows.append(("m", k, None, "cost", 100.0 - k - below, None, ""))
        if gap is not None:
            gaps = k if gap == 0 else min(k, gap)
            rows.append(("m", k, None, "gap", float(gaps), 0.1, ""))
    for k, width in silhouettes.items():
        rows.append(("m", k, None, "mean_silhouette", width, None, ""))
        rows.append(("m", k, None, "silhouette_evenness", 0.1 if k in uneven else 0.6, None, ""))
        rows.append(("m", k, 0, "silhouette", 0.9, None, ""))
    for k, jaccard in (jaccards or {}).items():
        rows.append(("m", k, None, "min_jaccard", jaccard, 0.01, ""))
    return criteria_frame(rows, customers=100)


WIDTHS = {k: 0.3 - abs(k - 5) / 100 for k in range(2, 11)}
STABLE = dict.fromkeys(WIDTHS, 0.9)
SHAKY = dict.fromkeys(WIDTHS, 0.4)


class TestTechnicalRange:
    def test_within_the_plan(self):
        found = technical_range(criteria(WIDTHS, knee=4, gap=6, jaccards=STABLE))
        assert (found.k_min, found.k_max, found.k_values) == (4, 6, (4, 5, 6))
        assert found.support == "supported"
        assert found.meets_plan
        assert found.reason_en == (
            "The elbow of the cost on K = 1–10 is 4; among K with stable segments about equally "
            "wide, the mean silhouette is highest at K = 5 (0.30); the gap chooses K = 6; every "
            "segment has a bootstrap Jaccard of at least 0.6 at K = 2, 3, 4, 5, 6, 7, 8, 9, 10. "
            "The technical range is K = 4–6."
        )
        assert found.reason_zh == (
            "成本曲线在 K=1–10 上的肘点为 4；"
            "在各群稳定且宽度较均匀的 K 中，平均轮廓系数以 K=5 最高（0.30）；"
            "Gap 统计量选择 K=6；各群自助抽样 Jaccard 均不低于 0.6 的 K："
            "2、3、4、5、6、7、8、9、10。技术区间为 K=4–6。"
        )

    def test_the_silhouette_prefers_stable_segments(self):
        jaccards = STABLE | {5: 0.7}
        found = technical_range(criteria(WIDTHS, knee=4, gap=4, jaccards=jaccards))
        assert (found.k_min, found.k_max) == (4, 4)  # 4 and 6 are as wide: the first
        shaky = technical_range(
            criteria(WIDTHS, knee=4, gap=4, jaccards=dict.fromkeys(WIDTHS, 0.7))
        )
        assert (shaky.k_min, shaky.k_max) == (4, 5)
        assert "among K with segments about equally wide" in shaky.reason_en
        assert "在各群宽度较均匀的 K 中" in shaky.reason_zh

    @pytest.mark.parametrize(
        ("knee", "gap", "middle"),
        [(4, 7, 5), (4, 0, 4), (6, 7, 6), (None, 1, 5), (5, 5, 5), (2, 2, 2)],
    )
    def test_the_middle_is_the_median_of_what_is_named(self, knee, gap, middle):
        found = technical_range(criteria(WIDTHS, knee=knee, gap=gap, jaccards=STABLE))
        assert found.k_middle == middle

    def test_cut_to_the_plan(self):
        found = technical_range(criteria(WIDTHS, knee=3, gap=9, jaccards=STABLE))
        assert (found.k_min, found.k_max) == (4, 7)
        assert "K = 3–9 is cut to 4–7 by the plan's 4–7" in found.reason_en
        assert "K=3–9 按方案的 4–7 截取为 4–7" in found.reason_zh

    def test_outside_the_plan(self):
        widths = {k: 0.5 - abs(k - 3) / 10 for k in range(2, 8)}
        found = technical_range(criteria(widths, knee=3, gap=3, jaccards=STABLE))
        assert (found.k_min, found.k_max) == (3, 3)
        assert not found.meets_plan
        assert found.support == "supported"
        assert "K = 3; it does not meet the plan's 4–7" in found.reason_en
        assert "没有交集" in found.reason_zh
        assert technical_range(criteria(widths, knee=3), planned=(2, 3)).meets_plan
        several = technical_range(criteria(WIDTHS, knee=4, gap=6), planned=(8, 9))
        assert "K = 4–6; it does not meet the plan's 8–9" in several.reason_en
        assert "K=4–6，与方案预期的 8–9 没有交集" in several.reason_zh

    def test_stability_shortens_the_range_and_leaves_holes(self):
        jaccards = STABLE | {4: 0.5, 6: 0.59, 7: 0.6, 8: 0.1}
        found = technical_range(criteria(WIDTHS, knee=4, gap=8, jaccards=jaccards))
        assert (found.k_min, found.k_max, found.k_values) == (5, 7, (5, 7))

    def test_uneven_widths_do_not_count(self):
        found = technical_range(criteria(WIDTHS, knee=6, gap=6, uneven=(5,)))
        assert (found.k_min, found.k_max) == (4, 6)
        every = technical_range(criteria(WIDTHS, knee=6, gap=6, uneven=tuple(WIDTHS)))
        assert (every.k_min, every.k_max) == (5, 6)
        assert "no K has segments about equally wide" in every.reason_en

    def test_criteria_that_name_none(self):
        found = technical_range(criteria(WIDTHS, knee=None, gap=0))
        assert found.k_values == (5,)
        assert "no elbow on K = 1–10" in found.reason_en
        assert "still rising at K = 10" in found.reason_en
        assert "stability was not computed" in found.reason_en
        assert found.support == "supported"

    def test_nothing_is_supported(self):
        found = technical_range(criteria(WIDTHS, knee=3, gap=1, jaccards=SHAKY))
        assert found.support == "unsupported"
        assert (found.k_values, found.meets_plan) == ((4, 5, 6, 7), False)
        assert "the gap chooses K = 1 (no segments)" in found.reason_en
        assert "at no K has every segment a bootstrap Jaccard of at least 0.6." in found.reason_en
        assert "没有一个 K 的各群自助抽样 Jaccard 均不低于 0.6。" in found.reason_zh
        assert "No segments are supported by this data" in found.reason_en
        assert "数据不支持任何分群" in found.reason_zh

    def test_the_halves_of_nothing_come_back_half_the_time(self):
        found = technical_range(criteria(WIDTHS, knee=3, gap=1, jaccards=SHAKY | {3: 0.7}))
        assert found.support == "unsupported"

    @pytest.mark.parametrize(("gap", "jaccards"), [(1, STABLE), (5, SHAKY), (1, None)])
    def test_one_doubt_alone(self, gap, jaccards):
        found = technical_range(criteria(WIDTHS, knee=4, gap=gap, jaccards=jaccards))
        assert found.support == "doubtful"
        assert found.k_values == (4, 5)
        assert "doubtful" in found.reason_en
        assert "存疑" in found.reason_zh

    def test_either_side_of_the_plan(self):
        jaccards = SHAKY | {3: 0.9, 8: 0.9}
        found = technical_range(criteria(WIDTHS, knee=3, gap=8, jaccards=jaccards))
        assert (found.k_values, found.meets_plan) == ((3, 8), False)
        assert "K = 3, 8; it does not meet the plan's 4–7" in found.reason_en
        assert "K=3、8，与方案预期的 4–7 没有交集" in found.reason_zh

    def test_nothing_is_supported_and_no_k_of_the_plan_was_computed(self):
        widths = {2: 0.2, 3: 0.3}
        found = technical_range(criteria(widths, knee=None, gap=1, jaccards={2: 0.4, 3: 0.4}))
        assert (found.support, found.k_values, found.meets_plan) == ("unsupported", (3,), False)
        assert "K = 3 is where the criteria point, not a finding" in found.reason_en
        assert "K=3 只是各项指标所指，不是数据的结论" in found.reason_zh

    @settings(max_examples=25, deadline=None)
    @given(
        knee=st.none() | st.integers(2, 9),
        gap=st.none() | st.integers(0, 9),
        jaccards=st.none() | st.lists(st.floats(0.2, 1.0), min_size=9, max_size=9),
        uneven=st.sets(st.integers(2, 10)),
        low=st.integers(2, 10),
        width=st.integers(0, 4),
        seed=st.integers(0, 99),
    )
    def test_what_holds_of_any_criteria(self, knee, gap, jaccards, uneven, low, width, seed):
        by_k = None if jaccards is None else dict(zip(WIDTHS, jaccards, strict=True))
        rows = criteria(WIDTHS, knee=knee, gap=gap, jaccards=by_k, uneven=tuple(uneven))
        planned = (low, low + width)
        found = technical_range(rows, planned)
        assert found == technical_range(rows.sample(frac=1, random_state=seed), planned)
        assert found.k_values == tuple(sorted(set(found.k_values)))
        assert set(found.k_values) <= set(WIDTHS)
        assert (found.k_min, found.k_max) == (found.k_values[0], found.k_values[-1])
        in_plan = [k for k in found.k_values if low <= k <= low + width]
        assert found.meets_plan == (bool(in_plan) and found.support != "unsupported")
        assert len(in_plan) in (0, len(found.k_values))
        assert ("does not meet" in found.reason_en) == (
            not in_plan and found.support != "unsupported"
        )
        assert ("doubtful" in found.reason_en) == (found.support == "doubtful")
        assert ("No segments are supported" in found.reason_en) == (found.support == "unsupported")
        if gap != 1:
            assert found.support != "unsupported"

    def test_every_method(self):
        one = criteria(WIDTHS, knee=4, gap=6, jaccards=STABLE | {5: 0.5})
        other = criteria(WIDTHS, knee=3, gap=1, jaccards=SHAKY).assign(method="a")
        found = of_every_method(pd.concat([one, other]), (3, 6))
        assert found["method"].tolist() == ["a", "m"]
        for row, rows in zip(found.itertuples(), (other, one), strict=True):
            expected = technical_range(rows, (3, 6))
            assert row.k_values == ",".join(str(k) for k in expected.k_values)
            for name in ("k_min", "k_max", "support", "meets_plan", "reason_zh", "reason_en"):
                assert getattr(row, name) == getattr(expected, name)
        assert found["k_values"].tolist() == ["3,4,5,6", "4,6"]
        assert found["support"].tolist() == ["unsupported", "supported"]

    def test_bad_rows(self):
        rows = criteria(WIDTHS, knee=4)
        other = rows.assign(method="other")
        with pytest.raises(InputError, match="one method"):
            technical_range(pd.concat([rows, other]))
        with pytest.raises(InputError, match=r"at least two numbers of segments.*\[5\]"):
            technical_range(criteria({5: 0.3}, knee=None))

    @pytest.mark.parametrize("k", [3, 5])
    def test_finds_planted_segments_end_to_end(self, k):
        matrix, _ = planted(k, seed=3)
        labels = fitted(matrix, 8)
        refit = kprototypes_refit(matrix, 8, GAMMA)
        judged = {k: of_k for k, of_k in labels.items() if k > 1}
        rows = pd.concat(
            [
                segmentation_criteria(matrix, labels, GAMMA),
                gap_statistic(matrix, kprototypes_costs(8, GAMMA), n_references=10),
                bootstrap_stability(judged, refit, n_bootstraps=10),
            ]
        )
        found = technical_range(rows)
        assert found.k_values == (k,)
        assert found.support == "supported"
        assert found.meets_plan == (k == 5)

    @pytest.mark.parametrize("seed", [2, 4])
    def test_says_that_null_data_have_no_segments(self, seed):
        matrix = null(seed=seed)
        labels = fitted(matrix, 8)
        judged = {k: of_k for k, of_k in labels.items() if k > 1}
        rows = pd.concat(
            [
                segmentation_criteria(matrix, labels, GAMMA),
                gap_statistic(matrix, kprototypes_costs(8, GAMMA), n_references=10),
                bootstrap_stability(judged, kprototypes_refit(matrix, 8, GAMMA), n_bootstraps=10),
            ]
        )
        assert technical_range(rows).support == "unsupported"
