{% macro short_label(label, longest) -%}
    {#-
        A label as names can bear it: in one line, without what stands in brackets at its end, and cut, after a word where there
        are several, with an ellipsis.
    -#}
    {%- set text = "trim(regexp_replace(regexp_replace(" ~ label ~ ", '\\s+', ' ', 'g'), '(.) ?[(（][^()（）]*[)）]$', '\\1'))" -%}
    case
        when length({{ text }}) > {{ longest }} then regexp_replace(left({{ text }}, {{ longest }} - 1), ' [^ ]*$', '') || '…'
        else {{ text }}
    end
{%- endmacro %}
