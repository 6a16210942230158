"""Assign the training customers by K-Means and mixtures; SQL scoring must agree row by row."""

from segmentation.clustering import candidates, famd, famd_clusters


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    famd_parameters = dbt.ref("ml_famd_parameters").df()
    kmeans = dbt.ref("ml_famd_kmeans_parameters").df()
    mixtures = dbt.ref("ml_famd_gmm_parameters").df()

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    coordinates = famd.coordinates(matrix, famd_parameters, int(kmeans["axis"].max()))
    return famd_clusters.assign(encoded["customer_id"], coordinates, kmeans, mixtures)
