{% macro rule_sentence_zh(conditions, precision, name) -%}
    printf('如果 %s，则 %.0f%% 属于 %s', {{ conditions }}, 100 * {{ precision }}, {{ name }})
{%- endmacro %}
