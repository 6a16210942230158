"""Compare the candidates of equal K with each other, by the adjusted Rand index."""

from segmentation.selection import elbow


def model(dbt, session):
    dbt.config(materialized="table")
    labels = dbt.ref("int_training_labels").df()

    return elbow.agreement_by_k(labels.sort_values(["segmentation_id", "customer_id"]))
