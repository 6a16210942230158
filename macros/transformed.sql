{% macro transformed(column, transform) -%}
    {#- A numeric column on the scale that the dictionary declares for it. -#}
    {%- if transform == 'log1p' -%}
        ln(1 + cast({{ column }} as double))
    {%- elif transform == 'signed_log1p' -%}
        sign({{ column }}) * ln(1 + abs(cast({{ column }} as double)))
    {%- else -%}
        cast({{ column }} as double)
    {%- endif -%}
{%- endmacro %}
