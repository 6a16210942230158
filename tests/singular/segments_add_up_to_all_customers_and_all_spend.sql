-- In every segmentation the segments' customers and spend are those of all customers of its basis.
with

segments as (

    select
        segments.segmentation_id,
        segmentations.basis,
        sum(segments.customers) as customers,
        sum(segments.segment_value) as segment_value
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('dim_segmentations') }} as segmentations
        on segments.segmentation_id = segmentations.segmentation_id
    group by segments.segmentation_id, segmentations.basis

),

customers as (

    select
        'everyone' as basis,
        count(*) as customers,
        sum(greatest({{ var('value_attribute') }}, 0)) as customer_value
    from {{ ref('stg_crm__customers') }}
    union all
    select
        'training customers' as basis,
        count(*) as customers,
        sum(greatest(proxy_value, 0)) as customer_value
    from {{ ref('int_training_customers') }}

)

select segments.*
from segments
inner join customers
    on segments.basis = customers.basis
where
    segments.customers != customers.customers
    or abs(segments.segment_value - customers.customer_value) > 1e-9 * customers.customer_value
