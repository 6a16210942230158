{{ config(severity='warn') }}

-- The evidence on the segments that are delivered is weak: unsupported_en of dim_segmentations says why.
with

segmentations as (

    select * from {{ ref('dim_segmentations') }}

)

select
    segmentation_id,
    unsupported_en
from segmentations
where is_final and not is_supported
