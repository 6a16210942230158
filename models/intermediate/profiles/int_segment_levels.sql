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

),

-- Every level in every segment, also where no customer of the segment has it.
segment_levels as (

    select
        segments.segmentation_id,
        segments.cluster,
        segments.customers as segment_customers,
        overall_counts.attribute,
        overall_counts.level,
        case
            when segments.basis = 'everyone' then overall_counts.customers
            else overall_counts.training_customers
        end as overall_customers
    from segments
    cross join overall_counts

)

select
    segment_levels.segmentation_id,
    segment_levels.cluster,
    segment_levels.attribute,
    segment_levels.level,
    coalesce(segment_counts.customers, 0) as customers,
    segment_levels.segment_customers,
    segment_levels.overall_customers,
    cast(
        sum(segment_levels.overall_customers) over (
            partition by segment_levels.segmentation_id, segment_levels.cluster, segment_levels.attribute
        ) as bigint
    ) as all_customers
from segment_levels
left join segment_counts
    on
        segment_levels.segmentation_id = segment_counts.segmentation_id
        and segment_levels.cluster = segment_counts.cluster
        and segment_levels.attribute = segment_counts.attribute
        and segment_levels.level = segment_counts.level
where segment_levels.overall_customers > 0
