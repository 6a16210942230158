{% macro model_features(relation, model_version, parameters) -%}
    {#-
        The body of a CTE: everyone in feature set A by the parameters of a kept model. An attribute of the model that the dictionary
        has no more counts as unknown. parameters: what `model_parameters` gives of it.
    -#}
    {%- set features = [] -%}
    {%- for row in parameters if row.parameter_table == 'ml_feature_set_a_parameters' -%}
        {%- set feature = {'attribute': row.attribute, 'encoding': row.encoding, 'transform': row.transform} -%}
        {%- do features.append(feature) if feature not in features -%}
    {%- endfor -%}
    {%- set known = dictionary() | map(attribute='attribute') | list %}
    with

    customers as (

        select
            *,
            {%- for feature in features if feature.attribute not in known %}
            cast(null as {{ 'varchar' if feature.encoding in ['ordinal', 'target', 'nominal'] else 'double' }}) as {{ feature.attribute }},
            {%- endfor %}
            {{ target_encoding_fold('customer_id') }} as fold
        from {{ ref('int_customer_attributes') }}

    ),

    training_customers as (

        select customer_id from {{ ref('int_training_customers') }}

    ),

    parameters as (

        select * from {{ relation }}
        where
            model_version = {{ sql_literal(model_version) }}
            and parameter_table = 'ml_feature_set_a_parameters'

    ),

    features as (
        {{ encoded_features(features) }}

    )

    select * from features
{%- endmacro %}
