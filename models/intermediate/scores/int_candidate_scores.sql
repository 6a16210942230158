with

kprototypes as (

    select * from {{ ref('int_kprototypes_scores') }}

),

kmeans as (

    select * from {{ ref('int_famd_kmeans_scores') }}

),

mixtures as (

    select * from {{ ref('int_famd_gmm_scores') }}

),

agglomerative as (

    select * from {{ ref('int_agglomerative_scores') }}

),

scores as (

    select
        customer_id,
        segmentation_id,
        'kprototypes' as method,
        k,
        is_training_customer,
        ranked,
        cast(null as double) as probability,
        cast(null as double) as log_density
    from kprototypes
    union all
    select
        customer_id,
        segmentation_id,
        'famd_kmeans' as method,
        k,
        is_training_customer,
        ranked,
        cast(null as double) as probability,
        cast(null as double) as log_density
    from kmeans
    union all
    select
        customer_id,
        segmentation_id,
        'famd_gmm' as method,
        k,
        is_training_customer,
        ranked,
        probabilities[ranked[1].cluster + 1] as probability,
        log_density
    from mixtures
    union all
    select
        customer_id,
        segmentation_id,
        'agglomerative' as method,
        k,
        is_training_customer,
        ranked,
        cast(null as double) as probability,
        cast(null as double) as log_density
    from agglomerative

)

select
    customer_id,
    segmentation_id,
    method,
    k,
    is_training_customer,
    ranked[1].cluster as cluster,
    ranked[1].distance as distance,
    ranked[2].cluster as runner_up_cluster,
    ranked[2].distance as runner_up_distance,
    probability,
    log_density
from scores
