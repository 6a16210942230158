{% macro stop_when_too_few_customers() %}
    {#- Stop the build, and keep the last good tables, when too few customers are left to segment. -#}
    {%- if execute -%}
        {%- set counts = run_query('select count(*), count(*) filter (where rejection_reason is null) from ' ~ this).rows[0] -%}
        {%- if counts[1] < var('min_customers') -%}
            {{ exceptions.raise_compiler_error(
                'The customer file has ' ~ counts[0] ~ ' rows, of which ' ~ counts[1] ~ ' are customers that can be kept; '
                ~ 'at least ' ~ var('min_customers') ~ ' are needed to segment (var min_customers). '
                ~ 'Nothing was changed. Check that customer_file names the whole file, and why rows are refused.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
