{% macro segment_name_en(parts) -%}
    {#- The parts of an English name as words, with a capital. -#}
    {%- set name = "concat_ws(' ', " ~ parts | join(', ') ~ ")" -%}
    upper(left({{ name }}, 1)) || substr({{ name }}, 2)
{%- endmacro %}
