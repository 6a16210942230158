"""See how well a shallow tree on feature set B tells the segments of every candidate apart."""

from segmentation.explanation import tree


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("int_training_feature_set_b").df()
    labels = dbt.ref("int_training_labels").df()
    levels = dbt.ref("int_attribute_levels").df()
    attributes = dbt.ref("data_dictionary").df()
    max_depth = dbt.config.meta_get("tree_depth")
    seed = dbt.config.meta_get("random_seed")

    customers = customers.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["segmentation_id", "customer_id"], ignore_index=True)
    ordered = tree.ordered_attributes(attributes)
    features = tree.design(customers.drop(columns="customer_id"), levels, ordered)
    return tree.cross_validate(features, labels, max_depth=max_depth, seed=seed)
