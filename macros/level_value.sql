{% macro level_value(column, levels) -%}
    {#-
        SQL of the number that goes with a level; null for a level without one. DuckDB looks into a map once for each entry of
        the dictionary of a text column, but for a flag, which has none, once a row: a case is quicker there.
    -#}
    {%- if levels | length > 2 -%}
        map {{ '{' }}
        {%- for row in levels -%}
            {{ sql_literal(row.level) }}: {{ double_literal(row.value) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
        {{ '}' }}[{{ column }}]
    {%- else -%}
        case {{ column }}
        {%- for row in levels %} when {{ sql_literal(row.level) }} then {{ double_literal(row.value) }}{% endfor %} end
    {%- endif -%}
{%- endmacro %}
