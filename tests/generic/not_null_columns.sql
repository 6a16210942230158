{% test not_null_columns(model, columns) %}
    {#- Fails with every one of `columns` that has nulls, and says how many. -#}
    with nulls as (

        select
            {% for column in columns -%}
            count(*) filter ({{ column }} is null) as {{ column }}{{ ',' if not loop.last }}
            {% endfor -%}
        from {{ model }}

    )

    select *
    from nulls
    unpivot (nulls for column_name in ({{ columns | join(', ') }}))
    where nulls > 0
{% endtest %}
