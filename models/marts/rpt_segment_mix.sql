with

segments as (

    select * from {{ ref('int_segments') }}

),

segment_levels as (

    select * from {{ ref('int_segment_levels') }}

),

tests as (

    select * from {{ ref('ml_segment_tests') }}
    where level is not null

),

attributes as (

    select * from {{ ref('data_dictionary') }}

),

labels as (

    select * from {{ ref('int_attribute_levels') }}

)

select
    segments.segmentation_id,
    segments.cluster,
    segments.segment_id,
    segments.basis,
    segment_levels.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    attributes.theme,
    segment_levels.level,
    coalesce(labels.level_order, 9998) as level_order,
    coalesce(labels.label_zh, segment_levels.level) as level_zh,
    coalesce(labels.label_en, segment_levels.level) as level_en,
    segment_levels.level = 'unknown' as is_unknown,
    segment_levels.customers,
    segment_levels.customers / segment_levels.segment_customers as share_of_segment,
    segment_levels.overall_customers / segment_levels.all_customers as share_overall,
    (segment_levels.customers / segment_levels.segment_customers)
    / (segment_levels.overall_customers / segment_levels.all_customers) as lift,
    tests.v_test,
    tests.p_adjusted,
    segments.as_of_date
from segments
inner join segment_levels
    on
        segments.segmentation_id = segment_levels.segmentation_id
        and segments.cluster = segment_levels.cluster
inner join tests
    on
        segment_levels.segmentation_id = tests.segmentation_id
        and segment_levels.cluster = tests.cluster
        and segment_levels.attribute = tests.attribute
        and segment_levels.level = tests.level
inner join attributes
    on segment_levels.attribute = attributes.attribute
left join labels
    on
        segment_levels.attribute = labels.attribute
        and segment_levels.level = labels.level
