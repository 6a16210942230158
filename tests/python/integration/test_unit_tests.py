"""The unit tests of the models, which dbt runs."""

from __future__ import annotations

from project import BRISK, Project, expect_success


def test_every_unit_test_of_the_models_holds(spare: Project) -> None:
    run = spare.dbt("test", "--resource-type", "unit_test", variables=BRISK)
    expect_success(run)
    tested = [model for model, status in run.statuses.items() if status == "pass"]
    assert len(tested) > 50
