{% macro column_names(relation) %}
    {#- The names of a relation's columns; empty while parsing and before it is built. -#}
    {%- if not execute or load_relation(relation) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(adapter.get_columns_in_relation(relation) | map(attribute='name') | list) }}
{% endmacro %}
