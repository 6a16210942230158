{{ config(materialized='view') }}

{%- set history = kept_relation('fct_segment_history') %}

with

snapshot as (

    select * from {{ ref('int_snapshot') }}

)

{% if history -%}
select
    history.customer_id,
    history.segment_id,
    history.cluster
from {{ history }} as history
inner join snapshot
    on history.as_of_date = snapshot.previous_as_of_date
{%- else -%}
select
    cast(null as varchar) as customer_id,
    cast(null as varchar) as segment_id,
    cast(null as integer) as cluster
from snapshot
where false
{%- endif %}
