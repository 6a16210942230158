with

parameters as (

    select * from {{ ref('ml_famd_parameters') }}

),

by_axis as (

    select
        attribute,
        level,
        list(value order by axis) as by_axis
    from parameters
    where parameter = 'loading'
    group by attribute, level

),

loadings as (

    select
        map_from_entries(list({'attribute': attribute, 'by_axis': by_axis} order by attribute) filter (where level is null)) as numbers,
        map_from_entries(
            list({'level': attribute || '=' || level, 'by_axis': by_axis} order by attribute, level) filter (where level is not null)
        ) as levels
    from by_axis

),

single_numbers as (

    select
        map_from_entries(list({'attribute': attribute, 'value': value} order by attribute) filter (where parameter = 'center')) as centers,
        map_from_entries(list({'attribute': attribute, 'value': value} order by attribute) filter (where parameter = 'std')) as stds,
        list(distinct attribute order by attribute) filter (where parameter = 'share') as categories,
        list(value order by axis) filter (where parameter = 'constant') as constants
    from parameters

)

select
    single_numbers.centers,
    single_numbers.stds,
    single_numbers.categories,
    single_numbers.constants,
    loadings.numbers,
    loadings.levels
from single_numbers
cross join loadings
