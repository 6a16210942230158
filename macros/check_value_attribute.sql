{% macro check_value_attribute() %}
    {#- Stop when the var value_attribute names no number of the dictionary. The seed file is read: its table may be an older one. -#}
    {%- set call -%}
        select attribute from read_csv('seeds/data_dictionary.csv', all_varchar=true)
        where data_type in ('number', 'integer')
        order by attribute
    {%- endset -%}
    {%- set numbers = run_query(call).rows | map(attribute=0) | list -%}
    {%- if var('value_attribute') not in numbers -%}
        {{ exceptions.raise_compiler_error(
            'value_attribute is ' ~ var('value_attribute') | pprint ~ '; name a number or integer of data_dictionary.csv: '
            ~ numbers | join(', ') ~ '.'
        ) }}
    {%- endif -%}
{% endmacro %}
