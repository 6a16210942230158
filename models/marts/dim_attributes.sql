with

attributes as (

    select * from {{ ref('data_dictionary') }}

),

selection as (

    select * from {{ ref('int_attribute_selection') }}

)

select
    attributes.attribute,
    attributes.label_zh,
    attributes.label_en,
    attributes.definition_zh,
    attributes.definition_en,
    attributes.data_type,
    attributes.role,
    attributes.transform,
    attributes.theme,
    {{ theme_label('attributes.theme', 'zh') }} as theme_zh,
    {{ theme_label('attributes.theme', 'en') }} as theme_en,
    attributes.direction,
    attributes.unit,
    cast(attributes.is_required as boolean) as is_required,
    attributes.missing_policy,
    cast(attributes.valid_min as double) as valid_min,
    cast(attributes.valid_max as double) as valid_max,
    attributes.out_of_range_policy,
    attributes.derivation,
    coalesce(selection.is_in_file, false) as is_in_file,
    coalesce(selection.in_feature_set_a, false) as in_feature_set_a,
    attributes.role in ('binned', 'ordinal', 'nominal', 'high_cardinality', 'flag') as in_feature_set_b
from attributes
left join selection
    on attributes.attribute = selection.attribute
