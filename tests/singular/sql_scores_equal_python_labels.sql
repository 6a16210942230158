-- On the training customers SQL scoring and Python agree, row by row: cluster, distance and silhouette.
with

scores as (

    select * from {{ ref('int_candidate_scores') }}
    where is_training_customer

),

labels as (

    select * from {{ ref('ml_kprototypes_labels') }}

)

select
    coalesce(scores.customer_id, labels.customer_id) as customer_id,
    coalesce(scores.segmentation_id, labels.segmentation_id) as segmentation_id,
    scores.cluster as sql_cluster,
    labels.cluster as python_cluster,
    scores.distance as sql_distance,
    labels.distance as python_distance,
    scores.silhouette as sql_silhouette,
    labels.silhouette as python_silhouette
from scores
full outer join labels
    on
        scores.customer_id = labels.customer_id
        and scores.segmentation_id = labels.segmentation_id
where
    scores.cluster is distinct from labels.cluster
    or abs(scores.distance - labels.distance) > 1e-9 * greatest(labels.distance, 1e-12)
    or abs(scores.silhouette - labels.silhouette) > 1e-9
