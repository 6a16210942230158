{% macro dictionary(roles=none, data_types=none) %}
    {#- The rows of the data dictionary as dictionaries, in the order of attribute names. -#}
    {%- set attributes = [] -%}
    {%- for row in dictionary_rows() -%}
        {%- if (roles is none or row.role in roles)
            and (data_types is none or row.data_type in data_types) -%}
            {%- do attributes.append(row) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(attributes) }}
{% endmacro %}
