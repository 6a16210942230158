"""Fit shallow trees on feature set B for every candidate, and write their leaves down as rules."""

from segmentation.explanation import rules


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("int_training_feature_set_b").df()
    labels = dbt.ref("int_training_labels").df()
    levels = dbt.ref("int_attribute_levels").df()
    attributes = dbt.ref("data_dictionary").df()
    trees = dbt.ref("int_segment_trees").df()
    max_depth = dbt.config.meta_get("tree_depth")
    min_precision = dbt.config.meta_get("golden_min_precision")
    seed = dbt.config.meta_get("random_seed")

    customers = customers.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["segmentation_id", "customer_id"], ignore_index=True)
    return rules.fit_trees(
        customers,
        labels,
        levels,
        attributes,
        trees,
        max_depth=max_depth,
        min_precision=min_precision,
        seed=seed,
    )
