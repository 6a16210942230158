-- noqa: disable=LT02
{{ config(materialized='view') }}

{%- set attributes = dictionary(roles=['performance', 'ordinal', 'nominal', 'high_cardinality', 'flag']) %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

totals as (

    select count(*) as customers
    from customers

)

-- About as many as are used to fit, by the hash of their ids: the same ones at every snapshot.
select
    snapshot.as_of_date,
    customers.customer_id
    {%- for attribute in attributes %},
    customers.{{ attribute.attribute }}
    {%- endfor %}
from customers
cross join totals
cross join snapshot
where
    substr(md5(customers.customer_id), 1, 8)
    <= printf('%08x', cast(round(4294967295 * least(1, {{ var('training_rows') }} / totals.customers)) as bigint))
