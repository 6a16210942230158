{{ config(severity='warn') }}

-- A row of segment_names whose segment is not in this build changes nothing. It may be a slip, or come back with another K.
with

names as (

    select * from {{ ref('segment_names') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

)

select
    names.segmentation_id,
    names.segment_id,
    names.name_zh,
    names.name_en
from names
left join segments
    on
        names.segmentation_id = segments.segmentation_id
        and names.segment_id = segments.segment_id
where segments.segment_id is null
