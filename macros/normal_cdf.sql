{% macro normal_cdf(z) -%}
    {#-
        Share of a standard normal below z, to 7.5e-8: Abramowitz and Stegun, Handbook of Mathematical
        Functions (1964), formula 26.2.17. Warehouses have no error function in common.
    -#}
    {%- set z = '(' ~ z ~ ')' -%}
    {%- set t = '(1 / (1 + 0.2316419 * abs(' ~ z ~ ')))' -%}
    {%- set polynomial = namespace(sql='1.330274429') -%}
    {%- for coefficient in ['-1.821255978', '1.781477937', '-0.356563782', '0.31938153'] -%}
        {%- set polynomial.sql = '(' ~ coefficient ~ ' + ' ~ t ~ ' * ' ~ polynomial.sql ~ ')' -%}
    {%- endfor -%}
    {%- set upper_tail = '(exp(-1 * ' ~ z ~ ' * ' ~ z ~ ' / 2) / sqrt(2 * pi()) * ' ~ t ~ ' * ' ~ polynomial.sql ~ ')' -%}
    case when {{ z }} < 0 then {{ upper_tail }} else 1 - {{ upper_tail }} end
{%- endmacro %}
