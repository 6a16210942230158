-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_kprototypes_parameters'),
    order_by='segmentation_id, cluster, attribute',
    columns='segmentation_id, cluster, parameter, attribute as "column", level, value'
) -%}
{%- set distances = {} -%}
{%- for segmentation_id, model in parameters | groupby('segmentation_id') -%}
    {%- set gamma = model | selectattr('parameter', 'equalto', 'gamma') | map(attribute='value') | first -%}
    {%- do distances.update({segmentation_id: []}) -%}
    {%- for _, prototype in model | rejectattr('cluster', 'none') | groupby('cluster') -%}
        {%- do distances[segmentation_id].append(unrolled_distance(
            prototype | selectattr('parameter', 'equalto', 'center') | list,
            prototype | selectattr('parameter', 'equalto', 'mode') | list,
            gamma
        )) -%}
    {%- endfor -%}
{%- endfor %}

with

-- Not kept: a scan of the columns is less than a copy of all customers.
customers as not materialized (

    select * from {{ ref('int_customer_features') }}

),

for_everyone as (

    select segmentation_id from {{ ref('int_scored_populations') }}
    where not is_training_customer

),

distances as (
    {{ distances_by_segmentation(distances) }}

),

two_nearest as (
    {{ two_nearest(distances.values() | map('length') | max | default(0)) }}

)

select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance
from two_nearest
