{%- set segments = kept_relation('dim_model_segments') %}

with

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

customers as (

    select * from {{ ref('int_previous_customers') }}

),

segments as (
{%- if segments %}

    select
        model_version,
        cluster,
        segment_id,
        name_zh,
        name_en,
        is_provisional
    from {{ segments }}
{%- else %}

    select
        cast(null as varchar) as model_version,
        cast(null as integer) as cluster,
        cast(null as varchar) as segment_id,
        cast(null as varchar) as name_zh,
        cast(null as varchar) as name_en,
        cast(null as boolean) as is_provisional
    where false
{%- endif %}

),

sizes as (

    select
        segment_id,
        count(*) as customers
    from customers
    group by segment_id

)

select
    snapshot.previous_as_of_date as as_of_date,
    segments.model_version,
    segments.cluster,
    segments.segment_id,
    segments.name_zh,
    segments.name_en,
    segments.is_provisional,
    coalesce(sizes.customers, 0) as customers
from segments
inner join snapshot
    on segments.model_version = snapshot.previous_model_version
left join sizes
    on segments.segment_id = sizes.segment_id
