{% macro flag_from_categories(raising_levels) -%}
    {#-
        1 where one of the categories raises the flag, 0 where a category is known and none raises it, null otherwise.
        raising_levels: rows of category_flags for one flag.
    -#}
    {%- if not raising_levels -%}
        cast(null as integer)
    {%- else -%}
        {%- set by_attribute = raising_levels | groupby('attribute') -%}
        case
            {%- for attribute, rows in by_attribute %}
            when {{ attribute }} in ({% for row in rows %}{{ sql_literal(row.level) }}{{ ', ' if not loop.last }}{% endfor %}) then 1
            {%- endfor %}
            when coalesce({% for attribute, rows in by_attribute %}{{ attribute }}, {% endfor %}null) is not null then 0
        end
    {%- endif -%}
{%- endmacro %}
