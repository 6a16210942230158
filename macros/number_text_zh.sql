{% macro number_text_zh(value, unit, is_share='false') -%}
    {%- set names = {'usd': '美元', 'eur': '欧元', 'gbp': '英镑', 'cny': '元', 'days': '天', 'months': '个月'} -%}
    case
        when {{ value }} is null then '未知'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ percent_text(value) }}
        when {{ unit }} = 'flag' and {{ value }} = 1 then '是'
        when {{ unit }} = 'flag' and {{ value }} = 0 then '否'
        else
            {{ number_digits(value) }}
            || case regexp_replace({{ unit }}, '_per_month$', '') {% for code, name in names.items() %}when '{{ code }}' then ' {{ name }}' {% endfor %}else '' end
            || case when suffix({{ unit }}, '_per_month') then '/月' else '' end
    end
{%- endmacro %}
