{% macro percent_text(share) -%}
    {#-
        A share as a percentage that is never rounded to all or none: `92%`, `99.6%`, `>99.9%`. A share that is a rounding
        error away from 0 or 1, as a sum of shares may be, is 0 or 1.
    -#}
    {%- set percentage = 'round(100 * (' ~ share ~ '), 9)' -%}
    case
        when {{ percentage }} < 1e-7 then '0%'
        when {{ percentage }} > 100 - 1e-7 then '100%'
        when {{ percentage }} < 0.05 then '<0.1%'
        when {{ percentage }} >= 99.95 then '>99.9%'
        when {{ percentage }} <= 0.5 or {{ percentage }} >= 99.5 then printf('%.1f%%', {{ percentage }})
        else printf('%.0f%%', {{ percentage }})
    end
{%- endmacro %}
