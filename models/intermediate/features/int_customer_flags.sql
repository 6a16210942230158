-- noqa: disable=LT02
{%- set flags = dictionary(roles=['flag']) -%}
{%- set raising_levels = seed_rows('category_flags', order_by='flag, attribute, level') %}

with

customers as (

    select * from {{ ref('stg_crm__customers') }}

),

derived as (

    select
        customer_id
        {%- for flag in flags %},
        {{ flag.attribute }} as {{ flag.attribute }}__file,
        {{ flag_from_categories(raising_levels | selectattr('flag', 'equalto', flag.attribute) | list) }} as {{ flag.attribute }}__derived
        {%- endfor %}
    from customers

)

select
    customer_id
    {%- for flag in flags %},
    coalesce({{ flag.attribute }}__file, {{ flag.attribute }}__derived) as {{ flag.attribute }}
    {%- endfor %},
    list_filter(
        [
            cast(null as varchar)
            {%- for flag in flags %},
            case when {{ flag.attribute }}__file != {{ flag.attribute }}__derived then '{{ flag.attribute }}' end
            {%- endfor %}
        ],
        lambda flag: flag is not null
    ) as disagreeing_flags,
    list_filter(
        [
            cast(null as varchar)
            {%- for flag in flags %},
            case when {{ flag.attribute }}__file < {{ flag.attribute }}__derived then '{{ flag.attribute }}' end
            {%- endfor %}
        ],
        lambda flag: flag is not null
    ) as contradicted_flags
from derived
