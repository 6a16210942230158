"""A year of the sample: what is planted is there, and nothing else has changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

from segmentation.cli import main
from segmentation.errors import InputError
from segmentation.sample import evolution
from segmentation.sample.columns import (
    WINDOWS_FROM_FIRST,
    WINDOWS_FROM_LAST,
    Draw,
    draw_customers,
)
from segmentation.sample.evolution import (
    CATEGORY_COLUMNS,
    NEW_MEDIUM,
    QUARTERS,
    evolve_customers,
    write_year,
)
from segmentation.sample.generate import generate_customers, write_sample

ROWS, SEED = 2_000, 11
DATES = [quarter.date for quarter in QUARTERS]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_year(tmp_path_factory.mktemp("year"), ROWS, SEED)


@pytest.fixture(scope="module")
def files(paths: list[Path]) -> list[pd.DataFrame]:
    return [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]


@pytest.fixture(scope="module")
def planted(paths: list[Path]) -> list[pd.DataFrame]:
    return [pd.read_csv(path.with_name(f"{path.stem}_planted.csv"), dtype=str) for path in paths]


def test_the_first_quarter_is_the_sample(paths: list[Path], tmp_path: Path) -> None:
    write_sample(tmp_path / "sample.csv", ROWS, SEED)
    sample = (tmp_path / "sample.csv").read_text(encoding="utf-8").splitlines()
    first = paths[0].read_text(encoding="utf-8").splitlines()
    assert [row.rpartition(",")[0] for row in first] == sample
    assert {row.rpartition(",")[2] for row in first[1:]} == {DATES[0]}


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_rows_are_as_before_but_where_something_is_planted(
    quarter: int, files: list[pd.DataFrame], planted: list[pd.DataFrame]
) -> None:
    columns = [name for name in files[0] if name != "snapshot_date"]
    before = files[quarter - 1][columns].set_index("corporation_id")
    after = files[quarter][columns].set_index("corporation_id")
    change = planted[quarter].set_index("corporation_id")["change"]
    both = after.index.intersection(before.index)
    same = (after.loc[both] == before.loc[both]).all(axis=1)
    assert (same == (change[both] == "unchanged")).all()
    assert same.mean() > 0.7
    assert set(after.index) - set(both) == set(change.index[change == "arrived"])
    names = after.loc[both, "corporation_name"] == before.loc[both, "corporation_name"]
    assert names.all()


def test_ids_are_never_used_again(files: list[pd.DataFrame]) -> None:
    present = [set(file["corporation_id"]) for file in files]
    for file, ids in zip(files, present, strict=True):
        assert len(ids) == len(file)
    for earlier, later in ((0, 2), (0, 3), (1, 3)):
        gone = present[earlier] - present[earlier + 1]
        assert gone
        assert not gone & present[later]


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_shares_are_those_of_the_design(quarter: int, planted: list[pd.DataFrame]) -> None:
    design, before = QUARTERS[quarter], len(planted[quarter - 1])
    counts = planted[quarter]["change"].value_counts()
    left = before - (len(planted[quarter]) - counts["arrived"])
    assert left == pytest.approx(design.left * before, rel=0.4)
    assert counts["grown"] == pytest.approx(design.grown * before, rel=0.1)
    assert counts["shrunk"] == pytest.approx(design.shrunk * before, rel=0.1)


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_both_groups_of_windows_add_up_to_the_same_spend(
    quarter: int, files: list[pd.DataFrame]
) -> None:
    windows = [
        np.rint(100 * files[quarter][list(names)].astype(float)).sum(axis=1)
        for names in (WINDOWS_FROM_FIRST, WINDOWS_FROM_LAST)
    ]
    assert (windows[0] == windows[1]).all()
    assert (files[quarter][list(WINDOWS_FROM_FIRST)].astype(float) >= 0).all(axis=None)


def test_growth_is_of_spend_and_ads_alike(
    files: list[pd.DataFrame], planted: list[pd.DataFrame]
) -> None:
    grown = planted[1].loc[planted[1]["change"] == "grown", "corporation_id"]
    before, after = (
        file.set_index("corporation_id")
        .loc[grown, ["month_avg_spend_amt", "d91_plus_spend_usd", "month_avg_ad_count"]]
        .astype(float)
        for file in files[:2]
    )
    factors = after / before.where(before > 50)
    assert factors["month_avg_spend_amt"].dropna().between(0.9, 2.6).all()
    assert factors.sub(factors["month_avg_spend_amt"], axis=0).abs().max(axis=None) < 0.02


def test_a_segment_is_born_and_one_splits(planted: list[pd.DataFrame]) -> None:
    counts = [file["planted_segment"].value_counts() for file in planted]
    for earlier in (0, 1):
        assert "gambling_risk" not in counts[earlier]
    assert counts[2]["gambling_risk"] == pytest.approx(0.12 * len(planted[1]), rel=0.1)
    before = planted[2].set_index("corporation_id")["planted_segment"]
    split = planted[3].loc[planted[3]["change"] == "split"]
    assert set(split["planted_segment"]) == {"game_studios"}
    assert set(before[split["corporation_id"]]) == {"trial_and_gone"}
    assert len(split) == pytest.approx(counts[3]["trial_and_gone"], rel=0.2)


def test_a_category_shifts_for_a_share_of_one_segment(
    files: list[pd.DataFrame], planted: list[pd.DataFrame]
) -> None:
    assert QUARTERS[1].shifted is not None
    segment, category, share = QUARTERS[1].shifted
    shifted = planted[1]["change"] == "category_shifted"
    assert set(planted[1].loc[shifted, "planted_segment"]) == {segment}
    assert shifted.sum() == pytest.approx(
        share * (planted[0]["planted_segment"] == segment).sum(), rel=0.1
    )
    assert set(files[1].loc[shifted, "top_l2_category"]) == {category}
    before = files[0].set_index("corporation_id")
    after = files[1][shifted].set_index("corporation_id")
    columns = [name for name in before if name not in {"snapshot_date", *CATEGORY_COLUMNS}]
    assert before.loc[after.index, columns].equals(after[columns])


def test_the_drift_of_the_categories_is_moderate_and_no_other(files: list[pd.DataFrame]) -> None:
    def stability_index(attribute: str) -> float:
        levels = files[0][attribute].unique()
        before, after = (
            file[attribute].value_counts(normalize=True).reindex(levels, fill_value=0) + 1e-4
            for file in files[:2]
        )
        return float(((after - before) * np.log(after / before)).sum())

    assert 0.1 < stability_index("top_l2_category") < 0.25
    for attribute in ("main_media", "top_custom_region_all", "corporation_size"):
        assert stability_index(attribute) < 0.05


def test_a_main_medium_is_new(files: list[pd.DataFrame]) -> None:
    assert not (files[0]["main_media"] == NEW_MEDIUM).any()
    new = files[1][files[1]["main_media"] == NEW_MEDIUM]
    assert len(new) == QUARTERS[1].new_media
    assert (new["fb_tt_gg_spend_by_full_spend_ratio"].astype(float) <= 0.5).all()


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_definitions_of_the_columns_hold(quarter: int, files: list[pd.DataFrame]) -> None:
    file = files[quarter]
    n_ads, ads, spend = (
        file[name].astype(float)
        for name in ("total_ad_count", "month_avg_ad_count", "month_avg_spend_amt")
    )
    months = (n_ads / ads).round()
    np.testing.assert_allclose(ads * months, n_ads, atol=0.01)
    n_campaigns = file["total_campaign_count"].astype(float)
    np.testing.assert_allclose(
        file["month_avg_campaign_count"].astype(float) * months, n_campaigns, atol=0.01
    )
    assert (n_campaigns <= n_ads).all()
    total = file[list(WINDOWS_FROM_FIRST)].astype(float).sum(axis=1)
    np.testing.assert_allclose(spend * months, total, atol=0.005 * months.max() + 0.005)
    unrecorded = file["first_30d_topup_amt"] == ""
    assert file["month_avg_topup_amt"][unrecorded].equals(file["month_avg_spend_amt"][unrecorded])
    assert (
        file["core_category_count"]
        .astype(int)
        .equals(
            file[[name for name in file if name.startswith("is_core_category")]]
            .astype(int)
            .sum(axis=1)
        )
    )


def test_customers_follow_only_segments_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: set[str] = set()

    def draw_and_note(draw: Draw, ids: pa.Array) -> pa.Table:
        followed.update(draw.names)
        return draw_customers(draw, ids)

    monkeypatch.setattr(evolution, "draw_customers", draw_and_note)
    for (_, _, planted), new in zip(
        evolve_customers(500, 1), (set(), set(), {"gambling_risk"}, {"game_studios"}), strict=True
    ):
        assert followed <= set(planted["planted_segment"].to_pylist())
        assert new <= followed


def test_new_ids_look_like_the_old_ones(files: list[pd.DataFrame]) -> None:
    for file in files:
        assert file["corporation_id"].str.fullmatch(r"[1-9]\d{9}").all()
    arrived = files[1].tail(round(QUARTERS[1].arrived * ROWS))["corporation_id"]
    longer = generate_customers(ROWS + len(arrived), SEED)[0]["corporation_id"]
    assert list(arrived) == list(longer.tail(len(arrived)))


def test_a_born_segment_goes_on_arriving(planted: list[pd.DataFrame]) -> None:
    arrived = planted[3].loc[planted[3]["change"] == "arrived", "planted_segment"]
    assert "gambling_risk" in set(arrived)
    assert "game_studios" not in set(arrived)


def test_the_same_arguments_give_the_same_values() -> None:
    for one, other in zip(evolve_customers(600, 3), evolve_customers(600, 3), strict=True):
        assert one[0] == other[0]
        assert one[1].equals(other[1])
        assert one[2].equals(other[2])


@pytest.mark.parametrize("rows", [499, 200_001])
def test_too_few_or_too_many_customers_are_refused(rows: int) -> None:
    with pytest.raises(InputError, match="500 to 200,000"):
        next(evolve_customers(rows, 1))


def test_the_command_writes_a_folder(tmp_path: Path) -> None:
    output = tmp_path / "year"
    done = CliRunner().invoke(
        main, ["sample", "--evolve", "--rows", "500", "--output", str(output)]
    )
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in output.glob("*.csv") if "planted" not in path.name) == [
        f"customers_{date}.csv" for date in DATES
    ]
    refused = CliRunner().invoke(main, ["sample", "--evolve", "--segments", "3"])
    assert refused.exit_code == 1
    assert "leave --segments away" in refused.output


def test_a_file_name_for_the_folder_is_refused(tmp_path: Path) -> None:
    for output in (tmp_path / "year.csv", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match="name a folder"):
            write_year(output, 500, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
