{% macro kept_by(key) -%}
    {#-
        Config of a table that outlives builds: a build replaces the rows of its own key, such as its date, and leaves all others;
        --full-refresh does too.
    -#}
    {{ config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key=key, full_refresh=false,
        on_schema_change='append_new_columns'
    ) }}
{%- endmacro %}
