{% macro target_encoding_fold(customer_id) -%}
    {#- A customer's fold depends on the id alone: the first 8 hex digits of its md5, modulo 5. -#}
    cast(cast('0x' || substr(md5({{ customer_id }}), 1, 8) as bigint) % 5 as integer)
{%- endmacro %}
