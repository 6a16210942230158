{% macro lower_first(label) -%}
    case
        when regexp_matches({{ label }}, '^[A-Z][^A-Z]') then lower(left({{ label }}, 1)) || substr({{ label }}, 2)
        else {{ label }}
    end
{%- endmacro %}
