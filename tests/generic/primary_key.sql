{% test primary_key(model, columns) %}
    {#- Fails with every combination of `columns` that occurs more than once or has a null. -#}
    select
        {{ columns | join(', ') }},
        count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns -%}
        or {{ column }} is null
        {% endfor -%}
{% endtest %}
