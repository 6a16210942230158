{{ config(materialized='view') }}

with

scores as (

    select * from {{ ref('int_famd_gmm_scores') }}

),

probabilities as (

    select
        customer_id,
        segmentation_id,
        unnest(range(0, k)) as cluster,
        unnest(probabilities) as probability
    from scores

)

select
    customer_id,
    segmentation_id,
    cast(cluster as integer) as cluster,
    probability
from probabilities
