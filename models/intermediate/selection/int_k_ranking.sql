with

scores as (

    select * from {{ ref('int_k_scores') }}

),

ranges as (

    select * from {{ ref('ml_technical_range') }}

),

totals as (

    select
        segmentation_id,
        regexp_replace(segmentation_id, '_k[0-9]+$', '') as method,
        cast(regexp_extract(segmentation_id, '_k([0-9]+)$', 1) as integer) as k,
        sum(contribution order by criterion) as score,
        bool_or(is_knocked_out) as is_knocked_out
    from scores
    group by segmentation_id

),

located as (

    select
        totals.*,
        list_contains(string_split(ranges.k_values, ','), cast(totals.k as varchar)) as is_in_range,
        totals.k between {{ var('planned_k')[0] }} and {{ var('planned_k')[1] }} as is_planned,
        abs(totals.k - ranges.k_middle) as steps_from_middle
    from totals
    inner join ranges
        on totals.method = ranges.method

),

-- A score that is next to the best of its equals decides nothing: of those the middle of the statistics does.
compared as (

    select
        *,
        round(score, 9) >= round(
            max(score) over (partition by method, is_in_range, is_knocked_out, is_planned) - {{ var('score_margin') }}, 9
        ) as is_close_to_best
    from located

)

select
    segmentation_id,
    method,
    k,
    score,
    is_knocked_out,
    is_in_range,
    is_planned,
    steps_from_middle,
    row_number() over (
        partition by method
        order by
            is_in_range desc,
            is_knocked_out asc,
            is_planned desc,
            is_close_to_best desc,
            case when is_close_to_best then steps_from_middle end asc,
            round(score, 9) desc,
            k asc
    ) as choice_rank
from compared
