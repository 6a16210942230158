"""Write down the centroids of Ward's clusters, to which other customers are assigned."""

from segmentation.clustering import agglomerative, features


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    labels = dbt.ref("ml_agglomerative_labels").df()

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["k", "customer_id"], ignore_index=True)
    return agglomerative.describe(features.one_hot(encoded, feature_parameters), labels)
