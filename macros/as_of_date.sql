{% macro as_of_date(customers) -%}
    {#- The date a build describes: var as_of_date, else the file's snapshot_date, else today where dbt runs. -#}
    {%- if var('as_of_date') -%}
        date '{{ var("as_of_date") }}'
    {%- else -%}
        coalesce(
            {%- if 'snapshot_date' in dictionary(data_types=['date']) | map(attribute='attribute') %}
            (select max(snapshot_date) from {{ customers }}),
            {%- endif %}
            date '{{ run_started_at.astimezone().strftime("%Y-%m-%d") }}'
        )
    {%- endif -%}
{%- endmacro %}
