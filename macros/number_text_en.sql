{% macro number_text_en(value, unit, is_share='false') -%}
    {%- set digits = number_digits(value) -%}
    {%- set dollars = "regexp_replace(" ~ digits ~ ", '^(-?)', '\\1$')" -%}
    {%- set plural = "case when ltrim(" ~ digits ~ ", '-') = '1' then '' else 's' end" -%}
    case
        when {{ value }} is null then 'unknown'
        when {{ unit }} in ('ratio', 'flag') and ({{ is_share }}) then {{ percent_text(value) }}
        when {{ unit }} = 'usd' then {{ dollars }}
        when {{ unit }} = 'usd_per_month' then {{ dollars }} || ' a month'
        when {{ unit }} = 'count_per_month' then {{ digits }} || ' a month'
        when {{ unit }} = 'days' then {{ digits }} || ' day' || {{ plural }}
        when {{ unit }} = 'months' then {{ digits }} || ' month' || {{ plural }}
        when {{ unit }} = 'flag' and {{ value }} = 1 then 'yes'
        when {{ unit }} = 'flag' and {{ value }} = 0 then 'no'
        else {{ digits }}
    end
{%- endmacro %}
