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

)

select
    customer_id,
    segmentation_id,
    'kprototypes' as method,
    k,
    is_training_customer,
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance,
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
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance,
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
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance,
    probabilities[cluster + 1] as probability,
    log_density
from mixtures
union all
select
    customer_id,
    segmentation_id,
    'agglomerative' as method,
    k,
    is_training_customer,
    cluster,
    distance,
    runner_up_cluster,
    runner_up_distance,
    cast(null as double) as probability,
    cast(null as double) as log_density
from agglomerative
