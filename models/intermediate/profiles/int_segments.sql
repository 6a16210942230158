with

sizes as (

    select * from {{ ref('int_segment_sizes') }}

),

identities as (

    select * from {{ ref('ml_segment_identities') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

populations as (

    select * from {{ ref('int_scored_populations') }}
    where is_training_customer

),

-- Added up in one order: sums of floats differ in their last digits with it.
totals as (

    select
        segmentation_id,
        sum(customers) as customers,
        sum(segment_value order by cluster) as segment_value
    from sizes
    group by segmentation_id

),

identified as (

    select
        sizes.*,
        identities.segment_id as kept_segment_id,
        sizes.customers / totals.customers as customer_share,
        sizes.segment_value / nullif(totals.segment_value, 0) as spend_share
    from sizes
    inner join totals
        on sizes.segmentation_id = totals.segmentation_id
    left join identities
        on
            sizes.segmentation_id = identities.segmentation_id
            and sizes.cluster = identities.cluster

),

-- A segment that was there before keeps its id; new ones are numbered by value, after all ids that ever were. Equal values go by
-- what stays the same when clusters are numbered anew.
numbered as (

    select
        *,
        row_number() over (
            partition by segmentation_id, kept_segment_id is null
            order by segment_value desc, customers desc, first_customer_id asc
        ) as new_number
    from identified

)

select
    numbered.segmentation_id,
    numbered.cluster,
    numbered.k,
    coalesce(numbered.kept_segment_id, printf('S%02d', snapshot.last_segment_number + numbered.new_number)) as segment_id,
    numbered.kept_segment_id is not null as is_kept,
    populations.basis,
    numbered.customers,
    numbered.customer_share,
    numbered.segment_value,
    coalesce(numbered.spend_share, 0) as spend_share,
    snapshot.as_of_date
from numbered
inner join populations
    on numbered.segmentation_id = populations.segmentation_id
cross join snapshot
