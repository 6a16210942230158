{% macro begin_build() %}
    {#- Note in the database that a build is under way, and whether the last one ended well; end_build takes the note away. -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set call -%}
            select count(*) from duckdb_tables()
            where database_name = current_database() and schema_name = 'crm' and table_name = 'unfinished_build'
        {%- endset -%}
        create or replace table crm.unfinished_build as
        select {{ run_query(call).rows[0][0] > 0 }} as was_unfinished
    {%- endif -%}
{% endmacro %}
