"""See what the weight of a categorical mismatch does to the K that was decided."""

from segmentation.clustering import candidates
from segmentation.selection import gamma


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    models = dbt.ref("ml_kprototypes_parameters").df()
    decision = dbt.ref("rpt_k_decision").df()
    n_init = dbt.config.meta_get("n_init")
    n_bootstraps = dbt.config.meta_get("n_bootstraps")
    max_customers = dbt.config.meta_get("replicate_rows")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    return gamma.sweep_kprototypes(
        candidates.mixed_matrix(encoded, feature_parameters),
        candidates.fitted_gamma(models),
        int(decision["k"].iloc[0]),
        n_init=n_init,
        n_bootstraps=min(n_bootstraps, 10),
        max_customers=max_customers,
        seed=seed,
    )
