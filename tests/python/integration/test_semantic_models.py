"""MetricFlow over the semantic models: its answers are those of SQL over the marts."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable

import duckdb
import pandas as pd
import pytest
from project import ROOT, Project

GUIDE = (ROOT / "docs" / "bi.md").read_text(encoding="utf-8")
ALL_METRICS = (
    "customers,customer_share,spend,spend_share,average_spend,"
    "borderline_customers,borderline_share,mean_silhouette"
)


@pytest.fixture(scope="module")
def project(
    built: Project, new_project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """The project over a copy of that database, in which some customers were not trained on."""
    # mf would ask the package index for a newer version, and keep the answer in a temporary folder.
    temporary = tmp_path_factory.mktemp("mf")
    project = new_project("semantic", HTTPS_PROXY="http://127.0.0.1:9", TMPDIR=str(temporary))
    project.target.mkdir()
    shutil.copy(built.target / "semantic_manifest.json", project.target)
    shutil.copy(built.database, project.database)
    with duckdb.connect(str(project.database)) as connection:
        connection.execute(
            "update fct_customer_segments set is_training_customer = false"
            " where right(customer_id, 1) < '5'"
        )
    return project


def answer(project: Project, *arguments: str) -> pd.DataFrame:
    """Give the table that `mf query` answers with."""
    path = project.folder / "answer.csv"
    code, output = project.run("mf", "query", "--quiet", "--csv", str(path), *arguments)
    assert code == 0, output
    table = pd.read_csv(path)
    path.unlink()
    return table


def expect_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare columns by name, and rows by the columns that are grouped by."""
    keys = [name for name in found if "__" in name]
    found = found.sort_values(keys, ignore_index=True)
    expected = expected[list(found)].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9)


def test_the_guides_query_answers_as_the_marts_do(project: Project) -> None:
    command, header = re.findall(r"```sh\nmf (.*?)```\n\n```text\n(.*?)\n", GUIDE, re.DOTALL)[0]
    found = answer(project, *shlex.split(command.replace("\\\n", ""))[1:])
    assert list(found) == header.split()
    assert list(found["segment__segment_id"]) == sorted(found["segment__segment_id"])
    expected = project.query("""
        select
            segments.segment_id as segment__segment_id,
            segments.name_en as segment__name_en,
            segments.customers,
            segments.customer_share,
            segments.spend_share,
            segments.segment_value / segments.customers as average_spend,
            avg(customers.is_borderline::integer) as borderline_share
        from dim_segments as segments
        inner join dim_segmentations using (segmentation_id)
        inner join fct_customer_segments as customers using (segmentation_id, cluster)
        where is_final
        group by all
    """)
    expect_same(found, expected)


def test_totals_count_the_final_segmentation_alone(project: Project) -> None:
    group_by = "metric_time__day,segmentation__method,segmentation__number_of_segments"
    found = answer(project, "--metrics", ALL_METRICS, "--group-by", group_by)
    expected = project.query("""
        select
            strftime(as_of_date, '%Y-%m-%d %H:%M:%S') as metric_time__day,
            method as segmentation__method,
            k as segmentation__number_of_segments,
            count(*) as customers,
            1.0 as customer_share,
            any_value(segment_value) as spend,
            1.0 as spend_share,
            any_value(segment_value) / count(*) as average_spend,
            count(*) filter (where is_borderline) as borderline_customers,
            count(*) filter (where is_borderline) / count(*) as borderline_share,
            avg(silhouette) filter (where is_training_customer) as mean_silhouette
        from fct_customer_segments
        inner join dim_segmentations using (segmentation_id)
        inner join (
            select segmentation_id, sum(segment_value) as segment_value
            from dim_segments
            group by all
        ) using (segmentation_id)
        group by all
    """)
    assert len(expected) == 1
    expect_same(found, expected)


def test_customers_are_asked_by_what_only_they_have(project: Project) -> None:
    found = answer(
        project,
        *("--metrics", "customers,mean_silhouette"),
        *("--group-by", "segment__segment_id,customer__runner_up_segment_id"),
        *("--where", "{{ Dimension('customer__is_borderline') }}"),
    )
    expected = project.query("""
        select
            segment_id as segment__segment_id,
            runner_up_segment_id as customer__runner_up_segment_id,
            count(*) as customers,
            avg(silhouette) filter (where is_training_customer) as mean_silhouette
        from fct_customer_segments
        where is_borderline
        group by all
    """)
    expect_same(found, expected)


def test_spend_is_not_given_for_less_than_a_segment(project: Project) -> None:
    what = ("--metrics", "spend", "--group-by", "customer__is_borderline")
    code, output = project.run("mf", "query", *what)
    assert code != 0
    assert "does not match any of the available group-by-items" in output


def test_every_element_is_found_in_the_database(project: Project) -> None:
    code, output = project.run("mf", "validate-configs")
    assert code == 0, output
    for element in ("semantic models", "dimensions", "entities", "measures", "metrics"):
        said = f"Successfully validated {element} against data warehouse (ERRORS: 0, "
        assert said in output, output


def test_the_time_spine_has_every_day_of_the_year(project: Project) -> None:
    days = project.query("select date_day from int_time_spine_daily order by date_day")["date_day"]
    year = project.one("select year(max(as_of_date)) from fct_customer_segments")
    assert list(days) == list(pd.date_range(f"{year}-01-01", f"{year}-12-31"))


def test_the_guide_names_every_metric(built: Project) -> None:
    manifest = json.loads((built.target / "semantic_manifest.json").read_text(encoding="utf-8"))
    section = GUIDE.split("\n## Metrics")[1].split("\n## ")[0]
    named = sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert named == sorted(metric["name"] for metric in manifest["metrics"])
    assert named == sorted(ALL_METRICS.split(","))
