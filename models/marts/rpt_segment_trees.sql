with

trees as (

    select * from {{ ref('int_segment_trees') }}

)

select
    segmentation_id,
    cluster,
    segment_id,
    tree,
    is_used,
    folds,
    customers,
    predicted,
    hits,
    precision,
    recall,
    f1,
    f1_gain
from trees
