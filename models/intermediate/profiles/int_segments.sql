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

identified as (

    select
        sizes.*,
        identities.segment_id as kept_segment_id,
        sizes.customers / sum(sizes.customers) over (partition by sizes.segmentation_id) as customer_share,
        sizes.segment_value / nullif(sum(sizes.segment_value) over (partition by sizes.segmentation_id), 0) as spend_share
    from sizes
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
    coalesce(numbered.spend_share, 0) as spend_share
from numbered
inner join populations
    on numbered.segmentation_id = populations.segmentation_id
cross join snapshot
