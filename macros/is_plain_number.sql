{% macro is_plain_number(value) %}
    {#- Whether a setting is a number, not a text that looks like one, nor true or false. -#}
    {{ return(value is number and value is not boolean) }}
{% endmacro %}
