{% macro profiled_attributes(kind) %}
    {#- The attributes that profiles show: kind `numbers` (means and medians) or `levels` (shares). -#}
    {%- set attributes = [] -%}
    {%- for attribute in dictionary() if attribute.role not in ['id', 'excluded'] -%}
        {%- set is_number = attribute.data_type in ['number', 'integer'] -%}
        {%- if (kind == 'numbers') == is_number and attribute.data_type != 'date' -%}
            {%- do attributes.append(attribute) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(attributes) }}
{% endmacro %}
