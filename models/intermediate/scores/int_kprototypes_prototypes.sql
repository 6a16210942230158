with

parameters as (

    select * from {{ ref('ml_kprototypes_parameters') }}

),

by_attribute as (

    select
        segmentation_id,
        parameter,
        attribute,
        list(value order by cluster) as by_cluster,
        list(level order by cluster) as levels_by_cluster
    from parameters
    where parameter in ('center', 'mode')
    group by segmentation_id, parameter, attribute

),

-- In the order of names, in which int_kprototypes_scores adds up.
maps as (

    select
        segmentation_id,
        map_from_entries(
            list({'attribute': attribute, 'by_cluster': by_cluster} order by attribute) filter (where parameter = 'center')
        ) as centers,
        map_from_entries(
            list({'attribute': attribute, 'by_cluster': levels_by_cluster} order by attribute) filter (where parameter = 'mode')
        ) as modes
    from by_attribute
    group by segmentation_id

),

single_numbers as (

    select
        segmentation_id,
        cast(max(value) filter (where parameter = 'k') as integer) as k,
        max(value) filter (where parameter = 'gamma') as gamma
    from parameters
    group by segmentation_id

)

select
    single_numbers.segmentation_id,
    single_numbers.k,
    single_numbers.gamma,
    maps.centers,
    maps.modes
from single_numbers
inner join maps
    on single_numbers.segmentation_id = maps.segmentation_id
