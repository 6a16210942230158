with

trees as (

    select * from {{ ref('int_segment_trees') }}

),

segments as (

    select * from {{ ref('int_segments') }}

)

select
    segments.segmentation_id,
    segments.cluster,
    segments.segment_id,
    trees.tree,
    trees.is_used,
    trees.folds,
    trees.customers,
    trees.predicted,
    trees.hits,
    trees.precision,
    trees.recall,
    trees.f1,
    trees.f1_gain
from segments
inner join trees
    on
        segments.segmentation_id = trees.segmentation_id
        and segments.cluster = trees.cluster
