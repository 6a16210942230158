-- noqa: disable=LT02
{%- set attributes = folded_attributes(ref('int_final_clusters'), numbers='map_keys(means)', categories='categories') %}

with

customers as (

    select * from {{ ref('int_final_customers') }}

),

clusters as (

    select * from {{ ref('int_final_clusters') }}

),

gamma as (

    select max(value) as gamma
    from {{ ref('ml_kprototypes_parameters') }}
    where parameter = 'gamma'

),

located as (

    select
        customers.customer_id,
        customers.is_training_customer,
        list_position(clusters.clusters, customers.cluster) as own,
        clusters.sizes,
        clusters.scatters,
        gamma.gamma
        {%- for attribute in attributes.numbers %},
        customers.{{ attribute }},
        clusters.means['{{ attribute }}'] as {{ attribute }}__means
        {%- endfor %}
        {%- for attribute in attributes.categories %},
        clusters.level_counts['{{ attribute }}=' || customers.{{ attribute }}] as {{ attribute }}__counts
        {%- endfor %}
    from customers
    cross join clusters
    cross join gamma

),

-- By cluster, the sum of the squared mixed distances to all its training customers, in closed form.
distance_sums as (

    select
        customer_id,
        is_training_customer,
        own,
        sizes,
        list_transform(
            range(1, len(sizes) + 1),
            lambda c:
                sizes[c] * (
                    0.0
                    {%- for attribute in attributes.numbers %}
                    + power({{ attribute }} - {{ attribute }}__means[c], 2)
                    {%- endfor %}
                )
                + scatters[c]
                + gamma * (
                    0
                    {%- for attribute in attributes.categories %}
                    + sizes[c] - coalesce({{ attribute }}__counts[c], 0)
                    {%- endfor %}
                )
        ) as distance_sums
    from located

),

mean_distances as (

    select
        customer_id,
        distance_sums[own] / nullif(sizes[own] - cast(is_training_customer as integer), 0) as mean_distance_own,
        list_min(
            list_transform(range(1, len(sizes) + 1), lambda c: case when c != own then distance_sums[c] / sizes[c] end)
        ) as mean_distance_next
    from distance_sums

)

select
    customer_id,
    coalesce(
        (mean_distance_next - mean_distance_own) / nullif(greatest(mean_distance_next, mean_distance_own), 0), 0
    ) as silhouette
from mean_distances
