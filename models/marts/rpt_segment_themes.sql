with

comparisons as (

    select * from {{ ref('int_indicator_comparisons') }}
    where other_cluster is null

),

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

selection as (

    select * from {{ ref('int_attribute_selection') }}
    where in_feature_set_a

),

segments as (

    select * from {{ ref('int_segment_names') }}

),

-- The plan's indicators tell of their theme; of breadth, for which it has none, what is clustered on.
effects as (

    select
        segmentation_id,
        cluster,
        theme as axis,
        attribute,
        case when standing != 'not_known' then effect end as good_effect
    from comparisons
    union all
    select
        kpis.segmentation_id,
        kpis.cluster,
        'breadth' as axis,
        kpis.attribute,
        case kpis.direction
            when 'higher_is_better' then kpis.effect_size_transformed
            when 'lower_is_better' then -kpis.effect_size_transformed
        end as good_effect
    from kpis
    inner join selection
        on kpis.attribute = selection.attribute
    where kpis.theme in ('category', 'region', 'channel') and kpis.direction != 'neutral'

),

axes as (

    select
        segmentation_id,
        cluster,
        axis,
        count(good_effect) as attributes,
        avg(good_effect order by attribute) as mean_effect
    from effects
    group by segmentation_id, cluster, axis

)

select
    axes.segmentation_id,
    axes.cluster,
    segments.segment_id,
    axes.axis,
    {{ theme_label('axes.axis', 'zh') }} as axis_zh,
    {{ theme_label('axes.axis', 'en') }} as axis_en,
    axes.attributes,
    axes.mean_effect,
    case when axes.mean_effect is not null then 100 * ({{ normal_cdf('axes.mean_effect') }}) end as score
from axes
inner join segments
    on
        axes.segmentation_id = segments.segmentation_id
        and axes.cluster = segments.cluster
