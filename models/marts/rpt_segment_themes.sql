with

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

selection as (

    select * from {{ ref('int_attribute_selection') }}
    where in_feature_set_a

),

-- Only what is clustered on: there the dictionary has picked one attribute of each group that says the same.
good_effects as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        kpis.segment_id,
        kpis.attribute,
        case when kpis.theme in ('category', 'region', 'channel') then 'breadth' else kpis.theme end as axis,
        case kpis.direction
            when 'higher_is_better' then kpis.effect_size_transformed
            when 'lower_is_better' then -kpis.effect_size_transformed
        end as good_effect
    from kpis
    inner join selection
        on kpis.attribute = selection.attribute

),

themes as (

    select
        segmentation_id,
        cluster,
        segment_id,
        axis,
        count(good_effect) as attributes,
        avg(good_effect order by attribute) as mean_effect
    from good_effects
    where good_effect is not null and axis is not null
    group by segmentation_id, cluster, segment_id, axis

)

select
    segmentation_id,
    cluster,
    segment_id,
    axis,
    attributes,
    mean_effect,
    100 * ({{ normal_cdf('mean_effect') }}) as score
from themes
