{%- set history = kept_relation('fct_segment_history') -%}
{%- set segments = kept_relation('dim_model_segments') %}

with

snapshot as (

    select {{ as_of_date(ref('stg_crm__customers')) }} as as_of_date

),

-- What the builds before this one kept. A date that is built again is made anew, so it is not among them.
kept as (
{%- if history and segments %}

    select distinct
        as_of_date,
        model_version
    from {{ history }}
    where as_of_date != (select snapshot.as_of_date from snapshot)
{%- else %}

    select
        cast(null as date) as as_of_date,
        cast(null as varchar) as model_version
    where false
{%- endif %}

),

kept_segments as (
{%- if history and segments %}

    select
        model_version,
        segment_id
    from {{ segments }}
{%- else %}

    select
        cast(null as varchar) as model_version,
        cast(null as varchar) as segment_id
    where false
{%- endif %}

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

    select max(cast(substr(kept_segments.segment_id, 2) as integer)) as number
    from kept_segments
    inner join kept
        on kept_segments.model_version = kept.model_version

)

select
    snapshot.as_of_date,
    previous.as_of_date as previous_as_of_date,
    previous.model_version as previous_model_version,
    coalesce(last_segment.number, 0) as last_segment_number
from snapshot
cross join previous
cross join last_segment
