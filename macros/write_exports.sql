{% macro write_exports(results) %}
    {#- After a build without a failure that made the customer list anew: write it for Excel (BOM) and as Parquet. -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error']) | list -%}
        {%- set built = results | map(attribute='node') | selectattr('name', 'equalto', 'fct_customer_segments') | list -%}
        {%- if built and not failed -%}
            {%- set folder = env_var('EXPORTS_DIR', 'exports') -%}
            {%- set relation = load_relation(built[0]) -%}
            {%- do run_query(export_statement(relation, folder, 'csv')) -%}
            {%- do run_query(export_statement(relation, folder, 'parquet')) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
