-- On the training customers, the precision that SQL counts in a leaf is that of scikit-learn's leaf.
with

leaves as (

    select * from {{ ref('int_rule_leaves') }}

),

labels as (

    select * from {{ ref('int_training_labels') }}

),

trees as (

    select * from {{ ref('ml_segment_tree') }}

),

counted as (

    select
        trees.segmentation_id,
        trees.leaf,
        trees.precision as tree_precision,
        avg(cast(labels.cluster = trees.cluster as integer)) as sql_precision
    from trees
    left join leaves
        on
            trees.segmentation_id = leaves.segmentation_id
            and trees.leaf = leaves.leaf
    left join labels
        on
            leaves.segmentation_id = labels.segmentation_id
            and leaves.customer_id = labels.customer_id
    group by trees.segmentation_id, trees.leaf, trees.precision

)

select
    segmentation_id,
    leaf,
    tree_precision,
    sql_precision
from counted
where sql_precision is null or abs(sql_precision - tree_precision) > 1e-12
