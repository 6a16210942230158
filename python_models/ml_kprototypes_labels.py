"""Assign the training customers to the prototypes; SQL scoring must agree row by row."""

from segmentation.clustering import candidates


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    parameters = dbt.ref("ml_kprototypes_parameters").df()

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    return candidates.assign(encoded["customer_id"], matrix, parameters)
