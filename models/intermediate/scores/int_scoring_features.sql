-- noqa: disable=LT02
{{ config(materialized='view') }}

{#- What `model_features` reads. -#}
{%- do [ref('int_customer_attributes'), ref('int_training_customers')] -%}
{%- set model = relation_rows(ref('int_model_in_use'), order_by='model_version') | first | default({}) -%}
{%- set parameters = model_parameters(ref('fct_model_parameters'), model.model_version) %}

with

scoring_features as (
    {{ model_features(ref('fct_model_parameters'), model.model_version, parameters) }}

)

select *
from scoring_features
