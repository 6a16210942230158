"""Say which leaf of its tree every training customer is in; SQL's rules must agree."""

from segmentation.explanation import rules


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
    return rules.fit_trees(
        customers, labels, levels, attributes, max_depth=max_depth, seed=seed
    ).leaves
