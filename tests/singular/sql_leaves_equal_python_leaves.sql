-- The rules, run as SQL, put every training customer into the leaves that scikit-learn's trees do, in every segmentation.
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

in_sql as (

    select
        leaves.segmentation_id,
        leaves.leaf,
        leaves.customer_id
    from leaves
    inner join labels
        on
            leaves.segmentation_id = labels.segmentation_id
            and leaves.customer_id = labels.customer_id

),

in_trees as (

    select
        segmentation_id,
        leaf,
        unnest(customer_ids) as customer_id
    from trees

)

select
    coalesce(in_sql.segmentation_id, in_trees.segmentation_id) as segmentation_id,
    coalesce(in_sql.customer_id, in_trees.customer_id) as customer_id,
    in_sql.leaf as sql_leaf,
    in_trees.leaf as tree_leaf
from in_sql
full join in_trees
    on
        in_sql.segmentation_id = in_trees.segmentation_id
        and in_sql.leaf = in_trees.leaf
        and in_sql.customer_id = in_trees.customer_id
where in_sql.leaf is null or in_trees.leaf is null
