-- noqa: disable=LT02
{{ config(materialized='view') }}

{%- set flags = dictionary(roles=['flag']) | map(attribute='attribute') | list %}

with

customers as (

    select * from {{ ref('stg_crm__customers') }}

),

flags as (

    select * from {{ ref('int_customer_flags') }}

)

select
    customers.* exclude (customers.customer_id{{ ", " if flags }}{{ flags | join(", ") }}),
    customers.customer_id
    {%- for flag in flags %},
    flags.{{ flag }}
    {%- endfor %}
from customers
inner join flags
    on customers.customer_id = flags.customer_id
