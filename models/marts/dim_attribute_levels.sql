with

levels as (

    select * from {{ ref('int_attribute_levels') }}

),

thresholds as (

    select * from {{ ref('int_feature_bin_thresholds') }}

)

select
    levels.attribute,
    levels.level,
    levels.level_order,
    levels.label_zh,
    levels.label_en,
    levels.level = 'unknown' as is_unknown,
    thresholds.lower_bound
from levels
left join thresholds
    on
        levels.attribute = thresholds.feature
        and levels.level = thresholds.level
