with

criteria as (

    select * from {{ ref('int_k_criteria') }}
    where cluster is null

),

segments as (

    select * from {{ ref('int_segments') }}

),

ranking as (

    select * from {{ ref('int_k_ranking') }}

),

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

agreement as (

    select * from {{ ref('rpt_method_agreement') }}

),

tree_accuracy as (

    select * from {{ ref('int_tree_accuracy') }}

),

criteria_by_segmentation as (

    select
        method || '_k' || k as segmentation_id,
        max(value) filter (where criterion = 'cost') as cost,
        max(value) filter (where criterion = 'mean_silhouette') as mean_silhouette,
        max(value) filter (where criterion = 'min_jaccard') as min_jaccard,
        max(std_error) filter (where criterion = 'min_jaccard') as min_jaccard_std_error,
        max(verdict) filter (where criterion = 'min_jaccard') as stability,
        max(verdict_zh) filter (where criterion = 'min_jaccard') as stability_zh,
        max(value) filter (where criterion = 'collapsed_components') as collapsed_components
    from criteria
    group by method, k

),

sizes as (

    select
        segmentation_id,
        max(basis) as basis,
        cast(sum(customers) as bigint) as customers
    from segments
    group by segmentation_id

),

candidates as (

    select
        ranking.segmentation_id,
        ranking.method,
        ranking.k,
        ranking.score,
        ranking.is_in_range,
        ranking.method = decision.computed_method as is_main_method,
        ranking.segmentation_id = decision.segmentation_id as is_final,
        case when decision.is_override then 'final_k' else 'double_elbow' end as decided_by,
        decision.computed_method || '_k' || ranking.k as main_segmentation_id,
        decision.support as data_support
    from ranking
    cross join decision

),

judged as (

    select
        candidates.*,
        sizes.basis,
        sizes.customers,
        criteria_by_segmentation.* exclude (segmentation_id), -- noqa: RF02
        tree_accuracy.accuracy as tree_accuracy,
        tree_accuracy.balanced_accuracy as tree_balanced_accuracy,
        agreement.adjusted_rand as agreement_with_main,
        coalesce(criteria_by_segmentation.collapsed_components, 0) > 0 as is_collapsed,
        coalesce(criteria_by_segmentation.stability = 'not to be trusted', false) as is_unstable,
        coalesce(agreement.adjusted_rand < {{ var('min_agreement') }}, false) as is_disagreeing
    from candidates
    inner join sizes
        on candidates.segmentation_id = sizes.segmentation_id
    inner join criteria_by_segmentation
        on candidates.segmentation_id = criteria_by_segmentation.segmentation_id
    inner join tree_accuracy
        on candidates.segmentation_id = tree_accuracy.segmentation_id
    left join agreement
        on
            candidates.segmentation_id = agreement.segmentation_id
            and candidates.main_segmentation_id = agreement.other_segmentation_id

)

select
    segmentation_id,
    method,
    k,
    is_final,
    decided_by,
    is_main_method,
    is_in_range,
    basis,
    customers,
    '{{ var("value_attribute") }}' as value_attribute,
    cost,
    mean_silhouette,
    min_jaccard,
    min_jaccard_std_error,
    stability,
    score as business_score,
    tree_accuracy,
    tree_balanced_accuracy,
    agreement_with_main,
    data_support != 'unsupported' and not is_unstable and not is_disagreeing and not is_collapsed as is_supported,
    concat_ws(
        '；',
        case when data_support = 'unsupported' then '数据不支持任何分群' end,
        case when is_unstable then printf('最不稳定的客群 Jaccard 仅 %.2f', min_jaccard) end,
        case when is_disagreeing then printf('与 %s 的一致性（调整兰德指数）仅 %.2f', main_segmentation_id, agreement_with_main) end,
        case when is_collapsed then printf('%d 个成分坍缩', cast(collapsed_components as integer)) end
    ) as unsupported_zh,
    concat_ws(
        '; ',
        case when data_support = 'unsupported' then 'the data support no segments' end,
        case when is_unstable then printf('the least stable segment comes back to %.2f only', min_jaccard) end,
        case when is_disagreeing then printf('agrees with %s to %.2f only (adjusted Rand)', main_segmentation_id, agreement_with_main) end,
        case when is_collapsed then printf('%d components collapsed', cast(collapsed_components as integer)) end
    ) as unsupported_en
from judged
