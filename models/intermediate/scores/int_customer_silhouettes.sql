-- noqa: disable=LT02
{%- set model_version = relation_rows(ref('int_model_in_use'), order_by='model_version') | map(attribute='model_version') | first -%}
{%- set folded = relation_rows(
    ref('int_final_clusters'),
    order_by='clusters',
    where='model_version = ' ~ sql_literal(model_version),
    columns='gamma, to_json(clusters) as clusters, to_json(sizes) as sizes, to_json(means) as means, to_json(scatters) as scatters,
        to_json(categories) as categories, to_json(level_counts) as level_counts'
) | first | default({}) -%}
{%- set clusters = fromjson(folded.clusters or '[]') -%}
{%- set sizes = fromjson(folded.sizes or '[]') -%}
{%- set means = fromjson(folded.means or '{}') -%}
{%- set scatters = fromjson(folded.scatters or '[]') -%}
{%- set categories = fromjson(folded.categories or '[]') or [] -%}
{%- set level_counts = fromjson(folded.level_counts or '{}') %}

with

customers as (

    select * from {{ ref('int_final_customers') }}

),

-- By cluster, the sum of the squared mixed distances to all its training customers, in closed form.
distance_sums as (

    select
        customers.customer_id,
        customers.is_training_customer,
        customers.cluster
        {%- for cluster in clusters %}
        {%- set place = loop.index0 %}
        {%- set center = [] %}
        {%- for attribute, by_cluster in means.items() %}
        {%- do center.append({'column': 'customers.' ~ attribute, 'value': by_cluster[place]}) %}
        {%- endfor %},
        {{ sizes[place] }} * (
            {{ unrolled_distance(center) }}
        )
        + {{ double_literal(scatters[place]) }}
        + {{ double_literal(folded.gamma or 0) }} * (
            0
            {%- for attribute in categories %}
            {%- set counts = [] %}
            {%- for key, by_cluster in level_counts.items() if key.startswith(attribute ~ '=') %}
            {%- do counts.append({'level': key[attribute | length + 1:], 'value': by_cluster[place]}) %}
            {%- endfor %}
            + {{ sizes[place] }} - coalesce({{ level_value('customers.' ~ attribute, counts) }}, 0)
            {%- endfor %}
        ) as sum_{{ cluster }}
        {%- endfor %}
    from customers

),

mean_distances as (

    select
        customer_id,
        case cluster
            {%- for cluster in clusters %}
            when {{ cluster }} then sum_{{ cluster }} / nullif({{ sizes[loop.index0] }} - cast(is_training_customer as integer), 0)
            {%- endfor %}
        end as mean_distance_own,
        least(
            {%- for cluster in clusters %}
            case when cluster != {{ cluster }} then sum_{{ cluster }} / {{ sizes[loop.index0] }} end{{ ',' if not loop.last }}
            {%- endfor %}
        ) as mean_distance_next
    from distance_sums

)

select
    customer_id,
    coalesce(
        (mean_distance_next - mean_distance_own) / nullif(greatest(mean_distance_next, mean_distance_own), 0), 0
    ) as silhouette
from mean_distances
