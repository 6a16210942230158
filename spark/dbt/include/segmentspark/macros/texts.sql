{% macro segmentspark__escape_single_quotes(expression) -%}
    {#- What is translated is DuckDB's SQL, in which a backslash is a backslash. -#}
    {{ expression | replace("'", "''") }}
{%- endmacro %}

{% macro segmentspark__safe_cast(field, type) -%}
    {#- Rows of unit tests have lists, structs and maps as texts, as DuckDB reads them. -#}
    {%- if cast_from_string_unsupported_for(type) -%}
        from_json({{ adapter.as_json(field, type) }}, '{{ type }}')
    {%- else -%}
        cast({{ field }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
