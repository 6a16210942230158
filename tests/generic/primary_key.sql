{% test primary_key(model, columns, of_training_customers=false) %}
    {#-
        Fails with every combination of `columns` that occurs more than once or has a null. of_training_customers: looks at these
        alone; for views with a row per customer and attribute, whose customers are those of a table that is tested in full.
    -#}
    select
        {{ columns | join(', ') }},
        count(*) as occurrences
    from {{ model }}
    {%- if of_training_customers %}
    where customer_id in (select customer_id from {{ ref('int_training_customers') }})
    {%- endif %}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns -%}
        or {{ column }} is null
        {% endfor -%}
{% endtest %}
