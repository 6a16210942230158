{% macro export_statement(columns, folder, format) -%}
    {#- Excel reads UTF-8 only behind a byte order mark, so the first header of the CSV carries one. -#}
    copy (
        select
            {%- for column in columns %}
            {{ column }}{% if format == 'csv' and loop.first %} as "{{ '\ufeff' }}{{ column }}"{% endif %}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('fct_customer_segments') }}
        order by {{ columns[0] }}
    ) to {{ sql_literal(folder ~ '/customer_segments.' ~ format) }}
    ({{ 'format csv, header' if format == 'csv' else 'format parquet' }})
{%- endmacro %}
