-- noqa: disable=LT02
-- After int_segment_levels, not beside it: quantiles cannot be put on disk, and it takes what memory they leave.
-- depends_on: {{ ref('int_segment_levels') }}
{%- set attributes = profiled_attributes('numbers') %}

with

-- Read twice, not kept: DuckDB scans kept rows in several threads and would add them up in a changing order.
customers as not materialized (

    select * from {{ ref('int_customer_attributes') }}

),

training_customers as (

    select * from {{ ref('int_training_customers') }}

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

populations as (

    select * from {{ ref('int_scored_populations') }}
    where is_training_customer

),

segment_summaries as (

    select
        scores.segmentation_id,
        scores.cluster
        {%- for attribute in attributes %},
        {{ number_summary('customers.' ~ attribute.attribute, attribute.transform, 'scores.is_training_customer') }}
        as {{ attribute.attribute }}
        {%- endfor %}
    from scores
    inner join customers
        on scores.customer_id = customers.customer_id
    group by scores.segmentation_id, scores.cluster

),

-- Everyone together, and all training customers, as segmentations of one: cluster null.
overall_summary as (

    select
        'everyone' as segmentation_id,
        cast(null as integer) as cluster
        {%- for attribute in attributes %},
        {{ number_summary('customers.' ~ attribute.attribute, attribute.transform, 'training_customers.customer_id is not null') }}
        as {{ attribute.attribute }}
        {%- endfor %}
    from customers
    left join training_customers
        on customers.customer_id = training_customers.customer_id

),

training_summary as (

    select
        'training customers' as segmentation_id,
        cast(null as integer) as cluster
        {%- for attribute in attributes %},
        {{ number_summary('customers.' ~ attribute.attribute, attribute.transform, 'true') }} as {{ attribute.attribute }}
        {%- endfor %}
    from customers
    inner join training_customers
        on customers.customer_id = training_customers.customer_id

),

summaries as (

    select * from segment_summaries
    union all
    select * from overall_summary
    union all
    select * from training_summary

),

by_attribute as (

    unpivot summaries
    on columns(* exclude (segmentation_id, cluster))
    into name attribute value summary

),

with_basis as (

    select
        by_attribute.*,
        coalesce(populations.basis, by_attribute.segmentation_id) as basis
    from by_attribute
    left join populations
        on by_attribute.segmentation_id = populations.segmentation_id

)

select
    segmentation_id,
    cluster,
    basis,
    attribute,
    summary.customers,
    summary.known_customers,
    summary.total,
    summary.mean,
    summary.quantiles[3] as median,
    summary.std_dev,
    summary.population_std_dev,
    summary.quantiles[1] as p05,
    summary.quantiles[2] as p25,
    summary.quantiles[4] as p75,
    summary.quantiles[5] as p95,
    summary.transformed_mean,
    summary.transformed_std_dev
from with_basis
