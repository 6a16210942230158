{% macro check_inputs() %}
    {#-
        Before anything is written: the vars, the seeds, the customer file's header and the folders that a build writes to.
        Every fault of the vars, the seeds or the header comes in one message.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed') -%}
        {%- do check_database_name() -%}
        {%- do check_vars() -%}
        {%- do check_model_version() -%}
        {%- for call in (['check_pseudonym_key()'] if var('pseudonymize') else []) + [
            "check_inputs(" ~ sql_literal(var('customer_file') or '') ~ ", 'seeds')",
            "make_folder(" ~ sql_literal(env_var('EXPORTS_DIR', 'exports')) ~ ", 'EXPORTS_DIR')",
            "make_folder(" ~ sql_literal(env_var('PUBLISHED_DIR', 'published')) ~ ", 'PUBLISHED_DIR')",
        ] -%}
            {%- set message = run_query('select ' ~ call).rows[0][0] -%}
            {%- if message -%}
                {{ exceptions.raise_compiler_error(message) }}
            {%- endif -%}
        {%- endfor -%}
        {%- do check_value_attribute() -%}
    {%- endif -%}
{% endmacro %}
