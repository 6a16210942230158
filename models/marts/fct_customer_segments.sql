with

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

silhouettes as (

    select * from {{ ref('int_customer_silhouettes') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

)

select
    scores.customer_id,
    scores.segmentation_id,
    own_segments.segment_id,
    scores.cluster,
    own_segments.name_zh,
    own_segments.name_en,
    scores.distance,
    silhouettes.silhouette,
    runner_up_segments.segment_id as runner_up_segment_id,
    scores.runner_up_cluster,
    scores.runner_up_distance,
    scores.runner_up_distance <= scores.distance * (1 + {{ var('borderline_margin') }}) as is_borderline,
    scores.probability,
    scores.is_training_customer,
    {{ as_of_date(ref('stg_crm__customers')) }} as as_of_date
from scores
inner join decision
    on scores.segmentation_id = decision.segmentation_id
inner join silhouettes
    on scores.customer_id = silhouettes.customer_id
inner join segments as own_segments
    on
        scores.segmentation_id = own_segments.segmentation_id
        and scores.cluster = own_segments.cluster
-- A cluster that nobody is in, such as a component of a mixture that has collapsed, is no segment.
left join segments as runner_up_segments
    on
        scores.segmentation_id = runner_up_segments.segmentation_id
        and scores.runner_up_cluster = runner_up_segments.cluster
