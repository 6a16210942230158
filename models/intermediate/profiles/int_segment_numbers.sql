-- noqa: disable=LT02
{%- set attributes = profiled_attributes('numbers') %}

with

-- Read twice, not kept: DuckDB scans kept rows in several threads and would add them up in a changing order.
customers as not materialized (

    select * from {{ ref('int_customer_attributes') }}

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

segment_summaries as (

    select
        scores.segmentation_id,
        scores.cluster
        {%- for attribute in attributes %},
        {{ number_summary('customers.' ~ attribute.attribute, attribute.transform) }} as {{ attribute.attribute }}
        {%- endfor %}
    from scores
    inner join customers
        on scores.customer_id = customers.customer_id
    group by scores.segmentation_id, scores.cluster

),

-- Everyone together, as a segmentation of one: cluster null.
overall_summary as (

    select
        'everyone' as segmentation_id,
        cast(null as integer) as cluster
        {%- for attribute in attributes %},
        {{ number_summary('customers.' ~ attribute.attribute, attribute.transform) }} as {{ attribute.attribute }}
        {%- endfor %}
    from customers

),

summaries as (

    select * from segment_summaries
    union all
    select * from overall_summary

),

by_attribute as (

    unpivot summaries
    on columns(* exclude (segmentation_id, cluster))
    into name attribute value summary

)

select
    segmentation_id,
    cluster,
    attribute,
    summary.*
from by_attribute
