-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_kprototypes_parameters'),
    order_by='segmentation_id, cluster, attribute',
    columns='segmentation_id, cluster, parameter, attribute as "column", level, value'
) -%}
{%- set distances = kprototypes_distances(parameters) %}

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
