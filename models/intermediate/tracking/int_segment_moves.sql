{{ config(materialized='view') }}

with

history as (

    select * from {{ ref('fct_segment_history') }}

),

dates as (

    select
        as_of_date,
        any_value(model_version) as model_version
    from history
    group by as_of_date

),

intervals as (

    select
        lag(as_of_date) over (order by as_of_date) as from_date,
        as_of_date as to_date,
        lag(model_version) over (order by as_of_date) as from_model_version,
        model_version as to_model_version
    from dates
    qualify lag(as_of_date) over (order by as_of_date) is not null

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

joined as (

    select
        coalesce(before.to_date, after.to_date) as to_date,
        coalesce(before.customer_id, after.customer_id) as customer_id,
        before.segment_id as from_segment_id,
        after.segment_id as to_segment_id,
        after.segment_id_by_previous_model,
        before.customer_value as value_before,
        after.customer_value as value_after
    from before
    full join after
        on
            before.to_date = after.to_date
            and before.customer_id = after.customer_id

),

-- Whoever the old model too puts elsewhere by the new data has changed; whoever else moves, the new model has moved.
moves as (

    select
        *,
        case
            when from_segment_id is null then 'entered'
            when to_segment_id is null then 'left'
            when from_segment_id = to_segment_id then 'stayed'
            else 'moved'
        end as movement,
        coalesce(segment_id_by_previous_model != from_segment_id, false) as is_changed_customer
    from joined

)

select
    intervals.from_date,
    moves.to_date,
    intervals.from_model_version,
    intervals.to_model_version,
    moves.customer_id,
    moves.movement,
    moves.from_segment_id,
    moves.to_segment_id,
    case when moves.movement = 'moved' then if(moves.is_changed_customer, 'customer', 'model') end as moved_by,
    moves.value_before,
    moves.value_after
from moves
inner join intervals
    on moves.to_date = intervals.to_date
