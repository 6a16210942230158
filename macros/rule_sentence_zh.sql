{% macro rule_sentence_zh(conditions, precision, name) -%}
    printf('如果 %s，则 %s 属于 %s', {{ conditions }}, {{ percent_text(precision) }}, {{ name }})
{%- endmacro %}
