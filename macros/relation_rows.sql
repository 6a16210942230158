{% macro relation_rows(relation, order_by, columns='*') %}
    {#- The rows of a small table as a list of dictionaries; empty while parsing and before it is built. -#}
    {%- if not execute or load_relation(relation) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set result = run_query('select ' ~ columns ~ ' from ' ~ relation ~ ' order by ' ~ order_by) -%}
    {%- set rows = [] -%}
    {%- for row in result.rows -%}
        {%- do rows.append(dict(zip(result.column_names, row.values()))) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}
