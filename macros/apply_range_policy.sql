{% macro apply_range_policy(attribute) -%}
    {#- A value as its valid range allows: clipped, set to null, or as it is where the whole row is refused. -#}
    {%- set column = attribute.attribute -%}
    {%- if attribute.out_of_range_policy == 'clip' -%}
        {%- set floored = 'greatest(' ~ column ~ ', ' ~ attribute.valid_min ~ ')' if attribute.valid_min is not none else column -%}
        {%- set clipped = 'least(' ~ floored ~ ', ' ~ attribute.valid_max ~ ')' if attribute.valid_max is not none else floored -%}
        case when {{ column }} is not null then cast({{ clipped }} as {{ column_type(attribute.data_type) }}) end
    {%- elif attribute.out_of_range_policy == 'set_null' -%}
        case when not {{ is_out_of_range(attribute) }} then {{ column }} end
    {%- else -%}
        {{ column }}
    {%- endif -%}
{%- endmacro %}
