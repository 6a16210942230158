-- noqa: disable=LT02
{{ config(materialized='view') }}

with

features as (

    select * from {{ ref('int_scoring_features') }}

),

scores as (

    select * from {{ ref('int_customer_scores') }}

)

select
    features.*,
    scores.cluster
from features
inner join scores
    on features.customer_id = scores.customer_id
