{% macro segmentspark__escape_single_quotes(expression) -%}
    {#- What is translated is DuckDB's SQL, in which a backslash is a backslash. -#}
    {{ expression | replace("'", "''") }}
{%- endmacro %}
