"""Choose how many of FAMD's axes to cluster on, by stability."""

from segmentation.clustering import candidates, famd_clusters


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    axes = dbt.config.meta_get("famd_axes")
    k_values = dbt.config.meta_get("k_values")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    return famd_clusters.choose_axes(matrix, sorted(set(k_values)), axes=axes, seed=seed)
