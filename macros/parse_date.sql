{% macro parse_date(text) -%}
    {#- A date from clean text, or null. -#}
    coalesce(try_cast({{ text }} as date), cast(try_strptime({{ text }}, ['%Y/%m/%d', '%Y%m%d', '%Y年%m月%d日']) as date))
{%- endmacro %}
