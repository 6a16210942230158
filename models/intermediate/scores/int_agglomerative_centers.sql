with

parameters as (

    select * from {{ ref('ml_agglomerative_parameters') }}

),

by_attribute as (

    select
        segmentation_id,
        attribute,
        level,
        list(value order by cluster) as by_cluster
    from parameters
    where parameter = 'center'
    group by segmentation_id, attribute, level

),

squares_by_cluster as (

    select
        segmentation_id,
        attribute,
        cluster,
        sum(power(value, 2) order by level) as square
    from parameters
    where parameter = 'center' and level is not null
    group by segmentation_id, attribute, cluster

),

squares as (

    select
        segmentation_id,
        attribute,
        list(square order by cluster) as by_cluster
    from squares_by_cluster
    group by segmentation_id, attribute

),

square_maps as (

    select
        segmentation_id,
        map_from_entries(list({'attribute': attribute, 'by_cluster': by_cluster} order by attribute)) as squared_shares
    from squares
    group by segmentation_id

),

center_maps as (

    select
        segmentation_id,
        cast(max(len(by_cluster)) as integer) as k,
        map_from_entries(
            list({'attribute': attribute, 'by_cluster': by_cluster} order by attribute) filter (where level is null)
        ) as numbers,
        map_from_entries(
            list({'level': attribute || '=' || level, 'by_cluster': by_cluster} order by attribute, level) filter (where level is not null)
        ) as shares
    from by_attribute
    group by segmentation_id

)

select
    center_maps.segmentation_id,
    center_maps.k,
    center_maps.numbers,
    center_maps.shares,
    square_maps.squared_shares
from center_maps
left join square_maps
    on center_maps.segmentation_id = square_maps.segmentation_id
