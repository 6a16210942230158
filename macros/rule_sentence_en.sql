{% macro rule_sentence_en(conditions, precision, name) -%}
    printf('If %s, then %s belong to %s', {{ conditions }}, {{ percent_text(precision) }}, {{ name }})
{%- endmacro %}
