with

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

customers as (

    select
        customer_id,
        greatest(coalesce(cast({{ var('value_attribute') }} as double), 0), 0) as customer_value
    from {{ ref('int_customer_attributes') }}

),

sizes as (

    select
        scores.segmentation_id,
        scores.k,
        scores.cluster,
        count(*) as customers,
        min(scores.customer_id) as first_customer_id,
        sum(customers.customer_value) as segment_value
    from scores
    inner join customers
        on scores.customer_id = customers.customer_id
    group by scores.segmentation_id, scores.k, scores.cluster

)

select
    segmentation_id,
    k,
    cluster,
    customers,
    first_customer_id,
    segment_value
from sizes
