{% macro stop_when_too_few_different_customers() %}
    {#- Stop the build, and keep the last good segments, when fewer customers differ in feature set A than segments are asked for. -#}
    {%- if execute -%}
        {%- set most = var('k_values') | max -%}
        {%- set call -%}
            select count(*) from (select distinct * exclude (customer_id) from {{ this }} limit {{ most }})
        {%- endset -%}
        {%- set different = run_query(call).rows[0][0] -%}
        {%- if different < most -%}
            {{ exceptions.raise_compiler_error(
                'The customers have only ' ~ different ~ ' different rows in feature set A, too few for ' ~ most
                ~ ' segments (var k_values ' ~ var('k_values') ~ '). Ask for fewer segments, give more attributes a role that is '
                ~ 'clustered in data_dictionary.csv, or raise the var training_rows (' ~ var('training_rows') ~ '). '
                ~ 'The segments stay as they were.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
