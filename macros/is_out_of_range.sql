{% macro is_out_of_range(attribute) -%}
    {#- True where a value lies outside the valid range of the dictionary; never null. -#}
    coalesce(
        {%- if attribute.valid_min is not none %} {{ attribute.attribute }} < {{ attribute.valid_min }}{% endif %}
        {%- if attribute.valid_min is not none and attribute.valid_max is not none %} or{% endif %}
        {%- if attribute.valid_max is not none %} {{ attribute.attribute }} > {{ attribute.valid_max }}{% endif %}, false
    )
{%- endmacro %}
