{% macro is_build_unfinished() %}
    {#- Whether the note of `begin_build` is there: a build is under way, or did not end well, so that marts may not fit together. -#}
    {%- set call -%}
        select count(*) from duckdb_tables()
        where database_name = current_database() and schema_name = 'crm' and table_name = 'unfinished_build'
    {%- endset -%}
    {{ return(run_query(call).rows[0][0] > 0) }}
{% endmacro %}
