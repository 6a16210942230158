"""See how well shallow trees on feature set B find the segments of every candidate, held out."""

from segmentation.explanation import tree


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("int_training_feature_set_b").df()
    labels = dbt.ref("int_training_labels").df()
    levels = dbt.ref("int_attribute_levels").df()
    attributes = dbt.ref("data_dictionary").df()
    max_depth = dbt.config.meta_get("tree_depth")
    min_gain = dbt.config.meta_get("min_tree_gain")
    planned_k = dbt.config.meta_get("planned_k")
    final_k = dbt.config.meta_get("final_k")
    max_customers = dbt.config.meta_get("replicate_rows")
    seed = dbt.config.meta_get("random_seed")

    customers = customers.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["segmentation_id", "customer_id"], ignore_index=True)
    ordered = tree.ordered_attributes(attributes)
    return tree.cross_validate(
        tree.design(customers.drop(columns="customer_id"), levels, ordered),
        labels,
        max_depth=max_depth,
        max_k=max(*planned_k, final_k or 0),
        min_gain=min_gain,
        max_customers=max_customers,
        seed=seed,
    )
