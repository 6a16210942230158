with

segments as (

    select * from {{ ref('int_segment_names') }}

),

distances as (

    select * from {{ ref('int_segment_distances') }}

),

twins as (

    select * from {{ ref('int_segment_twins') }}

),

tree_accuracy as (

    select
        *,
        {{ percent_text('balanced_accuracy') }} as balanced_accuracy_text
    from {{ ref('int_tree_accuracy') }}

),

-- A cluster that nobody is in, such as a component of a mixture that has collapsed, is none of the segments.
smallest_segments as (

    select
        segmentation_id,
        k,
        case when count(*) = k then min(customer_share) else 0 end as value,
        case when count(*) = k then arg_min(segment_id, (customer_share, segment_id)) end as segment_id
    from segments
    group by segmentation_id, k

),

named_distances as (

    select
        distances.segmentation_id,
        distances.distance,
        distances.other_cluster,
        segments.segment_id,
        others.segment_id as other_segment_id
    from distances
    inner join segments
        on
            distances.segmentation_id = segments.segmentation_id
            and distances.cluster = segments.cluster
    left join segments as others
        on
            distances.segmentation_id = others.segmentation_id
            and distances.other_cluster = others.cluster

),

closest_pairs as (

    select
        segmentation_id,
        min(distance) as value,
        arg_min(segment_id, (distance, segment_id, other_segment_id)) as segment_id,
        arg_min(other_segment_id, (distance, segment_id, other_segment_id)) as other_segment_id
    from named_distances
    where segment_id < other_segment_id
    group by segmentation_id

),

-- Of a single segment there is no pair.
distinctions as (

    select
        smallest_segments.segmentation_id,
        closest_pairs.value,
        coalesce('最相近的是 ' || closest_pairs.segment_id || ' 与 ' || closest_pairs.other_segment_id, '只有一个客群') as verdict_zh,
        coalesce(
            'the closest are ' || closest_pairs.segment_id || ' and ' || closest_pairs.other_segment_id, 'there is one segment'
        ) as verdict
    from smallest_segments
    left join closest_pairs
        on smallest_segments.segmentation_id = closest_pairs.segmentation_id

),

most_special as (

    select
        segmentation_id,
        max(distance) as value,
        arg_min(segment_id, (-distance, segment_id)) as segment_id
    from named_distances
    where other_cluster is null
    group by segmentation_id

),

named_twins as (

    select
        twins.segmentation_id,
        twins.other_cluster,
        least(segments.segment_id, others.segment_id) as segment_id,
        greatest(segments.segment_id, others.segment_id) as other_segment_id,
        twins.merged_at_k
    from twins
    inner join segments
        on
            twins.segmentation_id = segments.segmentation_id
            and twins.cluster = segments.cluster
    inner join segments as others
        on
            twins.segmentation_id = others.segmentation_id
            and twins.other_cluster = others.cluster

),

twins_by_segmentation as (

    select
        segmentation_id,
        count(distinct other_cluster) as repeated_treatments,
        string_agg(
            segment_id || ' 与 ' || other_segment_id
            || case when merged_at_k is null then '（没有更小的 K 将其合并）' else '（K=' || merged_at_k || ' 时合并）' end,
            '；' order by segment_id, other_segment_id
        ) as twins_zh,
        string_agg(
            segment_id || ' and ' || other_segment_id
            || case when merged_at_k is null then ' (no smaller K merges them)' else ' (merged at K = ' || merged_at_k || ')' end,
            '; ' order by segment_id, other_segment_id
        ) as twins_en
    from named_twins
    group by segmentation_id

),

treatments as (

    select
        smallest_segments.segmentation_id,
        smallest_segments.k,
        count(*) - any_value(coalesce(twins_by_segmentation.repeated_treatments, 0)) as different_treatments,
        any_value(twins_by_segmentation.twins_zh) as twins_zh,
        any_value(twins_by_segmentation.twins_en) as twins_en
    from smallest_segments
    inner join segments
        on smallest_segments.segmentation_id = segments.segmentation_id
    left join twins_by_segmentation
        on smallest_segments.segmentation_id = twins_by_segmentation.segmentation_id
    group by smallest_segments.segmentation_id, smallest_segments.k

),

criteria as (

    select
        segmentation_id,
        'smallest_segment' as criterion,
        value,
        cast(null as double) as std_error,
        coalesce('最小的客群是 ' || segment_id, '有客群没有客户') as verdict_zh,
        coalesce('the smallest segment is ' || segment_id, 'a segment has no customers') as verdict
    from smallest_segments
    union all
    select
        segmentation_id,
        'distinctiveness' as criterion,
        value,
        cast(null as double) as std_error,
        verdict_zh,
        verdict
    from distinctions
    union all
    select
        segmentation_id,
        'uniqueness' as criterion,
        value,
        cast(null as double) as std_error,
        '最独特的是 ' || segment_id as verdict_zh,
        'the most special is ' || segment_id as verdict
    from most_special
    union all
    select
        segmentation_id,
        'actionability' as criterion,
        different_treatments / k as value,
        cast(null as double) as std_error,
        coalesce('运营策略相同：' || twins_zh, '每个客群的运营策略都不同') as verdict_zh,
        coalesce('the same treatment: ' || twins_en, 'every segment has a treatment of its own') as verdict
    from treatments
    union all
    select
        segmentation_id,
        'explainability' as criterion,
        balanced_accuracy as value,
        balanced_accuracy_std_error as std_error,
        case
            when features = 0 then '特征集 B 没有可以切分的取值：请在 feature_bins.csv 中添加分箱'
            when folds = 0 then '有客群不足 2 个客户，无法留出检验'
            else printf('深度 %d 的决策树在留出客户上的平衡准确率为 %s', max_depth, balanced_accuracy_text)
        end as verdict_zh,
        case
            when features = 0 then 'feature set B has no level to split on: add bins to feature_bins.csv'
            when folds = 0 then 'a segment has fewer than 2 customers: none can be held out'
            else printf('balanced accuracy of a tree of depth %d on customers held out: %s', max_depth, balanced_accuracy_text)
        end as verdict
    from tree_accuracy

),

sizes as (

    select
        segmentation_id,
        cast(sum(customers) as bigint) as customers
    from segments
    group by segmentation_id

)

select
    criteria.segmentation_id,
    criteria.criterion,
    criteria.value,
    criteria.std_error,
    case when criteria.criterion = 'explainability' then tree_accuracy.customers else sizes.customers end as customers,
    criteria.verdict_zh,
    criteria.verdict
from criteria
inner join sizes
    on criteria.segmentation_id = sizes.segmentation_id
inner join tree_accuracy
    on criteria.segmentation_id = tree_accuracy.segmentation_id
