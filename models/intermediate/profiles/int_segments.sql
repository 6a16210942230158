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

),

-- Equal values go by what stays the same when clusters are numbered anew.
shares as (

    select
        *,
        customers / sum(customers) over (partition by segmentation_id) as customer_share,
        segment_value / nullif(sum(segment_value) over (partition by segmentation_id), 0) as spend_share,
        row_number() over (
            partition by segmentation_id order by segment_value desc, customers desc, first_customer_id asc
        ) as segment_rank
    from sizes

)

select
    segmentation_id,
    cluster,
    k,
    printf('S%02d', segment_rank) as segment_id,
    customers,
    customer_share,
    segment_value,
    coalesce(spend_share, 0) as spend_share
from shares
