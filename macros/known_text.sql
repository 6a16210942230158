{% macro known_text(column, missing_tokens=[]) -%}
    {#- Trimmed text, or null where it is one of the tokens that mean "missing". A long `not in` would become a join. -#}
    {%- set tokens = ['', '\\n', 'unknown', '未知', 'null', 'nan', 'n/a', 'none', '-'] + missing_tokens | map('lower') | list -%}
    case lower({{ column }}){% for token in tokens | unique %} when {{ sql_literal(token) }} then null{% endfor %} else {{ column }} end
{%- endmacro %}
