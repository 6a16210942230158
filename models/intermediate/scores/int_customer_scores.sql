-- noqa: disable=LT02
{%- set model = relation_rows(ref('int_model_in_use'), order_by='model_version') | first | default({}) -%}
{%- do ref('ml_agglomerative_labels') -%}
{%- set parameters = model_parameters(ref('fct_model_parameters'), model.model_version) -%}
{%- set has_tree = model.method == 'agglomerative' and model.is_of_this_snapshot %}

with

features as (

    select * from {{ ref('int_scoring_features') }}

),

{%- if has_tree %}

tree_labels as ( -- noqa: ST03

    select
        customer_id,
        cluster as tree_cluster
    from {{ ref('ml_agglomerative_labels') }}
    where
        is_in_tree
        and segmentation_id = {{ sql_literal(model.segmentation_id) }}

),
{%- endif %}

scores as (
    {{ model_scores(model.method or 'kprototypes', parameters, has_tree_labels=has_tree) }}

)

select
    customer_id,
    {{ sql_literal(model.model_version) }} as model_version,
    segmentation_id,
    is_training_customer,
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance,
    probability
from scores
