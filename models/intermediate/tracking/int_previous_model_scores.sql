-- noqa: disable=LT02
{#- What `model_features` reads. -#}
{%- do [ref('int_customer_attributes'), ref('int_training_customers'), ref('data_dictionary')] -%}
{%- set kept_parameters = kept_relation('fct_model_parameters') -%}
{%- set model_version = relation_rows(ref('int_snapshot'), order_by='as_of_date')
    | map(attribute='previous_model_version') | first | default(none) -%}
{%- set parameters = model_parameters(kept_parameters, model_version) if model_version else [] %}

with

previous_segments as (

    select * from {{ ref('int_previous_segments') }}

),

{%- if parameters %}

{%- set segmentation_id = parameters | map(attribute='segmentation_id') | reject('none') | first %}

features as (
    {{ model_features(kept_parameters, model_version, parameters) }}

),

scores as (
    {{ model_scores(segmentation_id.rpartition('_k')[0], parameters) }}

)
{%- else %}

-- There is no snapshot before this one.
scores as (

    select
        cast(null as varchar) as customer_id,
        cast(null as integer) as cluster,
        cast(null as double[]) as distances,
        cast(null as boolean) as is_training_customer
    where false

)
{%- endif %}

select
    scores.customer_id,
    scores.cluster,
    previous_segments.segment_id,
    case when scores.is_training_customer then scores.distances end as distances
from scores
left join previous_segments
    on scores.cluster = previous_segments.cluster
