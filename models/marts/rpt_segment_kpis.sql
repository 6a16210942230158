with

segments as (

    select * from {{ ref('int_segments') }}

),

numbers as (

    select * from {{ ref('int_segment_numbers') }}

),

overall_numbers as (

    select * from numbers
    where cluster is null

),

tests as (

    select * from {{ ref('ml_segment_tests') }}
    where level is null

),

attributes as (

    select * from {{ ref('data_dictionary') }}

),

indicators as (

    select * from {{ ref('theme_indicators') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

-- Customers of whom a number is so by definition: the volatility of a single month is 0.
by_definition as (

    select
        mix.segmentation_id,
        mix.cluster,
        indicators.attribute,
        mix.customers
    from indicators
    inner join mix
        on
            indicators.except_attribute = mix.attribute
            and indicators.except_level = mix.level

),

segment_numbers as (

    select
        numbers.*,
        numbers.known_customers - coalesce(by_definition.customers, 0) as usable_customers
    from numbers
    left join by_definition
        on
            numbers.segmentation_id = by_definition.segmentation_id
            and numbers.cluster = by_definition.cluster
            and numbers.attribute = by_definition.attribute
    where numbers.cluster is not null

)

select
    segments.segmentation_id,
    segments.cluster,
    segments.segment_id,
    segments.basis,
    segment_numbers.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    attributes.theme,
    attributes.unit,
    attributes.direction,
    segment_numbers.customers,
    segment_numbers.known_customers,
    segment_numbers.total,
    segment_numbers.mean,
    segment_numbers.median,
    segment_numbers.std_dev,
    segment_numbers.p05,
    segment_numbers.p25,
    segment_numbers.p75,
    segment_numbers.p95,
    overall_numbers.mean as overall_mean,
    overall_numbers.median as overall_median,
    segment_numbers.mean / nullif(overall_numbers.mean, 0) as index_vs_overall,
    (segment_numbers.mean - overall_numbers.mean) / nullif(overall_numbers.population_std_dev, 0) as effect_size,
    (segment_numbers.transformed_mean - overall_numbers.transformed_mean)
    / nullif(overall_numbers.transformed_std_dev, 0) as effect_size_transformed,
    tests.v_test,
    tests.p_adjusted,
    tests.v_test_transformed,
    tests.p_adjusted_transformed,
    segment_numbers.usable_customers,
    segment_numbers.usable_customers >= 0.5 * segment_numbers.customers
    and sum(segment_numbers.usable_customers) over (partition by segments.segmentation_id, segment_numbers.attribute)
    >= 0.5 * sum(segment_numbers.customers) over (partition by segments.segmentation_id, segment_numbers.attribute)
        as is_usable,
    segments.as_of_date
from segments
inner join segment_numbers
    on
        segments.segmentation_id = segment_numbers.segmentation_id
        and segments.cluster = segment_numbers.cluster
inner join overall_numbers
    on
        segment_numbers.basis = overall_numbers.basis
        and segment_numbers.attribute = overall_numbers.attribute
inner join tests
    on
        segment_numbers.segmentation_id = tests.segmentation_id
        and segment_numbers.cluster = tests.cluster
        and segment_numbers.attribute = tests.attribute
inner join attributes
    on segment_numbers.attribute = attributes.attribute
