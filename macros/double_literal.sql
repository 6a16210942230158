{% macro double_literal(value) -%}
    {#- A number, digit for digit; with an exponent, because DuckDB reads one without as a decimal and rounds it once more. -#}
    {%- set text = value | float | string -%}
    {{ text if 'e' in text else text ~ 'e0' }}
{%- endmacro %}
