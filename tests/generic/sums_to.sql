{% test sums_to(model, column, group_by, total, tolerance=1e-9) %}
    {#- Fails with every group in which `column` does not add up to `total`. -#}
    select
        {{ group_by | join(', ') }},
        sum({{ column }}) as found
    from {{ model }}
    group by {{ group_by | join(', ') }}
    having abs(sum({{ column }}) - ({{ total }})) > {{ tolerance }}
{% endtest %}
