{#- Built after the segments, so that a build that stops leaves the parameters of those that stand. -#}
{%- do ref('fct_customer_segments') -%}

with

parameters as (

    select * from {{ ref('ml_build_parameters') }}

)

select
    parameter,
    kind,
    parameter_order,
    label_zh,
    label_en,
    case parameter
        {%- for name in setting_names() if var(name) is not none %}
        when '{{ name }}' then {{ sql_literal(var(name)) }}
        {%- endfor %}
        else version
    end as value
from parameters
