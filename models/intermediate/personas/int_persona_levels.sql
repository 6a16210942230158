with

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

phrases as (

    select * from {{ ref('persona_phrases') }}

),

levels as (

    select
        mix.segmentation_id,
        mix.cluster,
        mix.theme,
        mix.attribute,
        mix.level,
        mix.is_unknown,
        mix.share_of_segment,
        mix.share_overall,
        mix.lift,
        mix.p_adjusted < 0.05 as is_significant,
        -- Not the sum of the others, which is a little above or below a half by the order of its parts.
        1 - coalesce(
            max(case when mix.is_unknown then mix.share_of_segment end)
                over (partition by mix.segmentation_id, mix.cluster, mix.attribute),
            0
        ) as known_share,
        1 - coalesce(
            max(case when mix.is_unknown then mix.share_overall end)
                over (partition by mix.segmentation_id, mix.cluster, mix.attribute),
            0
        ) as overall_known_share,
        attributes.role,
        attributes.in_feature_set_a,
        attributes.data_type = 'flag' as is_flag,
        mix.attribute_zh,
        mix.attribute_en,
        case when attributes.data_type = 'flag' then mix.attribute_zh else mix.level_zh end as level_zh,
        case when attributes.data_type = 'flag' then mix.attribute_en else mix.level_en end as level_en,
        {{ percent_text('mix.share_of_segment') }} as share,
        {{ percent_text('mix.share_overall') }} as overall
    from mix
    inner join attributes
        on mix.attribute = attributes.attribute
    where mix.theme is not null

),

-- Of flags only that they are raised; of bins those that tell of value and behaviour.
telling as (

    select *
    from levels
    where
        (not is_flag or level = '1')
        and (role != 'binned' or theme in ('spending_power', 'activity', 'loyalty'))

),

-- What may be said of a level alone, if anything. That it is unknown is no preference, and where many are unknown a known
-- level is rare only when it is rare among the known; where most are, none is called rare. A flag is less frequent where
-- not having it is a preference.
characteristic as (

    select
        *,
        case
            when is_unknown then case when in_feature_set_a and share_of_segment >= 0.2 or share_of_segment = 1 then 'levels_unknown' end
            when not is_significant then null
            when share_of_segment >= 0.1 and share_of_segment - share_overall >= 0.05 and lift >= 1.2
                then case when is_flag then 'flags_more' else 'levels_more' end
            when
                is_flag
                and known_share - share_of_segment >= overall_known_share - share_overall + 0.05
                and known_share - share_of_segment >= 1.2 * (overall_known_share - share_overall)
                then 'flags_less'
            when
                not is_flag
                and role != 'binned'
                and share_overall >= 0.15
                and lift <= 0.5
                and known_share >= 0.5
                and share_of_segment * overall_known_share <= 0.5 * share_overall * known_share
                then 'levels_seldom'
        end as phrase
    from telling
    where theme != 'risk' or not is_flag

),

-- A segment has one risk: higher when one flag is clearly more frequent than elsewhere, lower when one is less and none more.
risk_flags as (

    select
        *,
        case
            when not is_significant then 'risk_average'
            when share_of_segment >= 0.02 and lift >= 1.3 then 'risk_higher'
            when lift <= 0.7 then 'risk_lower'
            else 'risk_average'
        end as flag_phrase
    from telling
    where theme = 'risk' and is_flag

),

risks as (

    select
        *,
        case
            when bool_or(flag_phrase = 'risk_higher') over (partition by segmentation_id, cluster) then 'risk_higher'
            when bool_or(is_significant and lift > 1) over (partition by segmentation_id, cluster) then 'risk_average'
            when bool_or(flag_phrase = 'risk_lower') over (partition by segmentation_id, cluster) then 'risk_lower'
            else 'risk_average'
        end as phrase
    from risk_flags

),

-- What can stand for a theme without preference: a known level, of an attribute that is known of most, not rarer than elsewhere.
ordinary as (

    select
        *,
        not is_unknown and known_share >= 0.5 and lift >= 0.8 as may_stand
    from characteristic
    where role in ('nominal', 'high_cardinality', 'ordinal')

),

-- Where nothing is preferred, the most frequent level.
flat as (

    select * exclude (may_stand)
    from ordinary
    qualify
        may_stand
        and not bool_or(coalesce(phrase in ('levels_more', 'levels_seldom'), false)) over (partition by segmentation_id, cluster, theme)
        and row_number() over (
            partition by segmentation_id, cluster, theme
            order by may_stand desc, role = 'ordinal' asc, attribute asc, share_of_segment desc, level asc
        ) = 1

),

said as (

    select * exclude (flag_phrase)
    from risks
    where phrase in ('risk_average', flag_phrase)
    union all
    select *
    from characteristic
    where phrase is not null
    union all
    select * replace ('levels_flat' as phrase)
    from flat

),

-- The flags of a theme make one phrase, levels one an attribute.
items as (

    select
        *,
        case when is_flag then '' else attribute end as subject,
        case
            when phrase in ('levels_unknown', 'risk_average') then share_of_segment
            else abs(share_of_segment - share_overall)
        end as strength
    from said

),

strongest_items as (

    select *
    from items
    qualify
        row_number() over (
            partition by segmentation_id, cluster, theme, phrase, subject
            order by strength desc, attribute asc, level asc
        ) <= case when phrase = 'risk_average' then 1 else 3 end

),

subjects as (

    select
        segmentation_id,
        cluster,
        theme,
        phrase,
        subject,
        role,
        max(strength) as strength,
        min(attribute_zh) as label_zh,
        min(attribute_en) as label_en,
        string_agg(level_zh || ' ' || share || '（全体 ' || overall || '）', '、' order by strength desc, attribute asc, level asc) as items_zh,
        string_agg(level_en || ' ' || share || ' (everyone ' || overall || ')', ', ' order by strength desc, attribute asc, level asc)
            as items_en,
        any_value(share order by strength desc, attribute asc, level asc) as share,
        any_value(overall order by strength desc, attribute asc, level asc) as overall,
        'rpt_segment_mix where ' || string_agg(
            'attribute = ''' || attribute || ''' and level = ''' || replace(level, '''', '''''') || '''', ' or '
            order by strength desc, attribute asc, level asc
        ) as evidence
    from strongest_items
    group by segmentation_id, cluster, theme, phrase, subject, role

),

-- What is frequent says enough about its attribute, and what enters the clustering or explains it about its theme.
needed as (

    select *
    from subjects
    qualify
        (
            phrase not in ('levels_seldom', 'flags_less')
            or count(*) filter (where phrase in ('levels_more', 'flags_more')) over (
                partition by segmentation_id, cluster, theme, subject
            ) = 0
        )
        and (
            role != 'profile_only'
            or count(*) filter (where role not in ('profile_only', 'binned')) over (partition by segmentation_id, cluster, theme) = 0
        )

),

-- Three preferences a theme; one bin (the numbers tell of these too), one level that is rare, one attribute that is unknown.
ranked as (

    select
        *,
        row_number() over (
            partition by segmentation_id, cluster, theme, phrase, role = 'binned'
            order by strength desc, subject asc
        ) as subject_rank
    from needed
    qualify subject_rank <= case when phrase = 'levels_more' and role != 'binned' then 3 else 1 end

)

select
    ranked.segmentation_id,
    ranked.cluster,
    ranked.theme,
    case
        when ranked.phrase like 'risk_%' or ranked.phrase in ('flags_more', 'flags_less') then 9
        when ranked.phrase = 'levels_seldom' then 30
        when ranked.phrase = 'levels_unknown' then 40
        when ranked.role = 'binned' then 20
        else 10
    end + ranked.subject_rank as position,
    ranked.phrase,
    {{ phrase_text('phrases.text_zh', {
        'label': 'ranked.label_zh', 'items': 'ranked.items_zh', 'share': 'ranked.share', 'overall': 'ranked.overall'
    }) }} as text_zh,
    {{ phrase_text('phrases.text_en', {
        'label': 'ranked.label_en', 'items': 'ranked.items_en', 'share': 'ranked.share', 'overall': 'ranked.overall'
    }) }} as text_en,
    ranked.evidence
from ranked
inner join phrases
    on ranked.phrase = phrases.phrase
