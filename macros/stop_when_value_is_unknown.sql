{% macro stop_when_value_is_unknown() %}
    {#- Stop the build, and keep the last good tables, when no kept customer has any of the value attribute: there are no shares of it. -#}
    {%- if execute -%}
        {%- set value = var('value_attribute') -%}
        {%- set call -%}
            select count({{ value }}), coalesce(max({{ value }}) > 0, false) from {{ this }} where rejection_reason is null
        {%- endset -%}
        {%- set found = run_query(call).rows[0] -%}
        {%- if not found[1] -%}
            {{ exceptions.raise_compiler_error(
                'The value attribute ' ~ value ~ ' is ' ~ ('above 0 for no customer' if found[0] else 'unknown for every customer')
                ~ ', so there is no spend to share out among segments. Correct that column of the customer file, or name another '
                ~ 'attribute with the var value_attribute. Nothing was changed.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
