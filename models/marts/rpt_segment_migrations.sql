with

history as (

    select * from {{ ref('fct_segment_history') }}

),

segments as (

    select * from {{ ref('dim_model_segments') }}

),

dates as (

    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as from_date,
        any_value(model_version) as model_version
    from history
    group by as_of_date

),

intervals as (

    select
        dates.from_date,
        dates.as_of_date as to_date,
        previous.model_version as from_model_version,
        dates.model_version as to_model_version
    from dates
    inner join dates as previous
        on dates.from_date = previous.as_of_date

),

before as (

    select
        intervals.to_date,
        history.customer_id,
        history.segment_id,
        history.customer_value
    from history
    inner join intervals
        on history.as_of_date = intervals.from_date

),

after as (

    select
        intervals.to_date,
        history.customer_id,
        history.segment_id,
        history.segment_id_by_previous_model,
        history.customer_value
    from history
    inner join intervals
        on history.as_of_date = intervals.to_date

),

-- Whoever the old model puts elsewhere by the new data has changed; what else moves, the new model has moved.
moves as (

    select
        coalesce(before.to_date, after.to_date) as to_date,
        before.segment_id as from_segment_id,
        after.segment_id as to_segment_id,
        before.customer_value as value_before,
        after.customer_value as value_after,
        case
            when before.segment_id is null then 'entered'
            when after.segment_id is null then 'left'
            when before.segment_id = after.segment_id then 'stayed'
            else 'moved'
        end as movement,
        after.segment_id_by_previous_model != before.segment_id as is_changed_customer
    from before
    full join after
        on
            before.to_date = after.to_date
            and before.customer_id = after.customer_id

),

counted as (

    select
        to_date,
        movement,
        from_segment_id,
        to_segment_id,
        count(*) as customers,
        count(*) filter (where movement = 'moved' and is_changed_customer) as moved_by_customer,
        count(*) filter (where movement = 'moved' and not coalesce(is_changed_customer, false)) as moved_by_model,
        coalesce(sum(cast(value_before as decimal(38, 6))), 0) as value_before,
        coalesce(sum(cast(value_after as decimal(38, 6))), 0) as value_after
    from moves
    group by to_date, movement, from_segment_id, to_segment_id

)

select
    intervals.from_date,
    counted.to_date,
    counted.movement,
    counted.from_segment_id,
    from_segments.name_zh as from_name_zh,
    from_segments.name_en as from_name_en,
    counted.to_segment_id,
    to_segments.name_zh as to_name_zh,
    to_segments.name_en as to_name_en,
    counted.customers,
    counted.moved_by_customer,
    counted.moved_by_model,
    case
        when counted.from_segment_id is not null
            then
                counted.customers
                / sum(counted.customers) over (partition by counted.to_date, counted.from_segment_id)
    end as transition_probability,
    cast(counted.value_before as double) as value_before,
    cast(counted.value_after as double) as value_after,
    intervals.from_model_version != intervals.to_model_version as is_refit
from counted
inner join intervals
    on counted.to_date = intervals.to_date
left join segments as from_segments
    on
        intervals.from_model_version = from_segments.model_version
        and counted.from_segment_id = from_segments.segment_id
left join segments as to_segments
    on
        intervals.to_model_version = to_segments.model_version
        and counted.to_segment_id = to_segments.segment_id
