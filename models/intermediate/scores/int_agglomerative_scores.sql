-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_agglomerative_parameters'),
    order_by='segmentation_id, cluster, attribute, level',
    columns='segmentation_id, cluster, parameter, attribute as "column", level, value'
) -%}
{%- set distances = agglomerative_distances(parameters) %}

with

-- Not kept: a scan of the columns is less than a copy of all customers.
customers as not materialized (

    select * from {{ ref('int_customer_features') }}

),

for_everyone as (

    select segmentation_id from {{ ref('int_scored_populations') }}
    where not is_training_customer

),

tree_labels as (

    select
        customer_id,
        segmentation_id,
        cluster
    from {{ ref('ml_agglomerative_labels') }}
    where is_in_tree

),

center_distances as (
    {{ distances_by_segmentation(distances) }}

),

-- Customers of the tree stay in the cluster that the tree put them in, be another centroid nearer.
distances as (

    select
        center_distances.*,
        tree_labels.cluster as tree_cluster
    from center_distances
    left join tree_labels
        on
            center_distances.customer_id = tree_labels.customer_id
            and center_distances.segmentation_id = tree_labels.segmentation_id

),

two_nearest as (
    {{ two_nearest(distances.values() | map('length') | max | default(0), given_cluster='tree_cluster') }}

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
