with

levels as (

    select * from {{ ref('attribute_levels') }}

),

bins as (

    select * from {{ ref('feature_bins') }}

),

attributes as (

    select * from {{ ref('data_dictionary') }}

),

declared_levels as (

    select
        attribute,
        level,
        cast(level_order as integer) as level_order,
        label_zh,
        label_en
    from levels

),

bin_levels as (

    select
        feature as attribute,
        level,
        cast(level_order as integer) as level_order,
        label_zh,
        label_en
    from bins

),

flag_levels as (

    select
        attributes.attribute,
        flag_values.level,
        flag_values.level_order,
        flag_values.label_zh,
        flag_values.label_en
    from attributes
    cross join (values ('0', 0, '否', 'No'), ('1', 1, '是', 'Yes')) as flag_values (level, level_order, label_zh, label_en)
    where attributes.data_type = 'flag'

),

unknown_levels as (

    select
        attribute,
        'unknown' as level,
        9999 as level_order,
        '未知' as label_zh,
        'Unknown' as label_en
    from attributes
    where data_type in ('text', 'flag')

)

select * from declared_levels
union all
select * from bin_levels
union all
select * from flag_levels
union all
select * from unknown_levels
