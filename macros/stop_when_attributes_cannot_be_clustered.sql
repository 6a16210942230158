{% macro stop_when_attributes_cannot_be_clustered() %}
    {#- Stop the build, and keep the last good segments, when the attributes that are left cannot be clustered; say why. -#}
    {%- if execute -%}
        {%- set attributes = relation_rows(this, order_by='attribute', columns='attribute, encoding, reason') -%}
        {%- set encodings = attributes | selectattr('reason', 'equalto', 'clustered') | map(attribute='encoding') | list -%}
        {%- set categories = encodings | select('in', ['nominal', 'flag']) | list -%}
        {%- if not encodings -%}
            {%- set left_out = [] -%}
            {%- for row in attributes if row.reason != 'role_not_clustered' -%}
                {%- do left_out.append(row.attribute ~ ' (' ~ row.reason ~ ')') -%}
            {%- endfor -%}
            {{ exceptions.raise_compiler_error(
                'No attribute is left to cluster on. Left out: ' ~ (left_out | join(', ') or 'all, by their role')
                ~ '. Give attributes that the file fills, with different values, one of the roles performance, ordinal, '
                ~ 'nominal, high_cardinality or flag in data_dictionary.csv. The segments stay as they were.'
            ) }}
        {%- elif var('kprototypes_engine') == 'kmodes' and categories | length in [0, encodings | length] -%}
            {{ exceptions.raise_compiler_error(
                'kmodes clusters numbers and categories together, and only ' ~ ('categories' if categories else 'numbers')
                ~ ' are left to cluster on. Set the var kprototypes_engine to native. The segments stay as they were.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
