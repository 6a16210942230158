-- noqa: disable=LT02
{%- set parameters = relation_rows(
    ref('ml_famd_gmm_parameters'),
    order_by='segmentation_id, cluster, other_axis, axis',
    columns='segmentation_id, cluster, parameter, axis, other_axis, value'
) | rejectattr('cluster', 'none') | list -%}
{#- Minus the logarithm of weight times density, without the factor that all components share. -#}
{%- set distances = {} -%}
{%- for segmentation_id, model in parameters | groupby('segmentation_id') -%}
    {%- do distances.update({segmentation_id: []}) -%}
    {%- for _, component in model | groupby('cluster') -%}
        {%- set ns = namespace(means={}, whitened=[], center=0) -%}
        {%- for row in component if row.parameter == 'mean' -%}
            {%- do ns.means.update({row.axis: row.value}) -%}
        {%- endfor -%}
        {#- The columns of P, the inverse covariance being P P'. -#}
        {%- for _, weights in component | selectattr('parameter', 'equalto', 'precision_cholesky') | groupby('other_axis') -%}
            {%- set terms = [] -%}
            {%- set ns.center = 0 -%}
            {%- for row in weights -%}
                {%- do terms.append('axis_' ~ row.axis ~ ' * ' ~ double_literal(row.value)) -%}
                {%- set ns.center = ns.center + ns.means[row.axis] * row.value -%}
            {%- endfor -%}
            {%- do ns.whitened.append({'column': '(' ~ terms | join(' + ') ~ ')', 'value': ns.center}) -%}
        {%- endfor -%}
        {%- set weight = component | selectattr('parameter', 'equalto', 'weight') | map(attribute='value') | first -%}
        {%- set log_determinant = component | selectattr('parameter', 'equalto', 'log_determinant') | map(attribute='value') | first -%}
        {%- do distances[segmentation_id].append(
            '0.5e0 * (' ~ unrolled_distance(ns.whitened) ~ ') - ln(' ~ double_literal(weight) ~ ') - ' ~ double_literal(log_determinant)
        ) -%}
    {%- endfor -%}
{%- endfor -%}
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

-- Logarithm of the density of all components together.
totals as (

    select
        *,
        ln(
            {%- for c in range(most_clusters) %}
            {{ '+ ' if not loop.first }}coalesce(exp(least_distance - distance_{{ c }}), 0)
            {%- endfor %}
        ) - least_distance as log_total
    from two_nearest

)

-- The distance to a component is minus the logarithm of its posterior probability: finite where that underflows.
select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    cluster,
    distance + log_total as distance,
    runner_up_cluster,
    runner_up_distance + log_total as runner_up_distance,
    [
        {%- for c in range(most_clusters) %}
        exp(-(distance_{{ c }} + log_total)){{ ',' if not loop.last }}
        {%- endfor %}
    ][1:k] as probabilities,
    0 - least_distance as log_density
from totals
