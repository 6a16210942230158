-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_famd_kmeans_parameters'),
    order_by='segmentation_id, cluster, axis',
    columns="segmentation_id, cluster, parameter, axis, 'axis_' || axis as \"column\", value"
) -%}
{%- set distances = famd_kmeans_distances(parameters) %}

with

-- Not kept: a scan of the columns is less than a copy of all customers.
customers as not materialized (

    select
        customer_id,
        is_training_customer
        {%- for axis in parameters | map(attribute='axis') | reject('none') | unique %},
        coordinates[{{ axis }}] as axis_{{ axis }}
        {%- endfor %}
    from {{ ref('int_famd_coordinates') }}

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
