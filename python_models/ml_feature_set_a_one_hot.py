"""Feature set A as numbers only, for the methods that know no categories."""

from segmentation import features


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    parameters = dbt.ref("ml_feature_set_a_parameters").df()

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    numbers = features.one_hot(encoded, parameters)
    numbers.insert(0, "customer_id", encoded["customer_id"])
    return numbers
