{% macro parse_value(attribute, data_type) -%}
    {#-
        A value of the type that the dictionary declares, or null where it cannot be read as that, from the columns
        <attribute>__text (clean text) and <attribute>__number.
    -#}
    {%- set text = attribute ~ '__text' -%}
    {%- set number = attribute ~ '__number' -%}
    {%- if data_type == 'number' -%}
        {{ number }}
    {%- elif data_type == 'integer' -%}
        case when {{ number }} = floor({{ number }}) then try_cast({{ number }} as bigint) end
    {%- elif data_type == 'flag' -%}
        case
            when lower({{ text }}) in ('1', '1.0', 'true', 'yes', 'y', '是') then 1
            when lower({{ text }}) in ('0', '0.0', 'false', 'no', 'n', '否') then 0
        end
    {%- elif data_type == 'date' -%}
        coalesce(try_cast({{ text }} as date), cast(try_strptime({{ text }}, ['%Y/%m/%d', '%Y%m%d', '%Y年%m月%d日']) as date))
    {%- else -%}
        {{ text }}
    {%- endif -%}
{%- endmacro %}
