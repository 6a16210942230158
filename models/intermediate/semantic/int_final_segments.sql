with

segments as (

    select * from {{ ref('dim_segments') }}

),

customers as (

    select * from {{ ref('fct_customer_segments') }}

),

final_segmentation as (

    select distinct
        segmentation_id,
        as_of_date
    from customers

)

select
    segments.segmentation_id,
    segments.cluster,
    final_segmentation.as_of_date,
    segments.customer_share,
    segments.segment_value,
    segments.spend_share
from segments
inner join final_segmentation
    on segments.segmentation_id = final_segmentation.segmentation_id
