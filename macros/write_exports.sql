{% macro write_exports(results) %}
    {#-
        After a build without a failure that made the customer list anew: write it for Excel (BOM) and as Parquet; after one that
        fitted, the whole raw file with the two groups of the first iteration as well; and the note of which build they are. All are
        written before the first of them replaces an older one.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') and has_built(results, ['fct_customer_segments']) -%}
        {%- set customers = model_relation('fct_customer_segments') -%}
        {%- set queries = {
            'customer_segments.csv': export_query(customers, 'csv'),
            'customer_segments.parquet': export_query(customers, 'parquet'),
        } -%}
        {%- if has_built(results, ['fct_candidate_segments']) -%}
            {%- do queries.update({'df_k2_agglo_all_raw.csv': raw_export_query()}) -%}
        {%- endif -%}
        {%- set call -%}
            select
                write_exports(
                    {{ sql_literal(env_var('EXPORTS_DIR', 'exports')) }},
                    {{ sql_literal(tojson(queries)) }},
                    '{{ invocation_id }}',
                    cast(max(as_of_date) as varchar),
                    max(model_version)
                )
            from {{ customers }}
        {%- endset -%}
        {%- set message = run_query(call).rows[0][0] -%}
        {%- if message -%}
            select error({{ sql_literal(message) }})
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
