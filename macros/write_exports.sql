{% macro write_exports(results) %}
    {#-
        After a build without a failure that made the customer list anew: write it for Excel (BOM) and as Parquet; after one that
        fitted, the whole raw file with the two groups of the first iteration as well. Last comes the note of which build they are.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') and has_built(results, ['fct_customer_segments']) -%}
        {%- set folder = env_var('EXPORTS_DIR', 'exports') -%}
        {%- set customers = model_relation('fct_customer_segments') -%}
        {%- do run_query(export_statement(customers, folder, 'csv')) -%}
        {%- do run_query(export_statement(customers, folder, 'parquet')) -%}
        {%- if has_built(results, ['fct_candidate_segments']) -%}
            {%- do run_query(raw_export_statement(folder)) -%}
        {%- endif -%}
        {%- set call -%}
            select write_build_note({{ sql_literal(folder) }}, '{{ invocation_id }}', cast(max(as_of_date) as varchar), max(model_version))
            from {{ customers }}
        {%- endset -%}
        {%- set message = run_query(call).rows[0][0] -%}
        {%- if message -%}
            select error({{ sql_literal(message) }})
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
