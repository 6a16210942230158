-- The kept model puts everyone where the candidate of the fit did, at the same distance.
with

delivered as (

    select * from {{ ref('int_customer_scores') }}

),

candidates as (

    select candidates.*
    from {{ ref('int_candidate_scores') }} as candidates
    inner join {{ ref('rpt_k_decision') }} as decision
        on candidates.segmentation_id = decision.segmentation_id

)

select coalesce(delivered.customer_id, candidates.customer_id) as customer_id
from delivered
full outer join candidates
    on delivered.customer_id = candidates.customer_id
where
    delivered.cluster is distinct from candidates.cluster
    or delivered.distance is distinct from candidates.distance
    or delivered.runner_up_cluster is distinct from candidates.runner_up_cluster
    or delivered.runner_up_distance is distinct from candidates.runner_up_distance
    or delivered.probability is distinct from candidates.probability
