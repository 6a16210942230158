{% macro number_summary(column) -%}
    {#- One struct of statistics of a numeric column; unpivot it to get one row per attribute. Quantiles interpolate. -#}
    {%- set number = 'cast(' ~ column ~ ' as double)' -%}
    {
        'customers': count(*),
        'known_customers': count({{ column }}),
        'total': sum({{ number }}),
        'mean': avg({{ number }}),
        'median': quantile_cont({{ number }}, 0.5),
        'std_dev': stddev_samp({{ number }}),
        'p25': quantile_cont({{ number }}, 0.25),
        'p75': quantile_cont({{ number }}, 0.75)
    }
{%- endmacro %}
