{% macro phrase_text(template, values) -%}
    {#- Data is passed as arguments of a format, never as part of it: braces or percent signs in it stay what they are. -#}
    {%- set ns = namespace(template=template) -%}
    {%- for name in values -%}
        {%- set ns.template = "replace(" ~ ns.template ~ ", '{" ~ name ~ "}', '{" ~ loop.index0 ~ "}')" -%}
    {%- endfor -%}
    format({{ ns.template }}
    {%- for value in values.values() -%}
        , coalesce(cast({{ value }} as varchar), '')
    {%- endfor -%}
    )
{%- endmacro %}
