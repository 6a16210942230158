"""Fit K-Prototypes for every K and keep every number that scoring needs."""

from segmentation.clustering import candidates


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    k_values = dbt.config.meta_get("k_values")
    engine = dbt.config.meta_get("kprototypes_engine")
    gamma = dbt.config.meta_get("gamma")
    n_init = dbt.config.meta_get("n_init")
    max_start_customers = dbt.config.meta_get("replicate_rows")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    return candidates.fit_kprototypes(
        matrix,
        sorted(set(k_values)),
        engine=engine,
        gamma=gamma,
        n_init=n_init,
        max_start_customers=max_start_customers,
        seed=seed,
    )
