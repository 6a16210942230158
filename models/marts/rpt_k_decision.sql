{%- set is_override = var('final_k') is not none or var('final_method') is not none %}

with

ranking as (

    select * from {{ ref('int_k_ranking') }}

),

scores as (

    select * from {{ ref('int_k_scores') }}

),

criteria as (

    select * from {{ ref('selection_criteria') }}

),

reviews as (

    select * from {{ ref('business_review') }}

),

ranges as (

    select * from {{ ref('ml_technical_range') }}

),

main_method as (

    select * from {{ ref('int_main_method') }}

),

computed as (

    select
        main_method.encoded_features,
        ranking.segmentation_id,
        ranking.method,
        ranking.k
    from main_method
    inner join ranking
        on main_method.method = ranking.method
    where ranking.choice_rank = 1

),

decided as (

    select
        ranking.*,
        computed.encoded_features,
        computed.segmentation_id as computed_segmentation_id,
        computed.method as computed_method,
        computed.k as computed_k
    from ranking
    cross join computed
    where
        ranking.method = {{ sql_literal(var('final_method')) if var('final_method') else 'computed.method' }}
        and {{ 'ranking.k = ' ~ var('final_k') if var('final_k') is not none else 'ranking.choice_rank = 1' }}

),

runners_up as (

    select
        ranking.segmentation_id,
        ranking.k,
        ranking.score,
        ranking.is_in_range,
        ranking.is_knocked_out,
        ranking.choice_rank,
        -- Scores more, and still comes second: too little more to decide.
        coalesce(
            decided.choice_rank = 1
            and ranking.is_in_range = decided.is_in_range
            and ranking.is_knocked_out = decided.is_knocked_out
            and ranking.is_planned = decided.is_planned
            and ranking.score > decided.score,
            false
        ) as is_too_close_to_decide
    from ranking
    inner join decided
        on
            ranking.method = decided.method
            and ranking.k != decided.k

),

runner_up as (

    select * from runners_up
    qualify row_number() over (
        order by is_too_close_to_decide desc, case when is_too_close_to_decide then score end desc, choice_rank asc
    ) = 1

),

labelled_scores as (

    select
        scores.segmentation_id,
        scores.criterion,
        scores.weight,
        printf('%s %.1f', criteria.label_zh, scores.score) as score_zh,
        printf('%s %.1f', lower(criteria.label_en), scores.score) as score_en
    from scores
    inner join criteria
        on scores.criterion = criteria.criterion
    where scores.weight > 0

),

score_texts as (

    select
        segmentation_id,
        string_agg(score_zh, '，' order by weight desc, criterion asc) as scores_zh,
        string_agg(score_en, ', ' order by weight desc, criterion asc) as scores_en
    from labelled_scores
    group by segmentation_id

),

knock_outs as (

    select
        scores.segmentation_id,
        string_agg(criteria.label_zh, '、' order by criteria.criterion) as knocked_out_by_zh,
        string_agg(lower(criteria.label_en), ', ' order by criteria.criterion) as knocked_out_by_en
    from scores
    inner join criteria
        on scores.criterion = criteria.criterion
    where scores.is_knocked_out
    group by scores.segmentation_id

),

-- Whose scores count in the comparison, whichever of its segmentations they are about.
reviewer_counts as (

    select
        ranking.method,
        count(distinct reviews.reviewer) as reviewers,
        array_to_string(list_sort(list(distinct ranking.k)), ', ') as reviewed_k
    from reviews
    inner join ranking
        on reviews.segmentation_id = ranking.segmentation_id
    group by ranking.method

),

assembled as (

    select
        decided.segmentation_id,
        decided.method,
        decided.k,
        ranges.k_min,
        ranges.k_max,
        ranges.k_values,
        ranges.support as method_support,
        case
            when 'unsupported' in (ranges.support, main_ranges.support) then 'unsupported'
            when 'doubtful' in (ranges.support, main_ranges.support) then 'doubtful'
            else 'supported'
        end as support,
        ranges.meets_plan,
        ranges.reason_zh as range_zh,
        ranges.reason_en as range_en,
        decided.is_in_range,
        decided.is_knocked_out,
        knock_outs.knocked_out_by_zh,
        knock_outs.knocked_out_by_en,
        decided.score,
        runner_up.segmentation_id as runner_up_segmentation_id,
        runner_up.k as runner_up_k,
        runner_up.score as runner_up_score,
        runner_up.is_in_range as runner_up_is_in_range,
        runner_up.is_knocked_out as runner_up_is_knocked_out,
        decided.score - runner_up.score as score_margin,
        ranges.k_middle,
        coalesce(runner_up.is_too_close_to_decide, false) as is_decided_by_statistics,
        coalesce(reviewer_counts.reviewers, 0) as reviewers,
        reviewer_counts.reviewed_k,
        decided.encoded_features,
        {{ var('max_encoded_features') }} as max_encoded_features,
        decided.computed_segmentation_id,
        decided.computed_method,
        decided.computed_k,
        {{ 'true' if is_override else 'false' }} as is_override,
        cast({{ sql_literal(var('final_k_reason')) if is_override else 'null' }} as varchar) as override_reason,
        score_texts.scores_zh,
        score_texts.scores_en
    from decided
    inner join ranges
        on decided.method = ranges.method
    inner join ranges as main_ranges
        on decided.computed_method = main_ranges.method
    inner join score_texts
        on decided.segmentation_id = score_texts.segmentation_id
    left join knock_outs
        on decided.segmentation_id = knock_outs.segmentation_id
    left join reviewer_counts
        on decided.method = reviewer_counts.method
    left join runner_up
        on true

),

sentences as (

    select
        *,
        case
            when is_override and segmentation_id = computed_segmentation_id
                then printf('双肘检验选择了 %s，并由人工确认，理由：%s。', segmentation_id, rtrim(override_reason, '.。'))
            when is_override
                then printf(
                    '由人工决定采用 %s，理由：%s。双肘检验的选择是 %s。',
                    segmentation_id,
                    rtrim(override_reason, '.。'),
                    computed_segmentation_id
                )
        end as override_zh,
        case
            when is_override and segmentation_id = computed_segmentation_id
                then printf('The double elbow chose %s, and a person confirmed it: %s.', segmentation_id, rtrim(override_reason, '.。'))
            when is_override
                then printf(
                    'A person decided for %s: %s. The double elbow had chosen %s.',
                    segmentation_id,
                    rtrim(override_reason, '.。'),
                    computed_segmentation_id
                )
        end as override_en,
        case when method != computed_method then printf('以下为 %s 自身的指标：', method) else '' end || range_zh as criteria_zh,
        case when method != computed_method then printf('By the criteria of %s: ', method) else '' end || range_en as criteria_en,
        case
            when encoded_features > max_encoded_features
                then printf('特征集 A 有 %d 个特征，超过 %d 个，主要方法为 FAMD + K-Means。', encoded_features, max_encoded_features)
            else printf('特征集 A 有 %d 个特征，不超过 %d 个，主要方法为 K-Prototypes。', encoded_features, max_encoded_features)
        end as method_zh,
        printf(
            'Feature set A has %d features, %s %d, so the main method is %s.',
            encoded_features,
            case when encoded_features > max_encoded_features then 'over' else 'at most' end,
            max_encoded_features,
            case when encoded_features > max_encoded_features then 'FAMD + K-Means' else 'K-Prototypes' end
        ) as method_en,
        printf('K=%d 的业务得分为 %.2f（满分 5：%s）', k, score, scores_zh)
        || case
            when runner_up_k is null then '。'
            else printf(
                '；次选 K=%d%s为 %.2f，%s %.2f。',
                runner_up_k,
                case
                    when not runner_up_is_in_range then '（不在技术区间内）'
                    when runner_up_is_knocked_out then '（未通过一票否决项）'
                    else ' '
                end,
                runner_up_score,
                case when score_margin >= 0 then '低' else '高' end,
                abs(score_margin)
            )
        end
        || case
            when is_decided_by_statistics
                then printf(
                    '相差不超过 {{ var("score_margin") }}，业务得分不足以区分：在得分最高的 {{ var("score_margin") }} 以内的各 K 中，'
                    || '取最接近统计指标中位 K=%d 的一个。',
                    k_middle
                )
            else ''
        end as score_zh,
        printf('On the business criteria K = %d scores %.2f of 5 (%s)', k, score, scores_en)
        || case
            when runner_up_k is null then '.'
            else printf(
                '; the runner-up K = %d%s scores %.2f, %.2f %s.',
                runner_up_k,
                case
                    when not runner_up_is_in_range then ', outside the technical range,'
                    when runner_up_is_knocked_out then ', knocked out,'
                    else ''
                end,
                runner_up_score,
                abs(score_margin),
                case when score_margin >= 0 then 'less' else 'more' end
            )
        end
        || case
            when is_decided_by_statistics
                then printf(
                    ' That is within {{ var("score_margin") }} and decides nothing: of the K within {{ var("score_margin") }} of the best, '
                    || 'the one nearest to the middle of what elbow, silhouette and gap name, %d, is taken.',
                    k_middle
                )
            else ''
        end as score_en,
        case when is_knocked_out then printf('K=%d 未通过一票否决项：%s。', k, knocked_out_by_zh) end as knock_out_zh,
        case when is_knocked_out then printf('K = %d fails a knock-out: %s.', k, knocked_out_by_en) end as knock_out_en,
        case when reviewers > 0 then printf('比较中采用了 %d 位业务评审对 K=%s 的评分。', reviewers, reviewed_k) end as people_zh,
        case
            when reviewers > 0
                then printf(
                    'In the comparison count the scores that %d %s of the business team gave K = %s.',
                    reviewers,
                    case when reviewers = 1 then 'reviewer' else 'reviewers' end,
                    reviewed_k
                )
        end as people_en,
        case when support = 'unsupported' and method_support != 'unsupported' then '按主要方法，数据不支持任何分群。' end as main_support_zh,
        case
            when support = 'unsupported' and method_support != 'unsupported'
                then 'By the main method no segments are supported by this data.'
        end as main_support_en,
        case when support = 'unsupported' then printf('现仍交付 K=%d，但没有数据依据。', k) end as support_zh,
        case when support = 'unsupported' then printf('K = %d is delivered all the same, without support.', k) end as support_en
    from assembled

)

select
    segmentation_id,
    method,
    k,
    k_min,
    k_max,
    k_values,
    {{ var('planned_k')[0] }} as planned_k_min,
    {{ var('planned_k')[1] }} as planned_k_max,
    support,
    meets_plan,
    is_in_range,
    is_knocked_out,
    score,
    runner_up_segmentation_id,
    runner_up_k,
    runner_up_score,
    score_margin,
    is_decided_by_statistics,
    cast(reviewers as integer) as reviewers,
    cast(encoded_features as integer) as encoded_features,
    max_encoded_features,
    computed_segmentation_id,
    computed_method,
    computed_k,
    is_override,
    override_reason,
    concat(
        override_zh, method_zh, criteria_zh, main_support_zh, knock_out_zh, score_zh, people_zh, support_zh
    ) as reason_zh,
    concat_ws(
        ' ', override_en, method_en, criteria_en, main_support_en, knock_out_en, score_en, people_en, support_en
    ) as reason_en
from sentences
