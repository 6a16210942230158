{% macro number_summary(column, transform) -%}
    {#-
        One struct of statistics of a numeric column; unpivot it to get one row per attribute. Quantiles
        interpolate, std_dev is the sample's, the two population_* and transformed_* serve the tests.
    -#}
    {%- set number = 'cast(' ~ column ~ ' as double)' -%}
    {
        'customers': count(*),
        'known_customers': count({{ column }}),
        'total': sum({{ number }}),
        'mean': avg({{ number }}),
        'median': quantile_cont({{ number }}, 0.5),
        'std_dev': stddev_samp({{ number }}),
        'population_std_dev': stddev_pop({{ number }}),
        'p05': quantile_cont({{ number }}, 0.05),
        'p25': quantile_cont({{ number }}, 0.25),
        'p75': quantile_cont({{ number }}, 0.75),
        'p95': quantile_cont({{ number }}, 0.95),
        'transformed_mean': avg({{ transformed(column, transform) }}),
        'transformed_std_dev': stddev_pop({{ transformed(column, transform) }})
    }
{%- endmacro %}
