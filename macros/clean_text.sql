{% macro clean_text(column, missing_tokens=[]) -%}
    {#- Trimmed text, or null where the text is one of the tokens that mean "missing". -#}
    {%- set tokens = ['', '\\n', 'unknown', '未知', 'null', 'nan', 'n/a', 'none', '-'] + missing_tokens | map('lower') | list -%}
    {%- set trimmed = "trim(" ~ column ~ ", e' \\t\\r\\n　')" -%}
    case
        when lower({{ trimmed }}) not in ({% for token in tokens %}{{ sql_literal(token) }}{{ ', ' if not loop.last }}{% endfor %})
            then {{ trimmed }}
    end
{%- endmacro %}
