{% macro export_query(relation, format) -%}
    {#- A relation as it is written to a file. Excel reads UTF-8 only behind a byte order mark: the first header of a CSV carries one. -#}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    select
        {%- for column in columns %}
        {%- set is_text = format == 'csv' and column.is_string() %}
        {{ spreadsheet_text(column.name) if is_text else column.name -}}
        {{ ' as "' ~ ('\ufeff' if format == 'csv' and loop.first else '') ~ column.name ~ '"' }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    order by {{ columns[0].name }}
{%- endmacro %}
