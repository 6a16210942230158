"""Compare the cost of every K with that of data without segments (the gap statistic)."""

from segmentation.clustering import candidates, famd_clusters
from segmentation.selection import evidence


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    models = dbt.ref("ml_kprototypes_parameters").df()
    famd_parameters = dbt.ref("ml_famd_parameters").df()
    axes = dbt.ref("ml_famd_axes").df()
    k_values = dbt.config.meta_get("k_values")
    n_references = dbt.config.meta_get("n_references")
    max_customers = dbt.config.meta_get("replicate_rows")
    max_customers_slow = dbt.config.meta_get("replicate_rows_slow")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    return evidence.measure_gap(
        candidates.mixed_matrix(encoded, feature_parameters),
        famd_parameters,
        max(k_values),
        gamma=candidates.fitted_gamma(models),
        n_axes=famd_clusters.chosen_axes(axes),
        n_references=n_references,
        max_customers=max_customers,
        max_customers_slow=max_customers_slow,
        seed=seed,
    )
