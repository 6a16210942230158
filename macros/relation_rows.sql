{% macro relation_rows(relation, order_by, columns='*', where='true') %}
    {#- The rows of a small table as a list of dictionaries; empty while parsing and before it is built. -#}
    {%- if not execute or not relation or load_relation(relation) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set result = run_query('select ' ~ columns ~ ' from ' ~ relation ~ ' where ' ~ where ~ ' order by ' ~ order_by) -%}
    {%- set rows = [] -%}
    {%- for row in result.rows -%}
        {%- do rows.append(dict(zip(result.column_names, row.values()))) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}
