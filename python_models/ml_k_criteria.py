"""Judge every candidate on the training customers, one row per criterion."""

from segmentation.clustering import candidates


def model(dbt, session):
    dbt.config(materialized="table")
    labels = dbt.ref("ml_kprototypes_labels").df()

    return candidates.judge(labels.sort_values(["segmentation_id", "customer_id"]))
