"""Fit FAMD on the training customers: every number that coordinates, axes and maps need."""

from segmentation.clustering import candidates, famd


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    axes = dbt.config.meta_get("famd_axes")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    return famd.as_rows(famd.fit(matrix, max(axes)))
