-- noqa: disable=LT02
{{ config(materialized='view') }}

with

features as (

    select * from {{ ref('int_customer_features') }}

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

decision as (

    select * from {{ ref('rpt_k_decision') }}

)

select
    features.*,
    scores.cluster
from features
inner join scores
    on features.customer_id = scores.customer_id
inner join decision
    on scores.segmentation_id = decision.segmentation_id
