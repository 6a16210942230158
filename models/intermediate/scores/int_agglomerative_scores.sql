-- noqa: disable=LT02
{%- set attributes = folded_attributes(
    ref('int_agglomerative_centers'), numbers='map_keys(numbers)', categories='map_keys(squared_shares)'
) %}

with

features as (

    select * from {{ ref('int_customer_features') }}

),

centers as (

    select * from {{ ref('int_agglomerative_centers') }}

),

populations as (

    select * from {{ ref('int_scored_populations') }}

),

tree_labels as (

    select
        customer_id,
        segmentation_id,
        cluster
    from {{ ref('ml_agglomerative_labels') }}
    where is_in_tree

),

located as (

    select
        features.customer_id,
        features.is_training_customer,
        centers.segmentation_id,
        centers.k
        {%- for attribute in attributes.numbers %},
        features.{{ attribute }},
        centers.numbers['{{ attribute }}'] as {{ attribute }}__centers
        {%- endfor %}
        {%- for attribute in attributes.categories %},
        centers.shares['{{ attribute }}=' || features.{{ attribute }}] as {{ attribute }}__shares,
        centers.squared_shares['{{ attribute }}'] as {{ attribute }}__squares
        {%- endfor %}
    from features
    inner join populations
        on features.is_training_customer = populations.is_training_customer
    inner join centers
        on populations.segmentation_id = centers.segmentation_id

),

-- Squared distances in one-hot features: of a category with shares p they are 1 - 2 p(own level) + sum of p squared.
distances as (

    select
        customer_id,
        is_training_customer,
        segmentation_id,
        k,
        list_transform(
            range(1, k + 1),
            lambda c:
                0.0
                {%- for attribute in attributes.numbers %}
                + power({{ attribute }} - {{ attribute }}__centers[c], 2)
                {%- endfor %}
                {%- for attribute in attributes.categories %}
                + coalesce(1 - 2 * {{ attribute }}__shares[c], 0) + {{ attribute }}__squares[c]
                {%- endfor %}
        ) as distances
    from located

),

ranked as (

    select
        distances.customer_id,
        distances.is_training_customer,
        distances.segmentation_id,
        distances.k,
        {{ ranked_clusters('distances.distances') }} as ranked,
        tree_labels.cluster as tree_cluster
    from distances
    left join tree_labels
        on
            distances.customer_id = tree_labels.customer_id
            and distances.segmentation_id = tree_labels.segmentation_id

)

-- Customers of the tree stay in the cluster that the tree put them in, be another centroid nearer.
select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    list_filter(ranked, lambda place: place['cluster'] = coalesce(tree_cluster, place['cluster']))
    || list_filter(ranked, lambda place: place['cluster'] != coalesce(tree_cluster, place['cluster'])) as ranked
from ranked
