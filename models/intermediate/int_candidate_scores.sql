-- noqa: disable=LT02
{%- set attributes = relation_rows(
    ref('int_kprototypes_prototypes'),
    order_by='segmentation_id',
    columns="segmentation_id, array_to_string(map_keys(centers), ',') as numbers, array_to_string(map_keys(modes), ',') as categories"
) -%}
{%- set numbers = (attributes[0].numbers or '').split(',') | select | list if attributes else [] -%}
{%- set categories = (attributes[0].categories or '').split(',') | select | list if attributes else [] %}

with

features as (

    select * from {{ ref('int_customer_features') }}

),

prototypes as (

    select
        * exclude (centers, modes, level_counts)
        {%- for attribute in numbers %},
        centers['{{ attribute }}'] as {{ attribute }}__centers
        {%- endfor %}
        {%- for attribute in categories %},
        modes['{{ attribute }}'] as {{ attribute }}__modes,
        level_counts['{{ attribute }}'] as {{ attribute }}__counts
        {%- endfor %}
    from {{ ref('int_kprototypes_prototypes') }}

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
                + prototypes.sizes[c] - coalesce(prototypes.{{ attribute }}__counts[cast(features.{{ attribute }} as varchar)][c], 0)
                {%- endfor %}
        ) as member_mismatches
    from features
    cross join prototypes

),

-- By cluster: the distance to the prototype, and the sum of the distances to all training customers in closed form.
distances as (

    select
        *,
        list_transform(range(1, k + 1), lambda c: squared_differences[c] + gamma * mismatches[c]) as distances,
        list_transform(
            range(1, k + 1),
            lambda c: sizes[c] * squared_differences[c] + scatters[c] + gamma * member_mismatches[c]
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
        list_transform(range(1, k + 1), lambda c: case when c != nearest then distances[c] end) as other_distances,
        distance_sums[nearest] / nullif(sizes[nearest] - cast(is_training_customer as integer), 0) as mean_distance_own,
        list_min(
            list_transform(range(1, k + 1), lambda c: case when c != nearest then distance_sums[c] / sizes[c] end)
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
