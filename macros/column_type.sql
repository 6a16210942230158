{% macro column_type(data_type) -%}
    {{ {'number': 'double', 'integer': 'bigint', 'flag': 'integer', 'date': 'date'}.get(data_type, 'varchar') }}
{%- endmacro %}
