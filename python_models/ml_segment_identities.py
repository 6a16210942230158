"""Match the clusters of every candidate with the segments of the snapshot before."""

from segmentation import identities


def model(dbt, session):
    dbt.config(materialized="table")
    overlaps = dbt.ref("int_segment_overlaps").df()
    min_overlap = float(dbt.config.meta_get("min_segment_overlap"))

    return identities.match_segments(overlaps, min_overlap=min_overlap)
