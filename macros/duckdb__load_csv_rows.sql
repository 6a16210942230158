{% macro duckdb__load_csv_rows(model, agate_table) %}
    {#- Load a seed as dbt-duckdb does, which writes the path into SQL without quoting it: in a folder called `it's` nothing was built. -#}
    {%- set statement -%}
        copy {{ this }} from {{ sql_literal(adapter.get_seed_file_path(model)) }} (format csv, header true, delimiter ',')
    {%- endset -%}
    {%- do adapter.add_query(statement, abridge_sql_log=true) -%}
    {{ return(statement) }}
{% endmacro %}
