"""Test every number of every segment against every other segment of its segmentation."""

from segmentation import profiles


def model(dbt, session):
    dbt.config(materialized="table")
    numbers = dbt.ref("int_segment_numbers").df()
    return profiles.compare_segment_pairs(numbers)
