{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding'
) -%}
{%- set numbers = features | selectattr('encoding', 'in', ['numeric', 'ordinal', 'target']) | map(attribute='attribute') | list -%}
{%- set categories = features | selectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list %}

with

features as (

    select * from {{ ref('int_customer_features') }}

),

prototypes as (

    select
        * exclude (centers, modes)
        {%- for attribute in numbers %},
        centers['{{ attribute }}'] as {{ attribute }}__centers
        {%- endfor %}
        {%- for attribute in categories %},
        modes['{{ attribute }}'] as {{ attribute }}__modes
        {%- endfor %}
    from {{ ref('int_kprototypes_prototypes') }}

),

-- How many training customers of each cluster have a level, as a list by cluster.
level_counts as (

    select
        segmentation_id,
        attribute,
        level,
        list(value order by cluster) as counts
    from {{ ref('ml_kprototypes_parameters') }}
    where parameter = 'count'
    group by segmentation_id, attribute, level

),

-- Lists by cluster: squared difference of the numbers, categories that differ from the prototype, and for all
-- training customers of the cluster together the categories in which they differ from the customer.
differences as (

    select
        features.customer_id,
        features.is_training_customer,
        prototypes.segmentation_id,
        prototypes.k,
        prototypes.gamma,
        prototypes.sizes,
        prototypes.scatters,
        list_transform(
            range(1, prototypes.k + 1),
            lambda c:
                0.0
                {%- for attribute in numbers %}
                + power(features.{{ attribute }} - prototypes.{{ attribute }}__centers[c], 2)
                {%- endfor %}
        ) as squared_differences,
        list_transform(
            range(1, prototypes.k + 1),
            lambda c:
                0
                {%- for attribute in categories %}
                + cast(cast(features.{{ attribute }} as varchar) != prototypes.{{ attribute }}__modes[c] as integer)
                {%- endfor %}
        ) as mismatches,
        list_transform(
            range(1, prototypes.k + 1),
            lambda c:
                0.0
                {%- for attribute in categories %}
                + prototypes.sizes[c] - coalesce({{ attribute }}_counts.counts[c], 0)
                {%- endfor %}
        ) as member_mismatches
    from features
    cross join prototypes
    {%- for attribute in categories %}
    left join level_counts as {{ attribute }}_counts
        on
            {{ attribute }}_counts.attribute = '{{ attribute }}'
            and prototypes.segmentation_id = {{ attribute }}_counts.segmentation_id
            and cast(features.{{ attribute }} as varchar) = {{ attribute }}_counts.level
    {%- endfor %}

),

-- By cluster: the distance to the prototype, and the sum of the distances to all training customers in closed form.
distances as (

    select
        *,
        list_transform(squared_differences, lambda squares, c: squares + gamma * mismatches[c]) as distances,
        list_transform(
            squared_differences,
            lambda squares, c: sizes[c] * squares + scatters[c] + gamma * member_mismatches[c]
        ) as distance_sums
    from differences

),

nearest as (

    select
        *,
        list_position(distances, list_min(distances)) as nearest
    from distances

),

silhouette_parts as (

    select
        *,
        list_transform(distances, lambda distance, c: case when c != nearest then distance end) as other_distances,
        distance_sums[nearest] / nullif(sizes[nearest] - cast(is_training_customer as integer), 0) as mean_distance_own,
        list_min(
            list_transform(distance_sums, lambda distance_sum, c: case when c != nearest then distance_sum / sizes[c] end)
        ) as mean_distance_next
    from nearest

)

select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    cast(nearest - 1 as integer) as cluster,
    distances[nearest] as distance,
    cast(list_position(other_distances, list_min(other_distances)) - 1 as integer) as runner_up_cluster,
    list_min(other_distances) as runner_up_distance,
    coalesce(
        (mean_distance_next - mean_distance_own) / nullif(greatest(mean_distance_next, mean_distance_own), 0), 0
    ) as silhouette
from silhouette_parts
