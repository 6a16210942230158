with

history as (

    select * from {{ ref('fct_segment_history') }}

),

flows as (

    select * from {{ ref('int_segment_flows') }}

),

segments as (

    select * from {{ ref('dim_model_segments') }}

),

-- As decimals, which add up to the same in any order.
sizes as materialized (

    select
        as_of_date,
        segment_id,
        any_value(model_version) as model_version,
        count(*) as customers,
        sum(cast(customer_value as decimal(38, 6))) as segment_value,
        avg(cast(silhouette as decimal(18, 9))) as mean_silhouette,
        avg(cast(is_borderline as integer)) as borderline_share
    from history
    group by as_of_date, segment_id

),

shares as (

    select
        *,
        customers / sum(customers) over (partition by as_of_date) as customer_share,
        cast(segment_value as double)
        / nullif(cast(sum(segment_value) over (partition by as_of_date) as double), 0) as spend_share
    from sizes

),

arrivals as (

    select
        to_date as as_of_date,
        to_segment_id as segment_id,
        cast(coalesce(sum(customers) filter (where movement = 'entered'), 0) as bigint) as entered,
        cast(coalesce(sum(customers) filter (where movement = 'moved'), 0) as bigint) as moved_in
    from flows
    where to_segment_id is not null
    group by to_date, to_segment_id

),

departures as (

    select
        to_date as as_of_date,
        from_segment_id as segment_id,
        any_value(from_model_version) as model_version,
        cast(sum(customers) as bigint) as previous_customers,
        cast(coalesce(sum(customers) filter (where movement = 'stayed'), 0) as bigint) as stayed,
        cast(coalesce(sum(customers) filter (where movement = 'moved'), 0) as bigint) as moved_out,
        cast(coalesce(sum(customers) filter (where movement = 'left'), 0) as bigint) as customers_left
    from flows
    where from_segment_id is not null
    group by to_date, from_segment_id

),

-- A segment that nobody is in any more has a row at the snapshot that lost it, and is called as before.
sizes_and_departures as (

    select
        coalesce(shares.as_of_date, departures.as_of_date) as as_of_date,
        coalesce(shares.segment_id, departures.segment_id) as segment_id,
        shares.model_version,
        coalesce(shares.model_version, departures.model_version) as naming_model_version,
        coalesce(shares.customers, 0) as customers,
        coalesce(shares.customer_share, 0) as customer_share,
        cast(coalesce(shares.segment_value, 0) as double) as segment_value,
        coalesce(shares.spend_share, 0) as spend_share,
        shares.mean_silhouette,
        shares.borderline_share,
        departures.previous_customers,
        departures.stayed,
        departures.moved_out,
        departures.customers_left
    from shares
    full join departures
        on
            shares.as_of_date = departures.as_of_date
            and shares.segment_id = departures.segment_id

)

select
    sizes_and_departures.as_of_date,
    sizes_and_departures.segment_id,
    segments.name_zh,
    segments.name_en,
    sizes_and_departures.model_version,
    sizes_and_departures.customers,
    sizes_and_departures.customer_share,
    segments.customer_share as customer_share_at_fit,
    sizes_and_departures.segment_value,
    sizes_and_departures.spend_share,
    sizes_and_departures.mean_silhouette,
    sizes_and_departures.borderline_share,
    sizes_and_departures.previous_customers,
    sizes_and_departures.stayed,
    sizes_and_departures.moved_out,
    sizes_and_departures.customers_left,
    arrivals.moved_in,
    arrivals.entered,
    sizes_and_departures.stayed / sizes_and_departures.previous_customers as retention_rate,
    sizes_and_departures.customers / sizes_and_departures.previous_customers - 1 as growth
from sizes_and_departures
inner join segments
    on
        sizes_and_departures.naming_model_version = segments.model_version
        and sizes_and_departures.segment_id = segments.segment_id
left join arrivals
    on
        sizes_and_departures.as_of_date = arrivals.as_of_date
        and sizes_and_departures.segment_id = arrivals.segment_id
