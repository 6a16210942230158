-- noqa: disable=LT02
{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding, transform'
) %}

with

customers as (

    select
        *,
        {{ target_encoding_fold('customer_id') }} as fold
    from {{ ref('int_customer_attributes') }}

),

training_customers as (

    select customer_id from {{ ref('int_training_customers') }}

),

parameters as (

    select * from {{ ref('ml_feature_set_a_parameters') }}

),

features as (
    {{ encoded_features(features) }}

)

select
    customer_id,
    is_training_customer
    {%- for feature in features %},
    {{ feature.attribute }}
    {%- endfor %}
from features
