"""Quarter after quarter: history is kept, scoring needs no Python, segments keep their ids."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pytest
from project import BRISK, Project, Run, expect_clean_failure, expect_success
from scipy.special import rel_entr

from segmentation.forget.everywhere import Places, forget_customer
from segmentation.forget.files import TextFile
from segmentation.forget.traces import Customer
from segmentation.history import find_backups
from segmentation.lineage import tell_lineage
from segmentation.report.formats import Said
from segmentation.report.marts import MOST_CALLS, read_marts
from segmentation.report.migration import migration_part
from segmentation.report.page import make_report, render
from segmentation.workbook.make import make_workbook

SCORE = ("build", "--selector", "score", "--exclude-resource-type", "unit_test")
STEP_ENDS = ("LogModelResult", "LogSeedResult", "LogTestResult")
KEPT = (
    "fct_segment_history",
    "int_attribute_history",
    "rpt_feature_drift",
    "rpt_segment_lineage",
    "dim_models",
    "dim_model_segments",
    "fct_model_parameters",
    "int_final_clusters",
)


class Quarter(NamedTuple):
    """A later file: whose rows are others than before, who is new and who is gone."""

    file: Path
    changed: set[str]
    entered: set[str]
    left: set[str]


def rows_of(database: Path, table: str, condition: str = "true") -> str:
    """Give the number of rows and the sum of their hashes."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.sql(
            f"select count(*) || ' rows ' || coalesce(sum(hash(rows)), 0) from {table} as rows "
            f"where {condition}"
        ).fetchall()[0][0]


@pytest.fixture(scope="module")
def first_date(built: Project) -> datetime.date:
    date: datetime.date = built.one("select max(as_of_date) from fct_segment_history").date()
    return date


@pytest.fixture(scope="module")
def quarter(customers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Quarter:
    """The sample a quarter later, in another order."""
    rng = np.random.default_rng(4)
    later = customers.sample(frac=1, random_state=3).iloc[:-90].copy()
    ids = later["corporation_id"].to_numpy(copy=True)
    gone = set(customers["corporation_id"]) - set(ids)
    traits = [name for name in later if name not in ("corporation_id", "corporation_name")]
    moving = rng.choice(len(later), 300, replace=False)
    later.iloc[moving, [later.columns.get_loc(name) for name in traits]] = later.iloc[
        rng.permutation(moving)
    ][traits].to_numpy()
    later.iloc[moving[:20], later.columns.get_loc("main_media")] = "Threads"
    new = later.iloc[moving[100:160]].copy()
    new["corporation_id"] = [f"77{name}" for name in new["corporation_id"]]
    path = tmp_path_factory.mktemp("quarter") / "customers.csv"
    pd.concat([later, new]).to_csv(path, index=False)
    return Quarter(path, set(ids[moving]), set(new["corporation_id"]), gone)


@pytest.fixture(scope="module")
def variables(first_date: datetime.date) -> dict[str, Any]:
    later = first_date + datetime.timedelta(days=92)
    return {**BRISK, "as_of_date": str(later), "force_as_of_date": True}


@pytest.fixture(scope="module")
def scoring(spare: Project, quarter: Quarter, variables: dict[str, Any]) -> Run:
    """The next quarter, scored by the model of the build before."""
    return spare.dbt(*SCORE, customer_file=quarter.file, variables=variables)


@pytest.fixture(scope="module")
def scored(spare: Project, scoring: Run) -> Project:
    expect_success(scoring)
    return spare


def test_scoring_runs_no_python_model(scoring: Run, scored: Project) -> None:
    nodes = json.loads((scored.target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    languages = {node["name"]: node["language"] for node in nodes.values() if "language" in node}
    run = [name for name in scoring.statuses if name in languages]
    assert "fct_segment_history" in run
    assert {languages[name] for name in run} == {"sql"}
    assert not [name for name in run if name.startswith("ml_")]


def test_scoring_publishes_and_exports(scored: Project, first_date: datetime.date) -> None:
    with duckdb.connect(str(scored.published), read_only=True) as copy:
        dates = copy.sql("select distinct as_of_date from fct_segment_history order by 1").df()
    assert dates["as_of_date"].dt.date.iloc[0] == first_date
    assert len(dates) == 2
    exported = pd.read_csv(scored.exports / "customer_segments.csv", dtype=str)
    assert len(exported) == scored.one("select count(*) from fct_customer_segments")


def test_the_history_is_backed_up(built: Project, scored: Project) -> None:
    """The backup of the first build is not beside the copy of its database: scoring made one."""
    before, after = find_backups(scored.database)
    assert len(find_backups(built.database)) == 1
    for table in (*KEPT, "builds.stages"):
        assert rows_of(after, table) == rows_of(scored.database, table)
        if table != "builds.stages":
            assert rows_of(before, table) == rows_of(built.database, table)


def test_the_first_date_stays_as_it_was(
    built: Project, scored: Project, first_date: datetime.date
) -> None:
    for table in ("fct_segment_history", "int_attribute_history", "rpt_feature_drift"):
        before = rows_of(built.database, table)
        assert rows_of(scored.database, table, f"as_of_date = date '{first_date}'") == before
    for table in ("dim_models", "fct_model_parameters", "dim_model_segments"):
        assert rows_of(scored.database, table) == rows_of(built.database, table)


def test_who_has_not_changed_has_the_same_segment_to_the_last_bit(
    built: Project, scored: Project, quarter: Quarter
) -> None:
    columns = "customer_id, segment_id, distance, runner_up_segment_id, silhouette"
    query = f"select {columns} from fct_customer_segments order by customer_id"
    before, after = built.query(query), scored.query(query)
    untouched = ~after["customer_id"].isin(quarter.changed | quarter.entered)
    assert untouched.sum() > 4_000
    pd.testing.assert_frame_equal(
        after[untouched].reset_index(drop=True),
        before[before["customer_id"].isin(after["customer_id"][untouched])].reset_index(drop=True),
    )


def test_moves_are_those_of_the_customers_who_changed(scored: Project, quarter: Quarter) -> None:
    moves = scored.query("select * from int_segment_moves")
    by_movement = moves.groupby("movement")["customer_id"].agg(set)
    assert by_movement["entered"] == quarter.entered
    assert by_movement["left"] == quarter.left
    assert by_movement["moved"] <= quarter.changed
    assert len(by_movement["moved"]) > 100
    totals = scored.query(
        "select sum(customers) as customers, sum(moved_by_customer) as by_customer,"
        " sum(moved_by_model) as by_model, bool_or(is_refit) as is_refit"
        " from rpt_segment_migrations where movement = 'moved'"
    ).iloc[0]
    assert totals["by_customer"] == totals["customers"] == len(by_movement["moved"])
    assert totals["by_model"] == 0
    assert not totals["is_refit"]


def test_flows_add_up_to_the_customers_and_spend_of_both_dates(scored: Project) -> None:
    for side, date in (("from", "from_date"), ("to", "to_date")):
        wrong = scored.query(
            f"""
            with flows as (
                select {date} as as_of_date, {side}_segment_id as segment_id,
                    sum(customers) as customers,
                    sum(value_{"before" if side == "from" else "after"}) as spend
                from rpt_segment_migrations
                where {side}_segment_id is not null
                group by all
            ), counted as (
                select as_of_date, segment_id, count(*) as customers, sum(customer_value) as spend
                from fct_segment_history
                group by all
            )
            select * from flows
            left join counted using (as_of_date, segment_id)
            where flows.customers is distinct from counted.customers
                or abs(flows.spend - counted.spend) > 1e-6 * counted.spend
            """
        )
        assert wrong.empty
    shares = scored.query(
        "select sum(transition_probability) as share from rpt_segment_migrations"
        " where from_segment_id is not null group by from_segment_id"
    )
    assert np.allclose(shares["share"], 1)


def test_a_level_that_the_model_has_never_seen_is_counted(scored: Project) -> None:
    drift = scored.query(
        "select attribute, unseen_customers from rpt_feature_drift"
        " where as_of_date = (select max(as_of_date) from rpt_feature_drift)"
        " and unseen_customers > 0"
    )
    assert list(drift["attribute"]) == ["main_media"]
    assert 20 <= drift["unseen_customers"].iloc[0] <= 80


def test_drift_is_the_divergence_that_scipy_gives(
    scored: Project, first_date: datetime.date
) -> None:
    """PSI is relative entropy both ways; bins are deciles of everyone, who were all trained on."""
    histories = scored.query("select * from int_attribute_history where level is null")
    drift = scored.query(
        "select attribute, psi from rpt_feature_drift"
        " where as_of_date = (select max(as_of_date) from rpt_feature_drift)"
    ).set_index("attribute")["psi"]
    assert histories["attribute"].nunique() > 5
    for attribute, rows in histories.groupby("attribute"):
        is_first = rows["as_of_date"].dt.date == first_date
        numbers = rows["number"].astype(float)
        known = np.sort(numbers[is_first].dropna())
        deciles = np.unique(np.quantile(known, np.arange(1, 10) / 10, method="inverted_cdf"))
        bins = np.where(numbers.isna(), -1, np.searchsorted(deciles, numbers, side="right"))
        before, after = (
            np.array([np.mean(bins[chosen] == place) for place in np.unique(bins)]).clip(1e-4)
            for chosen in (is_first, ~is_first)
        )
        terms = rel_entr(before, after) + rel_entr(after, before)
        assert drift[attribute] == pytest.approx(terms.sum(), rel=1e-9, abs=1e-12), attribute


def test_what_changed_for_movers_is_measured(scored: Project) -> None:
    first = scored.query("select * from rpt_migration_attributes where change_rank = 1")
    moved = scored.query("select * from rpt_segment_migrations where movement = 'moved'")
    keys = ["from_segment_id", "to_segment_id"]
    together = first.merge(moved, on=keys)
    assert len(together) == len(first) == len(moved)
    assert (together["customers_x"] == together["customers_y"]).all()
    assert (first["change_of_stayers"].abs() < first["change"].abs()).mean() > 0.9


def test_scoring_a_date_again_replaces_that_date_only(
    scored: Project, sample_file: Path, variables: dict[str, Any], first_date: datetime.date
) -> None:
    """With --full-refresh, and with the first file: nobody has moved."""
    expect_success(
        scored.dbt(*SCORE, "--full-refresh", customer_file=sample_file, variables=variables)
    )
    counts = scored.query(
        "select as_of_date, count(*) as n, count(distinct customer_id) as ids"
        " from fct_segment_history group by all order by all"
    )
    assert counts["as_of_date"].dt.date.iloc[0] == first_date
    assert list(counts["n"]) == list(counts["ids"]) == [4_500, 4_500]
    movements = scored.query("select distinct movement from rpt_segment_migrations")
    assert list(movements["movement"]) == ["stayed"]


def test_a_date_before_the_latest_or_after_today_is_refused(
    scored: Project, sample_file: Path, first_date: datetime.date
) -> None:
    before = rows_of(scored.database, "fct_segment_history")
    expect_clean_failure(
        scored.dbt(
            *SCORE,
            customer_file=sample_file,
            variables={**BRISK, "as_of_date": "2020-01-31", "force_as_of_date": False},
        ),
        "The snapshot is of 2020-01-31, but the history already goes to",
        "force_as_of_date: true",
    )
    expect_clean_failure(
        scored.dbt(
            *SCORE,
            customer_file=sample_file,
            variables={**BRISK, "as_of_date": "2999-01-31", "force_as_of_date": False},
        ),
        "The snapshot is of 2999-01-31, which is after today",
    )
    expect_clean_failure(
        scored.dbt(
            *SCORE,
            customer_file=sample_file,
            variables={**BRISK, "force_as_of_date": False},
        ),
        f"The snapshot is of {first_date}, today by the clock of this machine, but the history",
        "Set the clock right",
    )
    assert rows_of(scored.database, "fct_segment_history") == before


@pytest.mark.parametrize(
    "command", [SCORE, pytest.param(("build",), marks=pytest.mark.hard)], ids=["score", "build"]
)
def test_a_kill_at_any_step_leaves_the_history_whole(
    command: tuple[str, ...],
    built: Project,
    quarter: Quarter,
    variables: dict[str, Any],
    first_date: datetime.date,
    new_project: Callable[..., Project],
    tmp_path: Path,
) -> None:
    """A process killed at a step leaves the files as they are then, so they are copied there."""
    project = new_project("killed", parent=tmp_path, TZ=built.env["TZ"])
    shutil.copy(built.database, project.database)
    project.exports.mkdir()
    old = rows_of(built.database, "fct_segment_history")
    found = [old]
    last_without = tmp_path / "last_without"
    dbt = [str(Path(sys.executable).with_name("dbt")), "--log-format", "json"]
    with subprocess.Popen(
        [*dbt, *command, "--vars", json.dumps(variables)],
        cwd=project.folder,
        env=project.environment(quarter.file),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not any(f'"name": "{event}"' in line for event in STEP_ENDS):
                continue
            os.kill(process.pid, signal.SIGSTOP)
            copy = tmp_path / str(len(found))
            copy.mkdir()
            for file in project.folder.glob("segmentation.duckdb*"):
                if file.is_file():
                    shutil.copy(file, copy)
            os.kill(process.pid, signal.SIGCONT)
            database = copy / "segmentation.duckdb"
            # Opened for writing: what is in the write-ahead log is taken over, as dbt would.
            duckdb.connect(str(database)).close()
            kept = rows_of(database, "fct_segment_history", f"as_of_date = date '{first_date}'")
            assert kept == old
            found.append(rows_of(database, "fct_segment_history"))
            if found[-1] == old:
                shutil.rmtree(last_without, ignore_errors=True)
                copy.rename(last_without)
            else:
                shutil.rmtree(copy)
    assert process.returncode == 0
    whole = rows_of(project.database, "fct_segment_history")
    assert len(found) > 50
    assert set(found) == {old, whole}
    assert found == sorted(found, key=[old, whole].index)

    half_way = new_project("resumed", parent=tmp_path, TZ=built.env["TZ"])
    half_way.exports.mkdir()
    for file in last_without.iterdir():
        shutil.copy(file, half_way.folder)
    expect_success(half_way.dbt(*command, customer_file=quarter.file, variables=variables))
    for table in KEPT:
        assert rows_of(half_way.database, table) == rows_of(project.database, table)


@pytest.fixture(scope="module")
def refitted(
    built: Project, quarter: Quarter, new_project: Callable[..., Project], first_date: datetime.date
) -> Project:
    """The sample in another order fitted again a quarter later, with another seed."""
    project = new_project("refitted", TZ=built.env["TZ"])
    shutil.copy(built.database, project.database)
    shuffled = pd.read_csv(
        built.exports / "df_k2_agglo_all_raw.csv", dtype=str, keep_default_na=False
    )
    shuffled = shuffled.drop(columns="cluster_agg_k2").sample(frac=1, random_state=1)
    file = project.folder / "shuffled.csv"
    shuffled.to_csv(file, index=False)
    later = first_date + datetime.timedelta(days=92)
    variables = {
        **BRISK,
        "as_of_date": str(later),
        "force_as_of_date": True,
        "random_seed": 7,
    }
    expect_success(project.build(file, variables=variables, tests=True))
    return project


def test_a_refit_with_another_seed_and_order_keeps_ids_and_names(
    built: Project, refitted: Project
) -> None:
    query = "select distinct segment_id, name_zh, name_en from fct_customer_segments order by all"
    pd.testing.assert_frame_equal(refitted.query(query), built.query(query))
    versions = refitted.query("select model_version from dim_models")
    assert len(versions) == 2
    events = refitted.query(
        "select event from rpt_segment_lineage where previous_as_of_date is not null"
    )
    assert set(events["event"]) == {"survived"}
    moves = refitted.query(
        "select sum(moved_by_customer) as by_customer, sum(moved_by_model) as by_model,"
        " sum(customers) as customers from rpt_segment_migrations"
    ).iloc[0]
    assert moves["by_customer"] == 0
    assert moves["by_model"] <= 0.05 * moves["customers"]


def test_an_older_model_scores_as_it_did(
    built: Project, refitted: Project, sample_file: Path, first_date: datetime.date
) -> None:
    version = built.one("select model_version from dim_models")
    later = first_date + datetime.timedelta(days=184)
    variables = {
        **BRISK,
        "as_of_date": str(later),
        "force_as_of_date": True,
        "model_version": version,
    }
    expect_success(refitted.dbt(*SCORE, customer_file=sample_file, variables=variables))
    columns = "customer_id, model_version, segment_id, distance, silhouette"
    query = f"select {columns} from fct_customer_segments order by customer_id"
    pd.testing.assert_frame_equal(refitted.query(query), built.query(query))


def test_a_model_that_is_not_kept_or_a_fit_beside_it_is_refused(
    refitted: Project, sample_file: Path
) -> None:
    version = refitted.one("select min(model_version) from dim_models")
    expect_clean_failure(
        refitted.dbt(*SCORE, customer_file=sample_file, variables={**BRISK, "model_version": "x"}),
        "no such model is kept",
        version,
    )
    expect_clean_failure(
        refitted.build(sample_file, variables={**BRISK, "model_version": version}),
        "this run fits a new model",
    )


def facts_of(said: Said) -> dict[str, float]:
    return {fact.figure: fact.value for fact in said.facts}


def test_the_report_tells_who_moved(built: Project, scored: Project) -> None:
    assert migration_part(read_marts(built.database)) is None
    assert "这是第一个快照" in render(read_marts(built.database), "zh")

    part = migration_part(read_marts(scored.database))
    assert part is not None
    moves = scored.query(
        """
        with dates as (
            select min(as_of_date) as first, max(as_of_date) as last from fct_segment_history
        ), before as (
            select customer_id, segment_id from fct_segment_history, dates where as_of_date = first
        ), after as (
            select customer_id, segment_id from fct_segment_history, dates where as_of_date = last
        )
        select before.segment_id as source, after.segment_id as target
        from before full join after using (customer_id)
        """
    )
    stayed = moves["source"] == moves["target"]
    left, entered = moves["target"].isna(), moves["source"].isna()
    counts = {
        "stayed": stayed.sum(),
        "moved": (~stayed & ~left & ~entered).sum(),
        "left": left.sum(),
        "entered": entered.sum(),
    }
    assert facts_of(part.finding) == counts
    for number in counts.values():
        assert f"{number:,}" in part.finding.zh
        assert f"{number:,}" in part.finding.en
    *bands, _ = part.alluvial.data
    flows = moves.fillna("").value_counts(["source", "target"])
    assert len(bands) == len(flows)
    matrix = part.kept[0].table
    found = {
        (fact.segment_id or "", fact.level or ""): fact.value
        for row in matrix.rows
        for fact in row[2].facts
    }
    assert found == flows.to_dict()
    page = render(read_marts(scored.database), "en")
    assert page.count('id="figure-flows"') == 1


def test_the_report_lists_whom_to_call(
    spare: Project, quarter: Quarter, variables: dict[str, Any]
) -> None:
    expect_success(spare.dbt(*SCORE, customer_file=quarter.file, variables=variables))
    part = migration_part(read_marts(spare.database))
    assert part is not None
    assert part.calls is not None
    top = spare.one(
        "select arg_max(segment_id, segment_value) from rpt_segment_trends"
        " where as_of_date = (select min(as_of_date) from rpt_segment_trends)"
    )
    calls = spare.query(
        "select customer_id from rpt_segment_departures"
        f" where from_segment_id = '{top}' and value_lost > 0 order by value_lost desc, customer_id"
    )
    listed = list(calls["customer_id"][:MOST_CALLS])
    assert [row[0].zh[1:-1] for row in part.calls.rows] == listed
    assert facts_of(part.calls_finding)["calls"] == len(calls)
    assert part.drift is not None
    assert any("Main media" in row[0].en for row in part.drift.rows)
    output = spare.folder / "workbook.xlsx"
    make_workbook(spare.database, output, exports=spare.exports)
    book = openpyxl.load_workbook(output, read_only=True)
    rows = [
        row for row in book["联系名单 Call list"].iter_rows(min_row=6, values_only=True) if row[0]
    ]
    departures = spare.query(
        "select * from rpt_segment_departures order by value_lost desc, customer_id"
    )
    assert [row[0] for row in rows] == list(departures["customer_id"])
    assert [row[4] for row in rows] == pytest.approx(list(departures["value_lost"]))
    for name, mart in (
        ("趋势 Trends", "rpt_segment_trends"),
        ("沿革 Lineage", "rpt_segment_lineage"),
    ):
        told = [row for row in book[name].iter_rows(min_row=6, values_only=True) if row[0]]
        assert len(told) == spare.one(f"select count(*) from {mart}")
    assert "迁移 Migration" in book.sheetnames


def test_departures_add_up_to_the_migrations(spare: Project) -> None:
    """After the test before, which scored the later quarter."""
    wrong = spare.query(
        """
        with departures as (
            select from_segment_id, coalesce(to_segment_id, '') as to_segment_id,
                count(*) as customers, count(*) filter (where reason = 'customer') as by_customer,
                count(*) filter (where reason = 'model') as by_model,
                sum(value_before) as value_before, sum(value_after) as value_after
            from rpt_segment_departures
            group by all
        ), flows as (
            select *, coalesce(to_segment_id, '') as target
            from rpt_segment_migrations
            where movement in ('moved', 'left')
        )
        select * from departures
        full join flows
            on departures.from_segment_id = flows.from_segment_id
            and departures.to_segment_id = flows.target
        where departures.customers is distinct from flows.customers
            or by_customer != moved_by_customer
            or by_model != moved_by_model
            or abs(departures.value_before - flows.value_before) > 1e-3
            or abs(departures.value_after - flows.value_after) > 1e-3
        """
    )
    assert wrong.empty


def test_the_lineage_is_told_in_the_terminal(refitted: Project) -> None:
    told = tell_lineage(refitted.database)
    assert told.count("survived") == refitted.one("select min(k) from dim_models")
    assert "because they changed" in told
    assert "Advice: keep the model." in told


def test_a_customer_is_forgotten_everywhere(refitted: Project) -> None:
    customer = refitted.one(
        "select min(customer_id) from rpt_segment_examples semi join dim_segmentations "
        "on rpt_segment_examples.segmentation_id = dim_segmentations.segmentation_id and is_final "
        "where kind = 'typical' and example_rank = 1"
    )
    places = Places(
        refitted.database,
        target=refitted.target,
        exports=refitted.exports,
        published=refitted.published.parent,
        reports=refitted.folder / "reports",
        logs=refitted.folder / "logs",
    )
    report = places.reports / "segmentation_report.html"
    workbook = places.reports / "segmentation_workbook.xlsx"
    make_report(refitted.database, report)
    make_workbook(refitted.database, workbook, exports=refitted.exports)
    named = Customer(customer)
    assert TextFile(report).find(named)
    assert TextFile(workbook).find(named)
    before = refitted.relations()
    said = list(forget_customer(customer, places))
    assert not TextFile(report).find(named)
    assert not TextFile(workbook).find(named)
    cards = "select count(*) from rpt_persona_cards where text_en like '{}: %'"
    assert refitted.one(cards.format(customer)) == 0
    assert refitted.one(cards.format("%")) > 0
    assert any(f"finds {customer}" in line for line in said)
    assert refitted.relations() == before
    assert (
        refitted.one(f"select count(*) from fct_segment_history where customer_id = '{customer}'")
        == 0
    )
    with duckdb.connect(str(refitted.published), read_only=True) as copy:
        assert copy.sql("select count(*) from fct_segment_history").fetchall() == [
            (refitted.one("select count(*) from fct_segment_history"),)
        ]
    later = refitted.one("select cast(max(as_of_date) as varchar) from fct_segment_history")
    run = refitted.build(
        refitted.folder / "shuffled.csv",
        variables={**BRISK, "as_of_date": later, "force_as_of_date": True, "random_seed": 7},
        select=["int_segment_sizes"],
    )
    expect_success(run)
    sizes = "select count(*) from int_segment_sizes where {}"
    assert refitted.one(sizes.format("first_customer_id is null")) == 0
    assert refitted.one(sizes.format(f"first_customer_id = '{customer}'")) == 0
