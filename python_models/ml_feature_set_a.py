"""Feature set A of the training customers: numbers standardised, categories as they are."""

from segmentation.clustering import features


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("int_training_customers").df()
    parameters = dbt.ref("ml_feature_set_a_parameters").df()

    customers = customers.sort_values("training_order", ignore_index=True)
    encoded = features.encode(customers, parameters)
    encoded.insert(0, "customer_id", customers["customer_id"])
    return encoded
