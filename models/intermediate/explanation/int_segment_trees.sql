with

folds as (

    select * from {{ ref('ml_tree_folds') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

counted as (

    select
        segmentation_id,
        cluster,
        tree,
        max(fold) as folds,
        cast(sum(customers) as bigint) as customers,
        cast(sum(predicted) as bigint) as predicted,
        cast(sum(hits) as bigint) as hits
    from folds
    group by segmentation_id, cluster, tree

),

measured as (

    select
        *,
        hits / nullif(predicted, 0) as precision,
        hits / customers as recall,
        2 * hits / (customers + predicted) as f1
    from counted

),

compared as (

    select
        *,
        case when tree = 'one_segment' then f1 - max(f1) filter (where tree = 'all_segments') over of_segment end as f1_gain
    from measured
    window of_segment as (partition by segmentation_id, cluster)

),

-- The tree of one segment explains it where it does so clearly better, on the same customers.
judged as (

    select
        *,
        coalesce(
            bool_or(f1_gain >= {{ var('min_tree_gain') }}) over (partition by segmentation_id, cluster), false
        ) as has_better_tree
    from compared

)

select
    judged.segmentation_id,
    judged.cluster,
    segments.segment_id,
    judged.tree,
    judged.has_better_tree = (judged.tree = 'one_segment') as is_used,
    judged.folds,
    judged.customers,
    judged.predicted,
    judged.hits,
    judged.precision,
    judged.recall,
    judged.f1,
    judged.f1_gain
from judged
inner join segments
    on
        judged.segmentation_id = segments.segmentation_id
        and judged.cluster = segments.cluster
