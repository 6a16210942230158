-- noqa: disable=LT02
{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding'
) -%}
{%- set numbers = features | rejectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list -%}
{%- set categories = features | selectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list %}

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

-- By cluster, the sum of the squared mixed distances to all its training customers, in closed form.
distance_sums as (

    select
        customers.customer_id,
        customers.is_training_customer,
        list_position(clusters.clusters, customers.cluster) as own,
        clusters.sizes,
        list_transform(
            range(1, len(clusters.sizes) + 1),
            lambda c:
                clusters.sizes[c] * (
                    0.0
                    {%- for attribute in numbers %}
                    + power(customers.{{ attribute }} - clusters.{{ attribute }}__means[c], 2)
                    {%- endfor %}
                )
                + clusters.scatters[c]
                + gamma.gamma * (
                    0
                    {%- for attribute in categories %}
                    + clusters.sizes[c]
                    - coalesce(clusters.level_counts['{{ attribute }}=' || cast(customers.{{ attribute }} as varchar)][c], 0)
                    {%- endfor %}
                )
        ) as distance_sums
    from customers
    cross join clusters
    cross join gamma

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
