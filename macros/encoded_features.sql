{% macro encoded_features(features) -%}
    {#-
        The body of a CTE: feature set A of the CTE `customers`, which has the fold of the target encoding as well, by the rows of
        the CTE `parameters` (of ml_feature_set_a_parameters). The CTE `training_customers` tells whom the model was fitted on.
        features: the attributes, each with its encoding and transform.
    -#}
    with

    -- One row: a map from parameter name to value for every attribute with single numbers.
    numbers as (

        select
            {%- for feature in features %}
            map_from_entries(
                list({'parameter': parameter, 'value': value}) filter (
                    where attribute = '{{ feature.attribute }}' and level is null and fold is null
                )
            ) as {{ feature.attribute }}{{ ',' if not loop.last }}
            {%- endfor %}
        from parameters

    )

    select
        customers.customer_id,
        training_customers.customer_id is not null as is_training_customer
        {%- for feature in features %},
        {%- set attribute = feature.attribute %}
        {%- if feature.encoding == 'numeric' %}
        {%- set filled = 'coalesce(customers.' ~ attribute ~ ', numbers.' ~ attribute ~ "['fill'])" %}
        ({{ transformed(filled, feature.transform) }} - numbers.{{ attribute }}['mean'])
        / numbers.{{ attribute }}['std'] as {{ attribute }}
        {%- elif feature.encoding == 'ordinal' %}
        (coalesce({{ attribute }}_ranks.value, numbers.{{ attribute }}['fill']) - numbers.{{ attribute }}['mean'])
        / numbers.{{ attribute }}['std'] as {{ attribute }}
        {%- elif feature.encoding == 'target' %}
        (coalesce({{ attribute }}_encodings.value, {{ attribute }}_priors.value) - numbers.{{ attribute }}['mean'])
        / numbers.{{ attribute }}['std'] as {{ attribute }}
        {%- elif feature.encoding == 'nominal' %}
        coalesce(customers.{{ attribute }}, 'unknown') as {{ attribute }}
        {%- else %}
        cast(coalesce(customers.{{ attribute }}, numbers.{{ attribute }}['fill']) as integer) as {{ attribute }}
        {%- endif %}
        {%- endfor %}
    from customers
    cross join numbers
    left join training_customers
        on customers.customer_id = training_customers.customer_id
    {%- for feature in features if feature.encoding == 'ordinal' %}
    left join parameters as {{ feature.attribute }}_ranks
        on
            {{ feature.attribute }}_ranks.attribute = '{{ feature.attribute }}'
            and {{ feature.attribute }}_ranks.parameter = 'rank'
            and customers.{{ feature.attribute }} = {{ feature.attribute }}_ranks.level
    {%- endfor %}
    {%- for feature in features if feature.encoding == 'target' %}
    left join parameters as {{ feature.attribute }}_encodings
        on
            {{ feature.attribute }}_encodings.attribute = '{{ feature.attribute }}'
            and {{ feature.attribute }}_encodings.parameter = 'encoding'
            and customers.fold = {{ feature.attribute }}_encodings.fold
            and coalesce(customers.{{ feature.attribute }}, 'unknown') = {{ feature.attribute }}_encodings.level
    left join parameters as {{ feature.attribute }}_priors
        on
            {{ feature.attribute }}_priors.attribute = '{{ feature.attribute }}'
            and {{ feature.attribute }}_priors.parameter = 'prior'
            and customers.fold = {{ feature.attribute }}_priors.fold
    {%- endfor %}
{%- endmacro %}
