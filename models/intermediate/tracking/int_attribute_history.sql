-- noqa: disable=LT02
{{ kept_by('as_of_date') }}

{%- set attributes = dictionary(roles=['performance', 'ordinal', 'nominal', 'high_cardinality', 'flag']) -%}
{%- set numbers = attributes | selectattr('role', 'equalto', 'performance') | list %}

with

customers as (

    select * from {{ ref('int_tracked_customers') }}

),

-- The last column keeps the query whole where the dictionary has no attribute.
attribute_values as (

    select
        as_of_date,
        customer_id
        {%- for attribute in attributes %},
        {
            {%- if attribute in numbers %}
            'number': cast({{ attribute.attribute }} as double),
            'position': {{ transformed(attribute.attribute, attribute.transform) }},
            'level': cast(null as varchar)
            {%- else %}
            'number': cast(null as double),
            'position': cast(null as double),
            'level': coalesce(cast({{ attribute.attribute }} as varchar), 'unknown')
            {%- endif %}
        } as {{ attribute.attribute }}
        {%- endfor %},
        cast(null as struct(number double, position double, level varchar)) as no_attribute
    from customers

),

by_attribute as (

    unpivot attribute_values
    on columns(* exclude (as_of_date, customer_id))
    into name attribute value found

)

select
    as_of_date,
    customer_id,
    attribute,
    found['number'] as number,
    found['position'] as position,
    found['level'] as level
from by_attribute
