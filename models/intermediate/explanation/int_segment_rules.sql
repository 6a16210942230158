with

conditions as (

    select * from {{ ref('rpt_rule_conditions') }}

),

counts as (

    select * from {{ ref('int_rule_counts') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

trees as (

    select * from {{ ref('int_segment_trees') }}

),

leaf_sizes as (

    select
        segmentation_id,
        leaf,
        cast(sum(customers) as bigint) as customers
    from counts
    group by segmentation_id, leaf

),

all_customers as (

    select
        segmentation_id,
        cast(sum(customers) as bigint) as customers
    from segments
    group by segmentation_id

),

worded as (

    select
        *,
        {{ percent_text('share_of_segment') }} as share_of_segment_text,
        {{ percent_text('share_overall') }} as share_overall_text
    from conditions

),

leaves as (

    select
        segmentation_id,
        leaf,
        tree,
        cluster,
        predicate_sql,
        max(condition) as conditions,
        string_agg(condition_zh, ' 且 ' order by condition) as conditions_zh,
        string_agg(condition_en, ', and ' order by condition) as conditions_en,
        bool_and(is_corroborated) as is_corroborated,
        bool_or(is_discovery) as is_discovery,
        string_agg(attribute_zh, '、' order by condition) filter (where is_discovery) as discovery_zh,
        string_agg(attribute_en, ', ' order by condition) filter (where is_discovery) as discovery_en,
        string_agg(
            printf('%s：该群 %s，全体 %s', condition_zh, share_of_segment_text, share_overall_text), '；' order by condition
        ) filter (where condition > 0 and not is_corroborated) as contradiction_zh,
        string_agg(
            printf('%s: %s of the segment, %s of everyone', condition_en, share_of_segment_text, share_overall_text),
            '; ' order by condition
        ) filter (where condition > 0 and not is_corroborated) as contradiction_en
    from worded
    group by segmentation_id, leaf, tree, cluster, predicate_sql

),

measured as (

    select
        leaves.*,
        trees.is_used,
        segments.segment_id,
        leaf_sizes.customers,
        coalesce(counts.customers, 0) / leaf_sizes.customers as precision,
        coalesce(counts.customers, 0) / segments.customers as recall,
        leaf_sizes.customers / all_customers.customers as coverage,
        coalesce(counts.customers, 0) / leaf_sizes.customers / segments.customer_share as lift
    from leaves
    inner join segments
        on
            leaves.segmentation_id = segments.segmentation_id
            and leaves.cluster = segments.cluster
    inner join trees
        on
            leaves.segmentation_id = trees.segmentation_id
            and leaves.cluster = trees.cluster
            and leaves.tree = trees.tree
    inner join leaf_sizes
        on
            leaves.segmentation_id = leaf_sizes.segmentation_id
            and leaves.leaf = leaf_sizes.leaf
    inner join all_customers
        on leaves.segmentation_id = all_customers.segmentation_id
    left join counts
        on
            leaves.segmentation_id = counts.segmentation_id
            and leaves.leaf = counts.leaf
            and leaves.cluster = counts.cluster

),

judged as (

    select
        *,
        is_used
        and conditions > 0
        and precision >= {{ var('golden_min_precision') }}
        and recall >= {{ var('golden_min_recall') }} as is_good
    from measured

),

-- The shortest that are precise and cover enough, at most three a segment, of the tree that explains it.
ranked as (

    select
        *,
        row_number() over (
            partition by segmentation_id, cluster
            order by is_good desc, conditions asc, precision * recall desc, leaf asc
        ) as golden_rank
    from judged

)

select
    segmentation_id,
    leaf,
    tree,
    cluster,
    segment_id,
    predicate_sql,
    conditions,
    conditions_zh,
    conditions_en,
    customers,
    precision,
    recall,
    coverage,
    lift,
    cast(case when is_good and golden_rank <= 3 then golden_rank end as integer) as golden_rank,
    is_corroborated,
    contradiction_zh,
    contradiction_en,
    is_discovery,
    discovery_zh,
    discovery_en
from ranked
