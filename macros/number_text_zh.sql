{% macro number_text_zh(value, unit, is_share='false') -%}
    {%- set digits = number_digits(value) -%}
    {%- set names = {'usd': '美元', 'eur': '欧元', 'gbp': '英镑', 'cny': '元'} -%}
    case
        when {{ value }} is null then '未知'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ percent_text(value) }}
        when regexp_replace({{ unit }}, '_per_month$', '') in ('{{ names | join("', '") }}')
            then
                {{ digits }}
                || case left({{ unit }}, 3) {% for code, name in names.items() %}when '{{ code }}' then ' {{ name }}' {% endfor %}end
                || case when suffix({{ unit }}, '_per_month') then '/月' else '' end
        when {{ unit }} = 'count_per_month' then {{ digits }} || '/月'
        when {{ unit }} = 'days' then {{ digits }} || ' 天'
        when {{ unit }} = 'months' then {{ digits }} || ' 个月'
        when {{ unit }} = 'flag' and {{ value }} = 1 then '是'
        when {{ unit }} = 'flag' and {{ value }} = 0 then '否'
        else {{ digits }}
    end
{%- endmacro %}
