{{ kept_by('to_date') }}

with

attribute_history as (

    select * from {{ ref('int_attribute_history') }}

),

moves as (

    select * from {{ ref('int_segment_moves') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

before as (

    select attribute_history.*
    from attribute_history
    inner join snapshot
        on attribute_history.as_of_date = snapshot.previous_as_of_date

),

after as (

    select attribute_history.*
    from attribute_history
    inner join snapshot
        on attribute_history.as_of_date = snapshot.as_of_date

),

last_moves as (

    select moves.*
    from moves
    inner join snapshot
        on moves.to_date = snapshot.as_of_date

),

-- One unit of change is a standard deviation among customers at the date before.
scales as (

    select
        attribute,
        stddev_pop(position order by customer_id) as std_dev
    from before
    group by attribute

),

changes as (

    select
        last_moves.from_segment_id,
        last_moves.to_segment_id,
        before.customer_id,
        before.attribute,
        before.number as number_before,
        after.number as number_after,
        before.level as level_before,
        after.level as level_after,
        case
            when before.level is null then (after.position - before.position) / nullif(scales.std_dev, 0)
            else cast(before.level != after.level as double)
        end as change
    from before
    inner join after
        on
            before.customer_id = after.customer_id
            and before.attribute = after.attribute
    inner join last_moves
        on before.customer_id = last_moves.customer_id
    inner join scales
        on before.attribute = scales.attribute

),

-- Beside what changed for those who stayed.
of_stayers as (

    select
        from_segment_id,
        attribute,
        avg(cast(change as decimal(28, 9))) as change
    from changes
    where from_segment_id = to_segment_id
    group by from_segment_id, attribute

),

of_movers as (

    select
        from_segment_id,
        to_segment_id,
        attribute,
        count(*) as customers,
        median(number_before) as median_before,
        median(number_after) as median_after,
        mode(level_before order by level_before) as level_before,
        mode(level_after order by level_after) as level_after,
        avg(cast(change as decimal(28, 9))) as change
    from changes
    where from_segment_id != to_segment_id
    group by from_segment_id, to_segment_id, attribute

),

compared as (

    select
        of_movers.*,
        coalesce(of_stayers.change, 0) as change_of_stayers,
        row_number() over (
            partition by of_movers.from_segment_id, of_movers.to_segment_id
            order by abs(of_movers.change - coalesce(of_stayers.change, 0)) desc, of_movers.attribute asc
        ) as change_rank
    from of_movers
    left join of_stayers
        on
            of_movers.from_segment_id = of_stayers.from_segment_id
            and of_movers.attribute = of_stayers.attribute

)

select
    snapshot.previous_as_of_date as from_date,
    snapshot.as_of_date as to_date,
    compared.from_segment_id,
    compared.to_segment_id,
    compared.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    compared.customers,
    compared.median_before,
    compared.median_after,
    compared.level_before,
    compared.level_after,
    compared.change,
    compared.change_of_stayers,
    cast(compared.change_rank as integer) as change_rank
from compared
inner join attributes
    on compared.attribute = attributes.attribute
cross join snapshot
