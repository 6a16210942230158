-- Feature set A of the training customers is the same from SQL and from Python.
{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding'
) %}

with

sql_features as (

    select * from {{ ref('int_customer_features') }}
    where is_training_customer

),

python_features as (

    select * from {{ ref('ml_feature_set_a') }}

)

select coalesce(sql_features.customer_id, python_features.customer_id) as customer_id
from sql_features
full outer join python_features
    on sql_features.customer_id = python_features.customer_id
where
    sql_features.customer_id is null
    or python_features.customer_id is null
    {%- for feature in features %}
    {%- if feature.encoding in ['numeric', 'ordinal', 'target'] %}
    or abs(sql_features.{{ feature.attribute }} - python_features.{{ feature.attribute }}) > 1e-9
    {%- else %}
    or sql_features.{{ feature.attribute }} != python_features.{{ feature.attribute }}
    {%- endif %}
    {%- endfor %}
