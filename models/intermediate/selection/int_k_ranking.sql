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
    is_in_range,
    row_number() over (
        partition by method
        order by is_in_range desc, is_knocked_out asc, is_planned desc, round(score, 9) desc, k asc
    ) as choice_rank
from located
