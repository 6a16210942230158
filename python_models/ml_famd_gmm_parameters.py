"""Fit Gaussian mixtures on FAMD's axes for every K, and look which components collapsed."""

from segmentation.clustering import candidates, famd, famd_clusters


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    famd_parameters = dbt.ref("ml_famd_parameters").df()
    axes = dbt.ref("ml_famd_axes").df()
    k_values = dbt.config.meta_get("k_values")
    max_customers = dbt.config.meta_get("training_rows_slow")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    coordinates = famd.coordinates(matrix, famd_parameters, famd_clusters.chosen_axes(axes))
    mixtures = famd_clusters.fit_gmm(
        coordinates, sorted(set(k_values)), max_customers=max_customers, seed=seed
    )
    return mixtures.as_rows(famd_clusters.inspect_components(coordinates, mixtures.parameters))
