"""Cluster the training customers again on bootstrap draws, and see which segments come back."""

from segmentation.clustering import candidates, famd_clusters
from segmentation.selection import evidence


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    models = dbt.ref("ml_kprototypes_parameters").df()
    mixtures = dbt.ref("ml_famd_gmm_parameters").df()
    labels = dbt.ref("int_training_labels").df()
    n_bootstraps = dbt.config.meta_get("n_bootstraps")
    n_bootstraps_slow = dbt.config.meta_get("n_bootstraps_slow")
    max_customers = dbt.config.meta_get("replicate_rows")
    max_customers_slow = dbt.config.meta_get("replicate_rows_slow")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["method", "k", "customer_id"], ignore_index=True)
    return evidence.measure_stability(
        candidates.mixed_matrix(encoded, feature_parameters),
        labels,
        gamma=candidates.fitted_gamma(models),
        n_axes=int(mixtures["axis"].max()),
        covariance_types=famd_clusters.chosen_covariance_types(mixtures),
        n_bootstraps=n_bootstraps,
        n_bootstraps_slow=n_bootstraps_slow,
        max_customers=max_customers,
        max_customers_slow=max_customers_slow,
        seed=seed,
    )
