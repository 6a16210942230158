{% macro number_summary(column, transform, is_in_quantiles) -%}
    {#-
        One struct of statistics of a numeric column; unpivot it to get one row per attribute. Quantiles
        interpolate, std_dev is the sample's, the two population_* and transformed_* serve the tests.
        The five quantiles are one list, for which DuckDB keeps the values, and sorts them, once; of
        other customers than those of whom `is_in_quantiles` holds it gets nulls, which a filter would do at twice the cost.
    -#}
    {%- set number = 'cast(' ~ column ~ ' as double)' -%}
    {
        'customers': count(*),
        'known_customers': count({{ column }}),
        'total': sum({{ number }}),
        'mean': avg({{ number }}),
        'std_dev': stddev_samp({{ number }}),
        'population_std_dev': stddev_pop({{ number }}),
        'quantiles': quantile_cont(case when {{ is_in_quantiles }} then {{ number }} end, [0.05, 0.25, 0.5, 0.75, 0.95]),
        'transformed_mean': avg({{ transformed(column, transform) }}),
        'transformed_std_dev': stddev_pop({{ transformed(column, transform) }})
    }
{%- endmacro %}
