with

criteria as (

    select * from {{ ref('int_k_business_criteria') }}

),

weights as (

    select
        criterion,
        cast(knock_out_below as double) as knock_out_below,
        cast(worst_value as double) as worst_value,
        cast(best_value as double) as best_value,
        cast(weight as double) as weight
    from {{ ref('selection_criteria') }}

),

reviews as (

    select
        segmentation_id,
        criterion,
        count(*) as reviewers,
        avg(cast(score as double)) as reviewed_score
    from {{ ref('business_review') }}
    group by segmentation_id, criterion

),

-- 0 at the worst value and below, 1 at the best and above; 0 where there is no value.
relative as (

    select
        criteria.segmentation_id,
        criteria.criterion,
        case
            when criteria.value is not null
                then greatest(0, least(1, (criteria.value - weights.worst_value) / (weights.best_value - weights.worst_value)))
            else 0
        end as value
    from criteria
    inner join weights
        on criteria.criterion = weights.criterion

),

-- From 1 to 5, as people score.
scored as (

    select
        criteria.segmentation_id,
        criteria.criterion,
        criteria.value,
        criteria.std_error,
        criteria.customers,
        criteria.verdict,
        criteria.verdict_zh,
        weights.knock_out_below,
        weights.weight,
        case when weights.weight > 0 then 1 + 4 * relative.value end as computed_score,
        coalesce(reviews.reviewers, 0) as reviewers,
        reviews.reviewed_score
    from criteria
    inner join weights
        on criteria.criterion = weights.criterion
    inner join relative
        on
            criteria.segmentation_id = relative.segmentation_id
            and criteria.criterion = relative.criterion
    left join reviews
        on
            criteria.segmentation_id = reviews.segmentation_id
            and criteria.criterion = reviews.criterion

)

select
    segmentation_id,
    criterion,
    value,
    std_error,
    customers,
    verdict,
    verdict_zh,
    knock_out_below,
    coalesce(value < knock_out_below, false) as is_knocked_out,
    weight,
    computed_score,
    reviewers,
    reviewed_score,
    coalesce(reviewed_score, computed_score) as score,
    weight * coalesce(reviewed_score, computed_score, 0) as contribution
from scored
