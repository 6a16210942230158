-- noqa: disable=LT02,LT09
{{ config(materialized='view') }}

{%- set attributes = profiled_attributes('levels') | selectattr('role', 'equalto', 'profile_only') | list %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

)

select
    customer_id
    {%- for attribute in attributes %},
    coalesce(cast({{ attribute.attribute }} as varchar), 'unknown') as {{ attribute.attribute }}
    {%- endfor %}
from customers
