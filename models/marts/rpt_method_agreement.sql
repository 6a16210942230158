with

agreement as (

    select * from {{ ref('ml_method_agreement') }}

)

select
    segmentation_id,
    other_segmentation_id,
    k,
    adjusted_rand
from agreement
