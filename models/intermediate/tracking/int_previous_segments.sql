with

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

customers as (

    select * from {{ ref('int_previous_customers') }}

),

segments as (
    {{ kept_rows('dim_model_segments', {
        'model_version': 'varchar', 'cluster': 'integer', 'segment_id': 'varchar', 'name_zh': 'varchar', 'name_en': 'varchar',
        'is_provisional': 'boolean'
    }) }}

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
