{% macro export_statement(relation, folder, format) -%}
    {#- Copy a relation to a file. Excel reads UTF-8 only behind a byte order mark: the first header of a CSV carries one. -#}
    {%- set columns = column_names(relation) -%}
    copy (
        select
            {%- for column in columns %}
            {{ column }}{% if format == 'csv' and loop.first %} as "{{ '\ufeff' }}{{ column }}"{% endif %}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
        order by {{ columns[0] }}
    ) to {{ sql_literal(folder ~ '/customer_segments.' ~ format) }}
    ({{ 'format csv, header' if format == 'csv' else 'format parquet' }})
{%- endmacro %}
