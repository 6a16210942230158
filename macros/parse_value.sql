{% macro parse_value(column, data_type) -%}
    {#- Clean text as the type that the dictionary declares, or null where it cannot be read as that. -#}
    {%- if data_type == 'number' -%}
        {{ parse_number(column) }}
    {%- elif data_type == 'integer' -%}
        {%- set number = parse_number(column) -%}
        case when ({{ number }}) = floor({{ number }}) then try_cast(({{ number }}) as bigint) end
    {%- elif data_type == 'flag' -%}
        case
            when lower({{ column }}) in ('1', '1.0', 'true', 'yes', 'y', '是') then 1
            when lower({{ column }}) in ('0', '0.0', 'false', 'no', 'n', '否') then 0
        end
    {%- elif data_type == 'date' -%}
        coalesce(try_cast({{ column }} as date), try_strptime({{ column }}, ['%Y/%m/%d', '%Y%m%d', '%Y年%m月%d日'])::date)
    {%- else -%}
        {{ column }}
    {%- endif -%}
{%- endmacro %}
