with

leaves as (

    select * from {{ ref('int_rule_leaves') }}

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

)

select
    leaves.segmentation_id,
    leaves.leaf,
    scores.cluster,
    count(*) as customers
from leaves
inner join scores
    on
        leaves.customer_id = scores.customer_id
        and leaves.segmentation_id = scores.segmentation_id
group by leaves.segmentation_id, leaves.leaf, scores.cluster
