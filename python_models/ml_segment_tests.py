"""Test every number and every level of every segment against everyone."""

from segmentation import profiles


def model(dbt, session):
    dbt.config(materialized="table")
    numbers = dbt.ref("int_segment_numbers").df()
    levels = dbt.ref("int_segment_levels").df()
    return profiles.compare_segments(numbers, levels)
