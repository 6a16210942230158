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
        level,
        cast(min_effect as double) as min_effect,
        cast(max_effect as double) as max_effect,
        cast(min_share as double) as min_share,
        cast(min_lift as double) as min_lift,
        phrase_zh,
        phrase_en
    from {{ ref('segment_traits') }}

),

conditions as (

    select
        *,
        count(*) over (partition by slot, phrase_en) as conditions
    from phrases
    where slot != 'level'

),

-- Nothing is said of a number that most customers of the segment lack. A bound on the far side of 0 says that the
-- segment differs, which the test must confirm; the value of a segment has a tier in any case.
held_by_numbers as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        conditions.slot,
        conditions.phrase_zh,
        conditions.phrase_en,
        conditions.conditions,
        conditions.attribute,
        abs(kpis.effect_size_transformed) as strength
    from kpis
    inner join conditions
        on kpis.attribute = conditions.attribute
    where
        conditions.level is null
        and conditions.slot != 'core'
        and kpis.known_customers >= 0.5 * kpis.customers
        and kpis.effect_size_transformed >= coalesce(conditions.min_effect, -1e9)
        and kpis.effect_size_transformed < coalesce(conditions.max_effect, 1e9)
        and (
            conditions.slot = 'tier'
            or coalesce(conditions.min_effect, 0) <= 0 and coalesce(conditions.max_effect, 0) >= 0
            or kpis.p_adjusted_transformed < 0.05
        )

),

-- A share is put on the scale of an effect by the standard deviation of having the level.
held_by_levels as (

    select
        mix.segmentation_id,
        mix.cluster,
        conditions.slot,
        conditions.phrase_zh,
        conditions.phrase_en,
        conditions.conditions,
        conditions.attribute,
        abs(mix.share_of_segment - mix.share_overall)
        / sqrt(greatest(mix.share_overall * (1 - mix.share_overall), 1e-12)) as strength
    from mix
    inner join conditions
        on
            mix.attribute = conditions.attribute
            and mix.level = conditions.level
    where
        not mix.is_unknown
        and mix.share_of_segment >= coalesce(conditions.min_share, 0)
        and mix.lift >= coalesce(conditions.min_lift, 0)
        and (conditions.min_lift is null or mix.p_adjusted < 0.05)

),

-- What the segment is to the business: its share of all value, a total below 0 being none of it. Added up in the order of
-- clusters: several threads would add up in a changing one, and the last digits with it.
segment_values as (

    select
        segmentation_id,
        cluster,
        attribute,
        customers,
        greatest(coalesce(total, 0), 0) as segment_value
    from kpis
    where attribute = '{{ var("value_attribute") }}'

),

value_of_all as (

    select
        segmentation_id,
        sum(customers) as customers,
        sum(segment_value order by cluster) as segment_value
    from segment_values
    group by segmentation_id

),

value_shares as (

    select
        segment_values.segmentation_id,
        segment_values.cluster,
        segment_values.attribute,
        segment_values.segment_value / nullif(value_of_all.segment_value, 0) as value_share,
        segment_values.customers / value_of_all.customers as customer_share
    from segment_values
    inner join value_of_all
        on segment_values.segmentation_id = value_of_all.segmentation_id

),

held_by_value as (

    select
        value_shares.segmentation_id,
        value_shares.cluster,
        conditions.slot,
        conditions.phrase_zh,
        conditions.phrase_en,
        conditions.conditions,
        conditions.attribute,
        value_shares.value_share as strength
    from value_shares
    inner join conditions
        on value_shares.attribute = conditions.attribute
    where
        conditions.slot = 'core'
        and value_shares.value_share >= conditions.min_share
        and value_shares.value_share >= coalesce(conditions.min_lift, 0) * value_shares.customer_share

),

held as (

    select * from held_by_numbers
    union all
    select * from held_by_levels
    union all
    select * from held_by_value

),

-- Phrases all of whose conditions hold, each resting on the strongest.
phrase_traits as (

    select
        segmentation_id,
        cluster,
        slot,
        arg_max(attribute, (strength, attribute)) as attribute,
        cast(null as varchar) as level,
        avg(strength order by attribute, strength) as strength,
        min(phrase_zh) as phrase_zh,
        phrase_en
    from held
    group by segmentation_id, cluster, slot, phrase_en, conditions
    having count(*) = conditions

),

-- For clustered numbers that have no phrase of their own: "high" or "low" and the label.
plain_number_traits as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        'behaviour' as slot,
        kpis.attribute,
        cast(null as varchar) as level,
        abs(kpis.effect_size_transformed) as strength,
        case when kpis.effect_size_transformed > 0 then '高' else '低' end || {{ short_label('kpis.attribute_zh', 10) }} || '群' as phrase_zh,
        case when kpis.effect_size_transformed > 0 then 'customers with high ' else 'customers with low ' end
        || {{ lower_initial(short_label('kpis.attribute_en', 24)) }} as phrase_en
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
telling_levels as (

    select
        mix.segmentation_id,
        mix.cluster,
        mix.attribute,
        mix.level,
        mix.share_of_segment - mix.share_overall as strength,
        attributes.role = 'flag' or attributes.theme not in ('channel', 'region') as is_common_noun,
        {{ short_label("case when attributes.role = 'flag' then mix.attribute_zh else mix.level_zh end", 12) }} as label_zh,
        {{ short_label("case when attributes.role = 'flag' then mix.attribute_en else mix.level_en end", 28) }} as label_en
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

-- A level is called by its phrase, else by its label; one whose phrase is blank names nothing. Labels begin with a
-- capital, which proper names keep: media, regions, and what has no theme.
level_traits as (

    select
        telling_levels.segmentation_id,
        telling_levels.cluster,
        'level' as slot,
        telling_levels.attribute,
        telling_levels.level,
        telling_levels.strength,
        coalesce(phrases.phrase_zh, telling_levels.label_zh) as phrase_zh,
        case
            when phrases.phrase_en is not null then phrases.phrase_en
            when telling_levels.is_common_noun then {{ lower_initial('telling_levels.label_en') }}
            else telling_levels.label_en
        end as phrase_en
    from telling_levels
    left join phrases
        on
            phrases.slot = 'level'
            and telling_levels.attribute = phrases.attribute
            and telling_levels.level = phrases.level
    where phrases.slot is null or phrases.phrase_en is not null

),

traits as (

    select * from phrase_traits
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
            order by traits.strength desc, traits.level asc, traits.phrase_en asc
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
        order by rank_in_attribute asc, is_background asc, strength desc, attribute asc, phrase_en asc
    ) as trait_rank
from by_attribute
