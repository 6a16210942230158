with

scores as (

    select * from {{ ref('int_candidate_scores') }}

)

select
    customer_id,
    segmentation_id,
    cluster,
    probability
from scores
