"""Cluster the training customers with Ward's method: one tree, cut at every K."""

from segmentation.clustering import agglomerative, features


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    k_values = dbt.config.meta_get("k_values")
    max_tree_customers = dbt.config.meta_get("training_rows_slow")
    seed = dbt.config.meta_get("random_seed")

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    return agglomerative.fit(
        encoded["customer_id"],
        features.one_hot(encoded, feature_parameters),
        sorted({2, *k_values}),
        max_tree_customers=max_tree_customers,
        seed=seed,
    ).labels
