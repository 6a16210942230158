"""Fit every number that feature set A needs, on the training customers."""

from segmentation.clustering import features


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("int_training_customers").df()
    selection = dbt.ref("int_attribute_selection").df()
    levels = dbt.ref("attribute_levels").df()
    high_spend_share = float(dbt.config.meta_get("high_spend_share"))

    selection = selection[selection["in_feature_set_a"]]
    customers = customers.sort_values("training_order", ignore_index=True)
    return features.fit(customers, selection, levels, high_spend_share=high_spend_share)
