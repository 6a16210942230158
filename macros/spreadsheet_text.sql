{% macro spreadsheet_text(text) -%}
    {#-
        A text as a CSV for spreadsheets holds it. What a spreadsheet would take for a formula gets an apostrophe before it; a
        number with a sign is none. A tab or a line end in front hides what follows from a reader, not from the spreadsheet.
    -#}
    case
        when
            regexp_matches({{ text }}, '^[\s\p{Z}]*[-=+@－＝＋＠]|^[\t\r\n]')
            and not regexp_full_match({{ text }}, '[-+]*([0-9][0-9,.]*(e[-+]?[0-9]+)?\s*%?)?', 'i')
            then '''' || {{ text }}
        else {{ text }}
    end
{%- endmacro %}
