{{ config(materialized='view') }}

{%- set attributes = profiled_attributes('levels') -%}
{%- set set_b_roles = ['binned', 'ordinal', 'nominal', 'high_cardinality', 'flag'] %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

feature_set_b as (

    select * from {{ ref('int_feature_set_b') }}

),

categories as (

    select
        customers.customer_id
        {%- if not attributes %},
        cast(null as varchar) as _no_attribute
        {%- endif %}
        {%- for attribute in attributes %},
        {%- if attribute.role in set_b_roles %}
        feature_set_b.{{ attribute.attribute }}
        {%- else %}
        coalesce(cast(customers.{{ attribute.attribute }} as varchar), 'unknown') as {{ attribute.attribute }}
        {%- endif %}
        {%- endfor %}
    from customers
    inner join feature_set_b
        on customers.customer_id = feature_set_b.customer_id

)

unpivot categories
on columns(* exclude (customer_id))
into name attribute value level
