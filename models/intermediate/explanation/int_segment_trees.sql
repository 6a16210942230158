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

-- Fold by fold on the same customers, and the median: the first split of the common tree may be another in a single fold.
gains as (

    select
        own.segmentation_id,
        own.cluster,
        median(
            2 * own.hits / (own.customers + own.predicted) - 2 * joint.hits / (joint.customers + joint.predicted)
        ) as f1_gain
    from folds as own
    inner join folds as joint
        on
            own.segmentation_id = joint.segmentation_id
            and own.cluster = joint.cluster
            and own.fold = joint.fold
    where own.tree = 'one_segment' and joint.tree = 'all_segments'
    group by own.segmentation_id, own.cluster

),

compared as (

    select
        measured.*,
        gains.f1_gain
    from measured
    left join gains
        on
            measured.segmentation_id = gains.segmentation_id
            and measured.cluster = gains.cluster
            and measured.tree = 'one_segment'

),

-- The tree of one segment explains it where it does so clearly better.
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
