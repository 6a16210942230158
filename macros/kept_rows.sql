{% macro kept_rows(model, columns) -%}
    {#-
        The body of a CTE: rows of a table that outlives builds as the builds before this one left it; none before the first. For
        models upstream of it, which dbt lets not ref what comes of them. columns: the columns to read, each with its type.
    -#}
    {%- set relation = kept_relation(model) %}
    select
        {%- for column, type in columns.items() %}
        {{ column if relation else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if relation %}
    from {{ relation }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}
