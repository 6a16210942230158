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
        {{ parse_flag(text) }}
    {%- elif data_type == 'date' -%}
        {{ parse_date(text) }}
    {%- else -%}
        {{ text }}
    {%- endif -%}
{%- endmacro %}
