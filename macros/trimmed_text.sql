{% macro trimmed_text(column) -%}
    {#- Text without white space around it. Most has none: to look for it is quicker than to trim. -#}
    case
        when
            {% for space in [' ', '\\t', '\\r', '\\n', '　'] -%}
            contains({{ column }}, e'{{ space }}'){{ ' or ' if not loop.last }}
            {%- endfor %}
            then trim({{ column }}, e' \t\r\n　')
        else {{ column }}
    end
{%- endmacro %}
