-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_famd_gmm_parameters'),
    order_by='segmentation_id, cluster, other_axis, axis',
    columns='segmentation_id, cluster, parameter, axis, other_axis, value'
) | rejectattr('cluster', 'none') | list -%}
{%- set distances = famd_gmm_distances(parameters) -%}
{%- set most_clusters = distances.values() | map('length') | max | default(0) %}

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
    {{ two_nearest(most_clusters) }}

),

scores as (
    {{ mixture_scores(most_clusters) }}

)

select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance,
    probabilities,
    log_density
from scores
