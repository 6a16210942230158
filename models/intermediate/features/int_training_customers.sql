-- noqa: disable=LT02
{%- set attributes = dictionary(roles=['performance', 'ordinal', 'nominal', 'high_cardinality', 'flag']) %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

drawn as (

    select * from customers
    order by md5(customer_id) asc, customer_id asc
    limit {{ var('training_rows') }}

),

ordered as (

    select
        *,
        row_number() over (order by md5(customer_id) asc, customer_id asc) as training_order
    from drawn

)

select
    customer_id,
    cast(training_order as integer) as training_order,
    {{ target_encoding_fold('customer_id') }} as fold,
    cast({{ var('value_attribute') }} as double) as proxy_value
    {%- for attribute in attributes %},
    {{ attribute.attribute }}
    {%- endfor %}
from ordered
