{% macro dictionary_rows() %}
    {#- Every row of the data dictionary, in the order of attribute names; unit tests hand over a small dictionary here. -#}
    {{ return(seed_rows('data_dictionary', order_by='attribute')) }}
{% endmacro %}
