{% macro run_hook(hook, results=none) %}
    {#- On Spark the tables' files are read by a DuckDB in dbt's process: so all that is done around models is written once. -#}
    {%- if target.type != 'segmentspark' -%}
        {{ return(hook() if results is none else hook(results)) }}
    {%- elif execute -%}
        {%- do adapter.run_on_duckdb(hook, results) -%}
    {%- endif -%}
    {{ return('') }}
{% endmacro %}
