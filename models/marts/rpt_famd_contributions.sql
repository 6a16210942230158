with

parameters as (

    select * from {{ ref('ml_famd_parameters') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

levels as (

    select * from {{ ref('dim_attribute_levels') }}

),

contributions as (

    select
        axis,
        attribute,
        level,
        max(value) filter (where parameter = 'coordinate') as coordinate,
        max(value) filter (where parameter = 'contribution') as contribution
    from parameters
    where parameter in ('coordinate', 'contribution')
    group by axis, attribute, level

)

select
    contributions.axis,
    contributions.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    contributions.level,
    coalesce(levels.label_zh, contributions.level) as level_zh,
    coalesce(levels.label_en, contributions.level) as level_en,
    contributions.coordinate,
    contributions.contribution
from contributions
inner join attributes
    on contributions.attribute = attributes.attribute
left join levels
    on
        contributions.attribute = levels.attribute
        and contributions.level = levels.level
