{% macro kept_by(key) -%}
    {#-
        Config of a table that outlives builds: a build replaces the rows of its own key, such as its date, and leaves all others;
        --full-refresh does too. On Spark the rows of a key are a partition.
    -#}
    {{ config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}
    {%- if target.type == 'segmentspark' -%}
        {{ config(incremental_strategy='insert_overwrite', partition_by=key) }}
    {%- else -%}
        {{ config(incremental_strategy='delete+insert', unique_key=key) }}
    {%- endif -%}
{%- endmacro %}
