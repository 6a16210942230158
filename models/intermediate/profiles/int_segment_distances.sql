with

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

clustered as (

    select attribute from {{ ref('int_attribute_selection') }}
    where in_feature_set_a

),

levels as (

    select
        attribute,
        count(distinct level) as levels
    from mix
    group by attribute

),

-- A number counts by its effect size; a category by (share - overall share) / sqrt(overall share * (levels - 1)) over its
-- levels, which gives it the weight of one number. The average customer lies at 0 everywhere.
positions as (

    select
        segmentation_id,
        cluster,
        attribute,
        cast(null as varchar) as level,
        coalesce(effect_size_transformed, 0) as position
    from kpis
    union all
    select
        mix.segmentation_id,
        mix.cluster,
        mix.attribute,
        mix.level,
        (mix.share_of_segment - mix.share_overall) / sqrt(mix.share_overall * (levels.levels - 1)) as position
    from mix
    inner join levels
        on mix.attribute = levels.attribute
    where levels.levels > 1

),

clustered_positions as (

    select positions.*
    from positions
    inner join clustered
        on positions.attribute = clustered.attribute

),

clusters as (

    select distinct
        segmentation_id,
        cluster
    from clustered_positions

),

attribute_counts as (

    select
        segmentation_id,
        count(distinct attribute) as attributes
    from clustered_positions
    group by segmentation_id

),

pairs as (

    select
        clusters.segmentation_id,
        clusters.cluster,
        others.cluster as other_cluster
    from clusters
    inner join clusters as others
        on
            clusters.segmentation_id = others.segmentation_id
            and clusters.cluster != others.cluster

),

-- Added up in the order of names: several threads would add up in a changing one, and the last digits with it.
between_clusters as (

    select
        pairs.segmentation_id,
        pairs.cluster,
        pairs.other_cluster,
        sum(power(own.position - other.position, 2) order by own.attribute, own.level) as squared_distance
    from pairs
    inner join clustered_positions as own
        on
            pairs.segmentation_id = own.segmentation_id
            and pairs.cluster = own.cluster
    inner join clustered_positions as other
        on
            pairs.segmentation_id = other.segmentation_id
            and pairs.other_cluster = other.cluster
            and own.attribute = other.attribute
            and own.level is not distinct from other.level
    group by pairs.segmentation_id, pairs.cluster, pairs.other_cluster

),

to_average as (

    select
        segmentation_id,
        cluster,
        cast(null as integer) as other_cluster,
        sum(power(position, 2) order by attribute, level) as squared_distance
    from clustered_positions
    group by segmentation_id, cluster

),

squared_distances as (

    select * from between_clusters
    union all
    select * from to_average

)

select
    squared_distances.segmentation_id,
    squared_distances.cluster,
    squared_distances.other_cluster,
    sqrt(squared_distances.squared_distance / attribute_counts.attributes) as distance
from squared_distances
inner join attribute_counts
    on squared_distances.segmentation_id = attribute_counts.segmentation_id
