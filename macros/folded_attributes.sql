{% macro folded_attributes(relation, numbers, categories) %}
    {#- The numbers and categories that a model folded into maps knows, from SQL of their lists; empty before it is built. -#}
    {%- set folded = relation_rows(
        relation,
        order_by='1',
        columns="array_to_string(" ~ numbers ~ ", ',') as numbers, array_to_string(" ~ categories ~ ", ',') as categories"
    ) -%}
    {%- set first = folded[0] if folded else {} -%}
    {{ return({
        'numbers': (first.numbers or '').split(',') | select | list,
        'categories': (first.categories or '').split(',') | select | list,
    }) }}
{% endmacro %}
