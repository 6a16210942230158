{% macro check_database_name() %}
    {#- dbt-duckdb loads sources under the bare name of the database file: it has to be a plain SQL name. -#}
    {%- if target.type == 'duckdb' -%}
        {%- set call -%}
            select count(*) from duckdb_keywords()
            where keyword_name = lower({{ sql_literal(target.database) }}) and keyword_category != 'unreserved'
        {%- endset -%}
        {%- if not modules.re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', target.database) or run_query(call).rows[0][0] > 0 -%}
            {{ exceptions.raise_compiler_error(
                'The database file ' ~ target.path ~ ' cannot be used: its name before the extension must be letters, digits and '
                ~ 'underscores and no SQL keyword, such as segmentation.duckdb. Rename it, or set DBT_DUCKDB_PATH.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
