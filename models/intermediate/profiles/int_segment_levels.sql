with

customer_levels as (

    select * from {{ ref('int_customer_levels') }}

),

overall_counts as (

    select * from {{ ref('int_level_counts') }}

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

segment_counts as (

    select
        scores.segmentation_id,
        scores.cluster,
        customer_levels.attribute,
        customer_levels.level,
        count(*) as customers
    from customer_levels
    inner join scores
        on customer_levels.customer_id = scores.customer_id
    group by scores.segmentation_id, scores.cluster, customer_levels.attribute, customer_levels.level

)

-- Every level in every segment, also where no customer of the segment has it.
select
    segments.segmentation_id,
    segments.cluster,
    overall_counts.attribute,
    overall_counts.level,
    coalesce(segment_counts.customers, 0) as customers,
    segments.customers as segment_customers,
    overall_counts.customers as overall_customers,
    cast(
        sum(overall_counts.customers) over (
            partition by segments.segmentation_id, segments.cluster, overall_counts.attribute
        ) as bigint
    ) as all_customers
from segments
cross join overall_counts
left join segment_counts
    on
        segments.segmentation_id = segment_counts.segmentation_id
        and segments.cluster = segment_counts.cluster
        and overall_counts.attribute = segment_counts.attribute
        and overall_counts.level = segment_counts.level
