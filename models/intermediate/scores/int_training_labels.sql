with

kprototypes as (

    select * from {{ ref('ml_kprototypes_labels') }}

),

famd as (

    select * from {{ ref('ml_famd_labels') }}

),

agglomerative as (

    select * from {{ ref('ml_agglomerative_labels') }}

),

labels as (

    select
        customer_id,
        segmentation_id,
        k,
        cluster
    from kprototypes
    union all
    select
        customer_id,
        segmentation_id,
        k,
        cluster
    from famd
    union all
    select
        customer_id,
        segmentation_id,
        k,
        cluster
    from agglomerative

)

select
    customer_id,
    segmentation_id,
    regexp_replace(segmentation_id, '_k[0-9]+$', '') as method,
    k,
    cluster
from labels
