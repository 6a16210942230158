-- noqa: disable=LT02
{%- set attributes = folded_attributes(ref('int_famd_loadings'), numbers='map_keys(centers)', categories='categories') %}

with

features as (

    select * from {{ ref('int_customer_features') }}

),

loadings as (

    select * from {{ ref('int_famd_loadings') }}

),

standardised as (

    select
        features.customer_id,
        features.is_training_customer,
        loadings.constants
        {%- for attribute in attributes.numbers %},
        (features.{{ attribute }} - loadings.centers['{{ attribute }}']) / loadings.stds['{{ attribute }}'] as {{ attribute }}__z,
        loadings.numbers['{{ attribute }}'] as {{ attribute }}__loadings
        {%- endfor %}
        {%- for attribute in attributes.categories %},
        loadings.levels['{{ attribute }}=' || features.{{ attribute }}] as {{ attribute }}__loadings
        {%- endfor %}
    from features
    cross join loadings

)

-- A level that the fit has not seen has no loading and adds nothing.
select
    customer_id,
    is_training_customer,
    list_transform(
        range(1, len(constants) + 1),
        lambda axis:
            0.0
            {%- for attribute in attributes.numbers %}
            + {{ attribute }}__z * {{ attribute }}__loadings[axis]
            {%- endfor %}
            {%- for attribute in attributes.categories %}
            + coalesce({{ attribute }}__loadings[axis], 0)
            {%- endfor %}
            - constants[axis]
    ) as coordinates
from standardised
