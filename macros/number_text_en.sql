{% macro number_text_en(value, unit, is_share='false') -%}
    {%- set signs = {'usd': '$', 'eur': '€', 'gbp': '£', 'cny': 'CN¥'} -%}
    case
        when {{ value }} is null then 'unknown'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ percent_text(value) }}
        when {{ unit }} = 'flag' and {{ value }} = 1 then 'yes'
        when {{ unit }} = 'flag' and {{ value }} = 0 then 'no'
        else
            regexp_replace(
                regexp_replace(
                    {{ number_digits(value) }},
                    '^(-?)',
                    '\1' || case regexp_replace({{ unit }}, '_per_month$', '') {% for code, sign in signs.items() %}when '{{ code }}' then '{{ sign }}' {% endfor %}else '' end
                )
                || case when suffix({{ unit }}, '_per_month') then ' a month' when {{ unit }} in ('days', 'months') then ' ' || {{ unit }} else '' end,
                '^(-?1 (day|month))s$',
                '\1'
            )
    end
{%- endmacro %}
