{% macro segment_name_zh(parts) -%}
    {#- The parts of a Chinese name in one word; a blank where a Latin word or a number would run into the next. -#}
    replace(regexp_replace(concat_ws('|', {{ parts | join(', ') }}), '([A-Za-z0-9)])\|([A-Za-z0-9(])', '\1 \2', 'g'), '|', '')
{%- endmacro %}
