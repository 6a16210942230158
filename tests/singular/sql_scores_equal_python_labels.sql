-- On the training customers SQL scoring and Python agree, row by row: cluster, and distance or probability.
with

scores as (

    select * from {{ ref('int_candidate_scores') }}
    where is_training_customer

),

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
        cluster,
        distance,
        cast(null as double) as probability
    from kprototypes
    union all
    select
        customer_id,
        segmentation_id,
        cluster,
        distance,
        probability
    from famd
    union all
    select
        customer_id,
        segmentation_id,
        cluster,
        distance,
        cast(null as double) as probability
    from agglomerative

)

select
    coalesce(scores.customer_id, labels.customer_id) as customer_id,
    coalesce(scores.segmentation_id, labels.segmentation_id) as segmentation_id,
    scores.cluster as sql_cluster,
    labels.cluster as python_cluster,
    scores.distance as sql_distance,
    labels.distance as python_distance,
    scores.probability as sql_probability,
    labels.probability as python_probability
from scores
full outer join labels
    on
        scores.customer_id = labels.customer_id
        and scores.segmentation_id = labels.segmentation_id
where
    scores.cluster is distinct from labels.cluster
    or abs(scores.distance - labels.distance) > 1e-9 * greatest(labels.distance, 1)
    or abs(scores.probability - labels.probability) > 1e-9
