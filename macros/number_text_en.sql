{% macro number_text_en(value, unit, is_share='false') -%}
    {%- set digits = number_digits(value) -%}
    {%- set signs = {'usd': '$', 'eur': '€', 'gbp': '£', 'cny': 'CN¥'} -%}
    {%- set plural = "case when ltrim(" ~ digits ~ ", '-') = '1' then '' else 's' end" -%}
    case
        when {{ value }} is null then 'unknown'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ percent_text(value) }}
        when regexp_replace({{ unit }}, '_per_month$', '') in ('{{ signs | join("', '") }}')
            then
                regexp_replace(
                    {{ digits }},
                    '^(-?)',
                    '\1' || case left({{ unit }}, 3) {% for code, sign in signs.items() %}when '{{ code }}' then '{{ sign }}' {% endfor %}end
                )
                || case when suffix({{ unit }}, '_per_month') then ' a month' else '' end
        when {{ unit }} = 'count_per_month' then {{ digits }} || ' a month'
        when {{ unit }} = 'days' then {{ digits }} || ' day' || {{ plural }}
        when {{ unit }} = 'months' then {{ digits }} || ' month' || {{ plural }}
        when {{ unit }} = 'flag' and {{ value }} = 1 then 'yes'
        when {{ unit }} = 'flag' and {{ value }} = 0 then 'no'
        else {{ digits }}
    end
{%- endmacro %}
