-- noqa: disable=LT02
{%- set flags = dictionary(roles=['flag']) | map(attribute='attribute') | list -%}
{%- set raising_levels = seed_rows('category_flags', order_by='flag, attribute, level') %}

with

customers as (

    select * from {{ ref('stg_crm__customers') }}

),

derived as (

    select
        *
        {%- for flag in flags %},
        {{ flag_from_categories(raising_levels | selectattr('flag', 'equalto', flag) | list) }} as {{ flag }}__derived
        {%- endfor %}
    from customers

)

select
    * exclude (customer_id{% for flag in flags %}, {{ flag }}, {{ flag }}__derived{% endfor %}),
    customer_id
    {%- for flag in flags %},
    coalesce({{ flag }}, {{ flag }}__derived) as {{ flag }}
    {%- endfor %},
    list_filter(
        [
            cast(null as varchar)
            {%- for flag in flags %},
            case when {{ flag }} != {{ flag }}__derived then '{{ flag }}' end
            {%- endfor %}
        ],
        lambda flag: flag is not null
    ) as disagreeing_flags,
    list_filter(
        [
            cast(null as varchar)
            {%- for flag in flags %},
            case when {{ flag }} < {{ flag }}__derived then '{{ flag }}' end
            {%- endfor %}
        ],
        lambda flag: flag is not null
    ) as contradicted_flags
from derived
