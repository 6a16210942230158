with

segments as (

    select * from {{ ref('int_segments') }}

),

traits as (

    select * from {{ ref('int_segment_traits') }}

),

phrases as (

    select
        segmentation_id,
        cluster,
        max(phrase_zh) filter (where slot = 'tier' and trait_rank = 1) as tier_zh,
        max(phrase_en) filter (where slot = 'tier' and trait_rank = 1) as tier_en,
        max(phrase_zh) filter (where slot = 'level' and trait_rank = 1) as level_zh,
        max(phrase_en) filter (where slot = 'level' and trait_rank = 1) as level_en,
        max(phrase_zh) filter (where slot = 'level' and trait_rank = 2) as second_level_zh,
        max(phrase_en) filter (where slot = 'level' and trait_rank = 2) as second_level_en,
        max(phrase_zh) filter (where slot = 'behaviour' and trait_rank = 1) as behaviour_zh,
        max(phrase_en) filter (where slot = 'behaviour' and trait_rank = 1) as behaviour_en,
        max(phrase_zh) filter (where slot = 'behaviour' and trait_rank = 2) as second_behaviour_zh,
        max(phrase_en) filter (where slot = 'behaviour' and trait_rank = 2) as second_behaviour_en
    from traits
    group by segmentation_id, cluster

),

-- Where no behaviour stands out, a second level does; where neither does, the customers are average.
short_names as (

    select
        segments.*,
        concat_ws(
            '·', phrases.tier_zh, phrases.level_zh, coalesce(phrases.behaviour_zh, phrases.second_level_zh, '一般客群')
        ) as short_name_zh,
        concat_ws(
            ' · ', phrases.tier_en, phrases.level_en, coalesce(phrases.behaviour_en, phrases.second_level_en, 'average customers')
        ) as short_name_en,
        case when phrases.behaviour_zh is not null then coalesce(phrases.second_behaviour_zh, phrases.second_level_zh) end as next_trait_zh,
        case when phrases.behaviour_en is not null then coalesce(phrases.second_behaviour_en, phrases.second_level_en) end as next_trait_en
    from segments
    left join phrases
        on
            segments.segmentation_id = phrases.segmentation_id
            and segments.cluster = phrases.cluster

),

-- Two segments with one short name are told apart by the next trait, and by their id where that is the same too.
longer_names as (

    select
        *,
        case
            when count(*) over (partition by segmentation_id, short_name_zh) = 1 then short_name_zh
            else concat_ws('·', short_name_zh, next_trait_zh)
        end as longer_name_zh,
        case
            when count(*) over (partition by segmentation_id, short_name_en) = 1 then short_name_en
            else concat_ws(' · ', short_name_en, next_trait_en)
        end as longer_name_en
    from short_names

)

select
    longer_names.segmentation_id,
    longer_names.cluster,
    longer_names.segment_id,
    case
        when count(*) over (partition by longer_names.segmentation_id, longer_names.longer_name_zh) = 1 then longer_names.longer_name_zh
        else longer_names.longer_name_zh || '·' || longer_names.segment_id
    end as name_zh,
    case
        when count(*) over (partition by longer_names.segmentation_id, longer_names.longer_name_en) = 1 then longer_names.longer_name_en
        else longer_names.longer_name_en || ' · ' || longer_names.segment_id
    end as name_en,
    false as is_overridden, false as is_provisional, '' as provisional_reason_zh, '' as provisional_reason_en,
    longer_names.k,
    longer_names.customers,
    longer_names.customer_share,
    longer_names.segment_value,
    longer_names.spend_share
from longer_names
