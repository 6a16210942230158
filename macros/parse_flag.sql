{% macro parse_flag(text) -%}
    {#- 1 or 0 from clean text that says yes or no, or null. -#}
    case
        when lower({{ text }}) in ('1', '1.0', 'true', 'yes', 'y', '是') then 1
        when lower({{ text }}) in ('0', '0.0', 'false', 'no', 'n', '否') then 0
    end
{%- endmacro %}
