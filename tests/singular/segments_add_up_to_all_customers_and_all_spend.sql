-- In every segmentation the segments' customers and spend are those of all customers.
with

segments as (

    select
        segmentation_id,
        sum(customers) as customers,
        sum(segment_value) as segment_value
    from {{ ref('dim_segments') }}
    group by segmentation_id

),

customers as (

    select
        count(*) as customers,
        sum(greatest({{ var('value_attribute') }}, 0)) as customer_value
    from {{ ref('stg_crm__customers') }}

)

select segments.*
from segments
cross join customers
where
    segments.customers != customers.customers
    or abs(segments.segment_value - customers.customer_value) > 1e-9 * customers.customer_value
