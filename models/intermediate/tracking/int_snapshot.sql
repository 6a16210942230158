with

snapshot as (

    select {{ as_of_date(ref('stg_crm__customers')) }} as as_of_date

),

history as (
    {{ kept_rows('fct_segment_history', {'as_of_date': 'date', 'model_version': 'varchar'}) }}

),

segments as (
    {{ kept_rows('dim_model_segments', {'model_version': 'varchar', 'segment_id': 'varchar'}) }}

),

-- A date that is built again is made anew, so what was kept of it does not count.
kept as (

    select distinct
        history.as_of_date,
        history.model_version
    from history
    inner join snapshot
        on history.as_of_date != snapshot.as_of_date

),

previous as (

    select
        max(kept.as_of_date) as as_of_date,
        arg_max(kept.model_version, kept.as_of_date) as model_version
    from kept
    inner join snapshot
        on kept.as_of_date < snapshot.as_of_date

),

last_segment as (

    select max(cast(substr(segments.segment_id, 2) as integer)) as number
    from segments
    inner join kept
        on segments.model_version = kept.model_version

)

select
    snapshot.as_of_date,
    previous.as_of_date as previous_as_of_date,
    previous.model_version as previous_model_version,
    coalesce(last_segment.number, 0) as last_segment_number
from snapshot
cross join previous
cross join last_segment
