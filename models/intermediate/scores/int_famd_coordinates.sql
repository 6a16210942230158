-- noqa: disable=LT02
{%- set attributes = relation_rows(
    ref('int_famd_loadings'),
    order_by='1',
    columns="array_to_string(map_keys(centers), ',') as numbers, array_to_string(categories, ',') as categories"
) -%}
{%- set numbers = (attributes[0].numbers or '').split(',') | select | list if attributes else [] -%}
{%- set categories = (attributes[0].categories or '').split(',') | select | list if attributes else [] %}

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
        {%- for attribute in numbers %},
        (features.{{ attribute }} - loadings.centers['{{ attribute }}']) / loadings.stds['{{ attribute }}'] as {{ attribute }}__z,
        loadings.numbers['{{ attribute }}'] as {{ attribute }}__loadings
        {%- endfor %}
        {%- for attribute in categories %},
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
            {%- for attribute in numbers %}
            + {{ attribute }}__z * {{ attribute }}__loadings[axis]
            {%- endfor %}
            {%- for attribute in categories %}
            + coalesce({{ attribute }}__loadings[axis], 0)
            {%- endfor %}
            - constants[axis]
    ) as coordinates
from standardised
