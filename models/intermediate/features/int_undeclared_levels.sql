with

level_counts as (

    select * from {{ ref('int_level_counts') }}

),

declared_levels as (

    select * from {{ ref('attribute_levels') }}

),

-- Only attributes that declare levels at all can have undeclared ones.
undeclared as (

    select
        level_counts.attribute,
        level_counts.level,
        level_counts.customers
    from level_counts
    where
        level_counts.attribute in (select declared_levels.attribute from declared_levels)
        and level_counts.level != 'unknown'
        and not exists (
            select 1
            from declared_levels
            where
                declared_levels.attribute = level_counts.attribute
                and declared_levels.level = level_counts.level
        )

)

select
    attribute,
    cast(sum(customers) as bigint) as customers,
    count(*) as undeclared_levels,
    array_to_string(list_slice(list(level order by customers desc, level asc), 1, 5), ' | ') as examples
from undeclared
group by attribute
