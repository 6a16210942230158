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

-- How many training customers of each cluster have a level, as a list by cluster.
level_counts as (

    select
        segmentation_id,
        attribute,
        level,
        list(value order by cluster) as by_cluster
    from parameters
    where parameter = 'count'
    group by segmentation_id, attribute, level

),

level_count_maps as (

    select
        segmentation_id,
        attribute,
        map_from_entries(list({'level': level, 'by_cluster': by_cluster} order by level)) as by_level
    from level_counts
    group by segmentation_id, attribute

),

level_counts_by_attribute as (

    select
        segmentation_id,
        map_from_entries(list({'attribute': attribute, 'by_level': by_level} order by attribute)) as level_counts
    from level_count_maps
    group by segmentation_id

),

-- In the order of names, in which int_candidate_scores adds up.
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
        max(value) filter (where parameter = 'gamma') as gamma,
        list(value order by cluster) filter (where parameter = 'size') as sizes,
        list(value order by cluster) filter (where parameter = 'scatter') as scatters
    from parameters
    group by segmentation_id

)

select
    single_numbers.segmentation_id,
    single_numbers.k,
    single_numbers.gamma,
    single_numbers.sizes,
    single_numbers.scatters,
    maps.centers,
    maps.modes,
    level_counts_by_attribute.level_counts
from single_numbers
inner join maps
    on single_numbers.segmentation_id = maps.segmentation_id
left join level_counts_by_attribute
    on single_numbers.segmentation_id = level_counts_by_attribute.segmentation_id
