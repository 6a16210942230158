with

indicators as (

    select * from {{ ref('theme_indicators') }}

),

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

pair_tests as (

    select * from {{ ref('ml_segment_pair_tests') }}

),

-- Customers of whom the number says something. One customer, or all of one value, can be tested against nobody.
usable as (

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
        kpis.customers,
        kpis.known_customers - coalesce(mix.customers, 0) as usable_customers
    from kpis
    inner join indicators
        on kpis.attribute = indicators.attribute
    left join mix
        on
            kpis.segmentation_id = mix.segmentation_id
            and kpis.cluster = mix.cluster
            and indicators.except_attribute = mix.attribute
            and indicators.except_level = mix.level

),

-- Nothing is said of a number that says something of less than half of the customers, on either side.
indicator_kpis as (

    select
        *,
        usable_customers >= 0.5 * customers as is_known,
        sum(usable_customers) over (partition by segmentation_id, attribute)
        >= 0.5 * sum(customers) over (partition by segmentation_id, attribute) as is_known_of_everyone
    from usable

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
        is_known and is_known_of_everyone and effect_size_transformed is not null as is_known
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
