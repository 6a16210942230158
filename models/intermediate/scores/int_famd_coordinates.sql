-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_famd_parameters'), order_by='attribute, level, axis', columns='parameter, axis, attribute, level, value'
) %}

with

customers as (

    select * from {{ ref('int_customer_features') }}

),

coordinates as (
    {{ famd_coordinates(parameters) }}

)

select
    customer_id,
    is_training_customer,
    coordinates
from coordinates
