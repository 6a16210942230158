{% macro id_attribute() %}
    {#- The attribute with role `id`: the column of the file that becomes customer_id. -#}
    {%- set ids = dictionary(roles=['id']) -%}
    {{ return(ids[0].attribute if ids else 'customer_id') }}
{% endmacro %}
