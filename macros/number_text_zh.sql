{% macro number_text_zh(value, unit, is_share='false') -%}
    {%- set digits = number_digits(value) -%}
    case
        when {{ value }} is null then '未知'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ percent_text(value) }}
        when {{ unit }} = 'usd' then {{ digits }} || ' 美元'
        when {{ unit }} = 'usd_per_month' then {{ digits }} || ' 美元/月'
        when {{ unit }} = 'count_per_month' then {{ digits }} || '/月'
        when {{ unit }} = 'days' then {{ digits }} || ' 天'
        when {{ unit }} = 'months' then {{ digits }} || ' 个月'
        when {{ unit }} = 'flag' and {{ value }} = 1 then '是'
        when {{ unit }} = 'flag' and {{ value }} = 0 then '否'
        else {{ digits }}
    end
{%- endmacro %}
