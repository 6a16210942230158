{% macro load_customers() %}
    {#- On Spark: write the customer file into its storage. DuckDB's plugin reads the file when a model asks for it. -#}
    {%- if execute and target.type == 'segmentspark' and flags.WHICH in ('build', 'run') -%}
        {%- do adapter.load_customers(var('customer_file') or '', 'seeds') -%}
    {%- endif -%}
{% endmacro %}
