{% test relationships_of_columns(model, columns, to, to_columns=none) %}
    {#- Fails with every combination of `columns` without a null that `to` does not have as `to_columns`. -#}
    {%- set to_columns = to_columns or columns -%}
    select distinct
        {% for column in columns -%}
        children.{{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ model }} as children
    left join {{ to }} as parents
        on
            {% for column in columns -%}
            children.{{ column }} = parents.{{ to_columns[loop.index0] }}{{ ' and' if not loop.last }}
            {% endfor -%}
    where
        {% for column in columns -%}
        children.{{ column }} is not null and
        {% endfor -%}
        parents.{{ to_columns[0] }} is null
{% endtest %}
