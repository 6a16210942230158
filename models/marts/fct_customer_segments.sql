with

scores as (

    select * from {{ ref('int_customer_scores') }}

),

silhouettes as (

    select * from {{ ref('int_customer_silhouettes') }}

),

segments as (

    select * from {{ ref('dim_model_segments') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

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
    snapshot.as_of_date,
    scores.model_version
from scores
inner join silhouettes
    on scores.customer_id = silhouettes.customer_id
inner join segments as own_segments
    on
        scores.model_version = own_segments.model_version
        and scores.cluster = own_segments.cluster
-- A cluster that nobody is in, such as a component of a mixture that has collapsed, is no segment.
left join segments as runner_up_segments
    on
        scores.model_version = runner_up_segments.model_version
        and scores.runner_up_cluster = runner_up_segments.cluster
cross join snapshot
