{% macro parse_date(text) -%}
    {#- A date of the years 1 to 9999 from clean text, or null: 'infinity' is a date to DuckDB, and would be the latest snapshot. -#}
    {%- set date -%}
        coalesce(try_cast({{ text }} as date), cast(try_strptime({{ text }}, ['%Y/%m/%d', '%Y%m%d', '%Y年%m月%d日']) as date))
    {%- endset -%}
    case when {{ date }} between date '0001-01-01' and date '9999-12-31' then {{ date }} end
{%- endmacro %}
