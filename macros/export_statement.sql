{% macro export_statement(relation, folder, format) -%}
    {#- Copy a relation to a file. Excel reads UTF-8 only behind a byte order mark: the first header of a CSV carries one. -#}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    copy (
        select
            {%- for column in columns %}
            {%- set is_text = format == 'csv' and column.is_string() %}
            {{ spreadsheet_text(column.name) if is_text else column.name -}}
            {{ ' as "' ~ ('\ufeff' if format == 'csv' and loop.first else '') ~ column.name ~ '"' }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
        order by {{ columns[0].name }}
    ) to {{ sql_literal(folder ~ '/customer_segments.' ~ format) }}
    ({{ 'format csv, header' if format == 'csv' else 'format parquet' }})
{%- endmacro %}
