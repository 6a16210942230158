with

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

category_flags as (

    select * from {{ ref('category_flags') }}

),

phrases as (

    select
        slot,
        case when attribute = 'value_attribute' then '{{ var("value_attribute") }}' else attribute end as attribute,
        coalesce(cast(min_effect as double), -1e9) as min_effect,
        coalesce(cast(max_effect as double), 1e9) as max_effect,
        phrase_zh,
        phrase_en
    from {{ ref('segment_traits') }}

),

-- The phrases that the numbers of a segment allow; nothing is said of a number that most of its customers lack.
number_traits as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        phrases.slot,
        kpis.attribute,
        cast(null as varchar) as level,
        abs(kpis.effect_size_transformed) as strength,
        phrases.phrase_zh,
        phrases.phrase_en
    from kpis
    inner join phrases
        on kpis.attribute = phrases.attribute
    where
        kpis.known_customers >= 0.5 * kpis.customers
        and kpis.effect_size_transformed >= phrases.min_effect
        and kpis.effect_size_transformed < phrases.max_effect
        and (phrases.slot = 'tier' or kpis.p_adjusted_transformed < 0.05)

),

-- For attributes that have no phrase of their own: "high" or "low" and the label.
plain_number_traits as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        'behaviour' as slot,
        kpis.attribute,
        cast(null as varchar) as level,
        abs(kpis.effect_size_transformed) as strength,
        case when kpis.effect_size_transformed > 0 then '高' else '低' end || kpis.attribute_zh as phrase_zh,
        case when kpis.effect_size_transformed > 0 then 'high ' else 'low ' end
        || case
            when regexp_matches(kpis.attribute_en, '^[A-Z][^A-Z]') then lower(left(kpis.attribute_en, 1)) || substr(kpis.attribute_en, 2)
            else kpis.attribute_en
        end as phrase_en
    from kpis
    inner join attributes
        on kpis.attribute = attributes.attribute
    where
        attributes.role = 'performance'
        and kpis.known_customers >= 0.5 * kpis.customers
        and kpis.attribute not in (select phrases.attribute from phrases)
        and abs(kpis.effect_size_transformed) >= 0.4
        and kpis.p_adjusted_transformed < 0.05

),

-- A level characterises a segment when many of its customers have it, and clearly more than elsewhere. A flag that a
-- category raises is left to that category.
level_traits as (

    select
        mix.segmentation_id,
        mix.cluster,
        'level' as slot,
        mix.attribute,
        mix.level,
        mix.share_of_segment - mix.share_overall as strength,
        case when attributes.role = 'flag' then mix.attribute_zh else mix.level_zh end as phrase_zh,
        case when attributes.role = 'flag' then mix.attribute_en else mix.level_en end as phrase_en
    from mix
    inner join attributes
        on mix.attribute = attributes.attribute
    where
        (
            attributes.role in ('ordinal', 'nominal', 'high_cardinality')
            or attributes.role = 'flag'
            and mix.level = '1'
            and mix.attribute not in (select category_flags.flag from category_flags)
        )
        and not mix.is_unknown
        and mix.share_of_segment >= 0.2
        and mix.share_of_segment - mix.share_overall >= 0.1
        and mix.lift >= 1.2
        and mix.p_adjusted < 0.05

),

traits as (

    select * from number_traits
    union all
    select * from plain_number_traits
    union all
    select * from level_traits

),

by_attribute as (

    select
        traits.*,
        coalesce(attributes.theme = 'background', false) as is_background,
        row_number() over (
            partition by traits.segmentation_id, traits.cluster, traits.slot, traits.attribute
            order by traits.strength desc, traits.level asc
        ) as rank_in_attribute
    from traits
    inner join attributes
        on traits.attribute = attributes.attribute

)

-- What customers do comes before where they come from.

select
    segmentation_id,
    cluster,
    slot,
    attribute,
    level,
    strength,
    phrase_zh,
    phrase_en,
    row_number() over (
        partition by segmentation_id, cluster, slot
        order by rank_in_attribute asc, is_background asc, strength desc, attribute asc
    ) as trait_rank
from by_attribute
