{% macro number_digits(value) -%}
    {#- Formats are literals: data never stands in one. What rounds to nothing is 0, not -0. -#}
    {%- set number = 'cast(' ~ value ~ ' as double)' -%}
    case
        when abs({{ number }}) < 0.005 then '0'
        when abs({{ number }}) >= 100 then format('{:,.0f}', {{ number }})
        when abs({{ number }}) >= 10 then regexp_replace(format('{:,.1f}', {{ number }}), '\.?0+$', '')
        else regexp_replace(format('{:,.2f}', {{ number }}), '\.?0+$', '')
    end
{%- endmacro %}
