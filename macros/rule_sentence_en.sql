{% macro rule_sentence_en(conditions, precision, name) -%}
    printf('If %s, then %.0f %% belong to %s', {{ conditions }}, 100 * {{ precision }}, {{ name }})
{%- endmacro %}
