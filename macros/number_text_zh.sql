{% macro number_text_zh(value, unit, is_share='false') -%}
    {%- set digits = number_digits(value) -%}
    case
        when {{ value }} is null then '未知'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ number_digits('round(100 * (' ~ value ~ '), 1)') }} || '%'
        when {{ unit }} = 'usd' then {{ digits }} || ' 美元'
        when {{ unit }} = 'usd_per_month' then '每月 ' || {{ digits }} || ' 美元'
        when {{ unit }} = 'count_per_month' then '每月 ' || {{ digits }}
        when {{ unit }} = 'days' then {{ digits }} || ' 天'
        when {{ unit }} = 'months' then {{ digits }} || ' 个月'
        when {{ unit }} = 'ratio' then {{ digits }} || ' 倍'
        when {{ unit }} = 'flag' and {{ value }} = 1 then '是'
        when {{ unit }} = 'flag' and {{ value }} = 0 then '否'
        else {{ digits }}
    end
{%- endmacro %}
