-- The rules, run as SQL, put every training customer into the leaf that scikit-learn's tree does, in every segmentation.
with

leaves as (

    select * from {{ ref('int_rule_leaves') }}

),

labels as (

    select * from {{ ref('int_training_labels') }}

)

select
    labels.customer_id,
    labels.segmentation_id,
    leaves.leaf,
    leaves.tree_leaf
from labels
left join leaves
    on
        labels.customer_id = leaves.customer_id
        and labels.segmentation_id = leaves.segmentation_id
where leaves.leaf is null or leaves.leaf is distinct from leaves.tree_leaf
