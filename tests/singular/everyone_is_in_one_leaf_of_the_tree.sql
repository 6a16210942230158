-- In every segmentation every customer is in exactly one leaf of the tree that tells all segments apart.
with

leaves as (

    select * from {{ ref('int_rule_leaves') }}

),

trees as (

    select * from {{ ref('ml_segment_tree') }}
    where tree = 'all_segments'

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

leaves_of_trees as (

    select
        leaves.segmentation_id,
        leaves.customer_id,
        leaves.leaf
    from leaves
    inner join trees
        on
            leaves.segmentation_id = trees.segmentation_id
            and leaves.leaf = trees.leaf

)

select
    scores.segmentation_id,
    scores.customer_id,
    count(leaves_of_trees.leaf) as leaves
from scores
left join leaves_of_trees
    on
        scores.segmentation_id = leaves_of_trees.segmentation_id
        and scores.customer_id = leaves_of_trees.customer_id
group by scores.segmentation_id, scores.customer_id
having count(leaves_of_trees.leaf) != 1
