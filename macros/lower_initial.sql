{% macro lower_initial(text) -%}
    {#- A text for the middle of a sentence: `Ad accounts` becomes `ad accounts`, `SEO` stays. -#}
    case when regexp_matches({{ text }}, '^[A-Z][^A-Z]') then lower(left({{ text }}, 1)) || substr({{ text }}, 2) else {{ text }} end
{%- endmacro %}
