with

moves as (

    select * from {{ ref('int_segment_moves') }}

)

-- As decimals, which add up to the same in any order.
select
    from_date,
    to_date,
    from_model_version,
    to_model_version,
    movement,
    from_segment_id,
    to_segment_id,
    count(*) as customers,
    count(*) filter (where moved_by = 'customer') as moved_by_customer,
    count(*) filter (where moved_by = 'model') as moved_by_model,
    cast(coalesce(sum(cast(value_before as decimal(38, 6))), 0) as double) as value_before,
    cast(coalesce(sum(cast(value_after as decimal(38, 6))), 0) as double) as value_after
from moves
group by all
