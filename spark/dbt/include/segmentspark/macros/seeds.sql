{#- dbt-spark would write missing texts as 'None', and break at a quote: the adapter writes a seed's table, rows and all. -#}
{% macro segmentspark__create_csv_table(model, agate_table) %}
    {%- do adapter.load_seed(model, this) -%}
    {{ return('') }}
{% endmacro %}

{% macro segmentspark__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {%- do adapter.load_seed(model, this) -%}
    {{ return('') }}
{% endmacro %}

{% macro segmentspark__load_csv_rows(model, agate_table) %}
    {{ return('') }}
{% endmacro %}
