-- noqa: disable=LT02
{%- set attributes = folded_attributes(ref('int_kprototypes_prototypes'), numbers='map_keys(centers)', categories='map_keys(modes)') %}

with

features as (

    select * from {{ ref('int_customer_features') }}

),

prototypes as (

    select
        * exclude (centers, modes)
        {%- for attribute in attributes.numbers %},
        centers['{{ attribute }}'] as {{ attribute }}__centers
        {%- endfor %}
        {%- for attribute in attributes.categories %},
        modes['{{ attribute }}'] as {{ attribute }}__modes
        {%- endfor %}
    from {{ ref('int_kprototypes_prototypes') }}

),

populations as (

    select * from {{ ref('int_scored_populations') }}

),

-- By cluster: the squared differences of the numbers, and gamma for each category that differs from the prototype.
distances as (

    select
        features.customer_id,
        features.is_training_customer,
        prototypes.segmentation_id,
        prototypes.k,
        list_transform(
            range(1, prototypes.k + 1),
            lambda c:
                0.0
                {%- for attribute in attributes.numbers %}
                + power(features.{{ attribute }} - prototypes.{{ attribute }}__centers[c], 2)
                {%- endfor %}
                + prototypes.gamma * (
                    0
                    {%- for attribute in attributes.categories %}
                    + cast(cast(features.{{ attribute }} as varchar) != prototypes.{{ attribute }}__modes[c] as integer)
                    {%- endfor %}
                )
        ) as distances
    from features
    inner join populations
        on features.is_training_customer = populations.is_training_customer
    inner join prototypes
        on populations.segmentation_id = prototypes.segmentation_id

)

select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    {{ ranked_clusters('distances') }} as ranked
from distances
