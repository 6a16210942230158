"""Derive from the criteria which numbers of segments each method supports."""

from segmentation.selection import technical_range


def model(dbt, session):
    dbt.config(materialized="table")
    criteria = dbt.ref("int_k_criteria").df()
    planned_k = dbt.config.meta_get("planned_k")

    return technical_range.of_every_method(criteria, tuple(planned_k))
