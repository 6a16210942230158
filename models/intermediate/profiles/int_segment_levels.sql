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

numbered_levels as (

    select
        attribute,
        level,
        cast(row_number() over (order by attribute, level) as integer) as level_number
    from overall_counts

),

numbered_segments as (

    select
        segmentation_id,
        cluster,
        cast(row_number() over (order by segmentation_id, cluster) as integer) as segment_number
    from segments

),

-- One row a customer, so that each of its levels is joined once and not once for every segmentation.
customer_segments as (

    select
        scores.customer_id,
        list(numbered_segments.segment_number) as segment_numbers
    from scores
    inner join numbered_segments
        on
            scores.segmentation_id = numbered_segments.segmentation_id
            and scores.cluster = numbered_segments.cluster
    group by scores.customer_id

),

customer_level_segments as (

    select
        numbered_levels.level_number,
        unnest(customer_segments.segment_numbers) as segment_number
    from customer_levels
    inner join numbered_levels
        on
            customer_levels.attribute = numbered_levels.attribute
            and customer_levels.level = numbered_levels.level
    inner join customer_segments
        on customer_levels.customer_id = customer_segments.customer_id

),

number_counts as (

    select
        level_number,
        segment_number,
        count(*) as customers
    from customer_level_segments
    group by level_number, segment_number

),

segment_counts as (

    select
        numbered_segments.segmentation_id,
        numbered_segments.cluster,
        numbered_levels.attribute,
        numbered_levels.level,
        number_counts.customers
    from number_counts
    inner join numbered_levels
        on number_counts.level_number = numbered_levels.level_number
    inner join numbered_segments
        on number_counts.segment_number = numbered_segments.segment_number

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
