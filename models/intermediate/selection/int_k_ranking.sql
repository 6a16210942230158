-- The segmentations of each method, best first: those in the technical range before all others, those that no criterion
-- knocks out before those that one does, then by weighted score, ties to the smaller K.
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
        sum(contribution) as score,
        bool_or(is_knocked_out) as is_knocked_out,
        string_agg(criterion, ', ' order by criterion) filter (where is_knocked_out) as knocked_out_by,
        max(reviewers) as reviewers
    from scores
    group by segmentation_id

),

located as (

    select
        totals.*,
        list_contains(string_split(ranges.k_values, ','), cast(totals.k as varchar)) as is_in_range,
        totals.k between {{ var('planned_k')[0] }} and {{ var('planned_k')[1] }} as is_planned
    from totals
    inner join ranges
        on totals.method = ranges.method

)

select
    segmentation_id,
    method,
    k,
    score,
    is_knocked_out,
    knocked_out_by,
    reviewers,
    is_in_range,
    row_number() over (
        partition by method
        order by is_in_range desc, is_knocked_out asc, is_planned desc, score desc, k asc
    ) as choice_rank
from located
