"""What a fault must leave: a published copy and exports that are whole."""

from __future__ import annotations

import json

import duckdb
import pandas as pd
from project import MARTS, Project

from segmentation.builds import NOTE


def expect_whole_copy(project: Project) -> str:
    """Fail unless all marts that are published are of one build; give its id."""
    with duckdb.connect(str(project.published), read_only=True) as copy:
        tables = {name for (name,) in copy.sql("show tables").fetchall()}
        assert tables >= set(MARTS) - {"fct_customer_contributions"}
        ((build_id, version),) = copy.sql(
            "select build_id, model_version from rpt_build_log where stage = 'all' "
            "and result = 'success' order by build_number desc limit 1"
        ).fetchall()
        scored = copy.sql("select distinct model_version from fct_customer_segments").fetchall()
        assert scored == [(version,)]
        assert copy.sql("select distinct model_version from rpt_refit_advice").fetchall() == scored
    return str(build_id)


def expect_whole_exports(project: Project, customers: int) -> None:
    """Fail unless every export is a whole file of all customers."""
    listed = pd.read_csv(project.exports / "customer_segments.csv", dtype=str)
    raw = pd.read_csv(project.exports / "df_k2_agglo_all_raw.csv", dtype=str)
    columns = pd.read_parquet(project.exports / "customer_segments.parquet")
    assert len(listed) == len(raw) == len(columns) == customers
    assert listed["as_of_date"].notna().all()
    json.loads((project.exports / NOTE).read_text(encoding="utf-8"))
