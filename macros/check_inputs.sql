{% macro check_inputs() %}
    {#-
        Before anything is written: the vars, the seeds and the customer file's header. Every fault of the seeds or the
        header comes in one message.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed') -%}
        {%- do check_database_name() -%}
        {%- do check_vars() -%}
        {%- set customer_file = var('customer_file') or env_var('CUSTOMER_FILE', 'data/data_revised.csv') -%}
        {%- set call -%}
            select check_inputs({{ sql_literal(customer_file) }}, 'seeds')
        {%- endset -%}
        {%- set message = run_query(call).rows[0][0] -%}
        {%- if message -%}
            {{ exceptions.raise_compiler_error(message) }}
        {%- endif -%}
        {%- do check_value_attribute() -%}
    {%- endif -%}
{% endmacro %}
