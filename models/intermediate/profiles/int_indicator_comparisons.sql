with

indicators as (

    select * from {{ ref('theme_indicators') }}

),

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

pair_tests as (

    select * from {{ ref('ml_segment_pair_tests') }}

),

-- One customer, or all of one value, can be tested against nobody.
indicator_kpis as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        indicators.theme,
        kpis.attribute,
        kpis.attribute_zh,
        kpis.attribute_en,
        case kpis.direction when 'lower_is_better' then -1 else 1 end as sign,
        kpis.effect_size_transformed,
        case when kpis.std_dev > 0 then kpis.p_adjusted_transformed end as p_adjusted_transformed,
        kpis.usable_customers >= 0.5 * kpis.customers as is_known,
        kpis.is_usable
    from kpis
    inner join indicators
        on kpis.attribute = indicators.attribute

),

-- A pair is tested once and told twice.
pairs as (

    select
        segmentation_id,
        cluster,
        other_cluster,
        attribute,
        effect,
        p_adjusted
    from pair_tests
    union all
    select
        segmentation_id,
        other_cluster as cluster,
        cluster as other_cluster,
        attribute,
        -effect as effect,
        p_adjusted
    from pair_tests

),

comparisons as (

    select
        segmentation_id,
        cluster,
        cast(null as integer) as other_cluster,
        theme,
        attribute,
        attribute_zh,
        attribute_en,
        sign * effect_size_transformed as effect,
        p_adjusted_transformed as p_adjusted,
        is_usable and effect_size_transformed is not null as is_known
    from indicator_kpis
    union all
    select
        own.segmentation_id,
        own.cluster,
        other.cluster as other_cluster,
        own.theme,
        own.attribute,
        own.attribute_zh,
        own.attribute_en,
        own.sign * pairs.effect as effect,
        pairs.p_adjusted,
        own.is_known and other.is_known and pairs.effect is not null as is_known
    from pairs
    inner join indicator_kpis as own
        on
            pairs.segmentation_id = own.segmentation_id
            and pairs.cluster = own.cluster
            and pairs.attribute = own.attribute
    inner join indicator_kpis as other
        on
            pairs.segmentation_id = other.segmentation_id
            and pairs.other_cluster = other.cluster
            and pairs.attribute = other.attribute

)

select
    segmentation_id,
    cluster,
    other_cluster,
    theme,
    attribute,
    attribute_zh,
    attribute_en,
    effect,
    p_adjusted,
    case
        when not is_known then 'not_known'
        when abs(effect) < 0.2 then 'alike'
        when p_adjusted is null or p_adjusted >= 0.05 then 'uncertain'
        when effect >= {{ var('min_label_effect') }} then 'clearly_better'
        when effect > 0 then 'better'
        when effect <= -{{ var('min_label_effect') }} then 'clearly_worse'
        else 'worse'
    end as standing
from comparisons
