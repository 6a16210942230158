{% macro seed_rows(seed, order_by) %}
    {#- The rows of a seed as a list of dictionaries; empty while parsing and before the seed is loaded. -#}
    {{ return(relation_rows(ref(seed), order_by)) }}
{% endmacro %}
