{% macro trimmed_text(column) -%}
    {#-
        Text without white space around it: blanks, tabs and line ends; the ideographic, no-break and zero-width space and the byte
        order mark. Most has none, and to look for it is quicker than to trim. Only text of more bytes than characters has the last four.
    -#}
    {%- set spaces = ["' '", 'chr(9)', 'chr(10)', 'chr(13)'] -%}
    {%- set wide_spaces = ['chr(12288)', 'chr(160)', 'chr(8203)', 'chr(65279)'] -%}
    case
        when
            {% for space in spaces -%}
            contains({{ column }}, {{ space }}) or
            {% endfor -%}
            (
                strlen({{ column }}) != length({{ column }})
                and ({% for space in wide_spaces %}contains({{ column }}, {{ space }}){{ ' or ' if not loop.last }}{% endfor %})
            )
            then trim({{ column }}, {{ (spaces + wide_spaces) | join(' || ') }})
        else {{ column }}
    end
{%- endmacro %}
