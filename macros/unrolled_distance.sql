{% macro unrolled_distance(numbers, categories=[], gamma=0) -%}
    {#-
        SQL of the squared distance to one prototype: the squared differences of the numbers, and gamma for each category of
        another level. The prototype stands in it as literals: DuckDB subtracts them from whole vectors, and computes once what
        several prototypes share. It adds in the order of a plain loop, so that Python has the same bits.
    -#}
    0e0
    {%- for row in numbers %}
    {%- set value = double_literal(row.value) %}
            + ({{ row.column }} - {{ value }}) * ({{ row.column }} - {{ value }})
    {%- endfor %}
    {%- if categories %}
            + {{ double_literal(gamma) }} * (
                {%- for row in categories %}
                {{ '+ ' if not loop.first }}cast({{ row.column }} != {{ sql_literal(row.level) }} as double)
                {%- endfor %}
            )
    {%- endif %}
{%- endmacro %}
