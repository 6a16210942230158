"""Say what the model that was just fitted is made of, and what it was fitted on."""

import pandas as pd

from segmentation.fingerprints import fingerprint


def model(dbt, session):
    dbt.config(materialized="table")
    parameters = dbt.ref("int_fitted_parameters")
    customers = dbt.ref("int_training_customers")

    features = parameters.filter("parameter_table = 'ml_feature_set_a_parameters'")
    inputs = features.aggregate("string_agg(distinct attribute, ', ' order by attribute)")
    return pd.DataFrame(
        {
            "parameters_hash": [fingerprint(parameters, ["parameter_table", "row_number"])],
            "customers_hash": [fingerprint(customers, ["customer_id"])],
            "training_customers": [customers.shape[0]],
            "inputs": [inputs.fetchall()[0][0]],
        }
    )
