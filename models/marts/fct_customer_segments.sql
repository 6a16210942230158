with

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

segmentations as (

    select * from {{ ref('dim_segmentations') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

)

select
    scores.customer_id,
    own_segments.segment_id,
    scores.cluster,
    own_segments.name_zh,
    own_segments.name_en,
    scores.distance,
    scores.silhouette,
    runner_up_segments.segment_id as runner_up_segment_id,
    scores.runner_up_distance,
    scores.runner_up_distance <= scores.distance * (1 + {{ var('borderline_margin') }}) as is_borderline,
    scores.is_training_customer,
    {{ as_of_date(ref('stg_crm__customers')) }} as as_of_date
from scores
inner join segmentations
    on scores.segmentation_id = segmentations.segmentation_id
inner join segments as own_segments
    on
        scores.segmentation_id = own_segments.segmentation_id
        and scores.cluster = own_segments.cluster
inner join segments as runner_up_segments
    on
        scores.segmentation_id = runner_up_segments.segmentation_id
        and scores.runner_up_cluster = runner_up_segments.cluster
where segmentations.is_final
