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

populations as (

    select * from {{ ref('int_scored_populations') }}
    where is_training_customer

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
    shares.segmentation_id,
    shares.cluster,
    shares.k,
    printf('S%02d', shares.segment_rank) as segment_id,
    populations.basis,
    shares.customers,
    shares.customer_share,
    shares.segment_value,
    coalesce(shares.spend_share, 0) as spend_share
from shares
inner join populations
    on shares.segmentation_id = populations.segmentation_id
