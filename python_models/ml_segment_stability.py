"""Cluster the training customers again on bootstrap draws, and see which segments come back."""

from segmentation.clustering import candidates
from segmentation.selection import stability


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    parameters = dbt.ref("ml_kprototypes_parameters").df()
    labels = dbt.ref("ml_kprototypes_labels").df()
    n_bootstraps = dbt.config.meta_get("n_bootstraps")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["segmentation_id", "customer_id"], ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    return stability.judge_segments(
        matrix, parameters, labels, n_bootstraps=n_bootstraps, seed=seed
    )
