with

moves as (

    select * from {{ ref('int_segment_moves') }}

),

segments as (

    select * from {{ ref('dim_model_segments') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

departures as (

    select moves.*
    from moves
    inner join snapshot
        on moves.to_date = snapshot.as_of_date
    where moves.movement in ('moved', 'left')

)

select
    departures.from_date,
    departures.to_date,
    departures.customer_id,
    departures.from_segment_id,
    from_segments.name_zh as from_name_zh,
    from_segments.name_en as from_name_en,
    departures.to_segment_id,
    to_segments.name_zh as to_name_zh,
    to_segments.name_en as to_name_en,
    coalesce(departures.moved_by, 'left') as reason,
    departures.value_before,
    coalesce(departures.value_after, 0) as value_after,
    departures.value_before - coalesce(departures.value_after, 0) as value_lost
from departures
inner join segments as from_segments
    on
        departures.from_model_version = from_segments.model_version
        and departures.from_segment_id = from_segments.segment_id
left join segments as to_segments
    on
        departures.to_model_version = to_segments.model_version
        and departures.to_segment_id = to_segments.segment_id
