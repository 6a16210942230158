with

segments as (

    select * from {{ ref('int_segments') }}

),

traits as (

    select * from {{ ref('int_segment_traits') }}

),

stability as (

    select
        method || '_k' || k as segmentation_id,
        cluster,
        value as jaccard,
        verdict
    from {{ ref('int_k_criteria') }}
    where criterion = 'jaccard'

),

overrides as (

    select
        segmentation_id,
        segment_id,
        trim(name_zh) as name_zh,
        trim(name_en) as name_en
    from {{ ref('segment_names') }}

),

-- A segment that had a name keeps it, so that people can go on speaking of it.
kept_names as (

    select
        segment_id,
        name_zh,
        name_en
    from {{ ref('int_previous_segments') }}
    where not is_provisional

),

-- What a segment is, is told by one noun: a risk that many of it bear, else that it carries the business, else the
-- stage its customers are at, else how they behave.
nouns as (

    select
        *,
        row_number() over (
            partition by segmentation_id, cluster
            order by list_position(['risk', 'core', 'lifecycle', 'behaviour'], slot) asc, trait_rank asc
        ) as part_rank
    from traits
    where slot not in ('tier', 'level')

),

-- A level that the noun speaks of already says nothing more: gambling, of a gambling risk.
levels as (

    select
        traits.*,
        row_number() over (partition by traits.segmentation_id, traits.cluster order by traits.trait_rank) as part_rank
    from traits
    left join nouns
        on
            traits.segmentation_id = nouns.segmentation_id
            and traits.cluster = nouns.cluster
            and nouns.part_rank = 1
    where
        traits.slot = 'level'
        and not coalesce(contains(nouns.phrase_zh, traits.phrase_zh) or contains(nouns.phrase_en, traits.phrase_en), false)

),

parts as (

    select
        segmentation_id,
        cluster,
        'tier' as part,
        trait_rank as part_rank,
        phrase_zh,
        phrase_en
    from traits
    where slot = 'tier'
    union all
    select
        segmentation_id,
        cluster,
        'level' as part,
        part_rank,
        phrase_zh,
        phrase_en
    from levels
    union all
    select
        segmentation_id,
        cluster,
        'noun' as part,
        part_rank,
        phrase_zh,
        phrase_en
    from nouns

),

first_parts as (

    select
        segmentation_id,
        cluster,
        max(phrase_zh) filter (where part = 'tier' and part_rank = 1) as tier_zh,
        max(phrase_en) filter (where part = 'tier' and part_rank = 1) as tier_en,
        max(phrase_zh) filter (where part = 'level' and part_rank = 1) as level_zh,
        max(phrase_en) filter (where part = 'level' and part_rank = 1) as level_en,
        max(phrase_zh) filter (where part = 'level' and part_rank = 2) as next_level_zh,
        max(phrase_en) filter (where part = 'level' and part_rank = 2) as next_level_en,
        max(phrase_zh) filter (where part = 'noun' and part_rank = 1) as noun_zh,
        max(phrase_en) filter (where part = 'noun' and part_rank = 1) as noun_en
    from parts
    group by segmentation_id, cluster

),

-- A person's word goes before anything; what does not come back when customers are drawn again gets no name that people
-- would plan by.
judged as (

    select
        segments.*,
        coalesce(overrides.name_zh, kept_names.name_zh) as own_name_zh,
        coalesce(overrides.name_en, kept_names.name_en) as own_name_en,
        overrides.segment_id is not null as is_overridden,
        coalesce(overrides.segment_id, kept_names.segment_id) is not null as has_own_name,
        coalesce(stability.verdict = 'not to be trusted', false) as is_provisional,
        stability.jaccard
    from segments
    left join overrides
        on
            segments.segmentation_id = overrides.segmentation_id
            and segments.segment_id = overrides.segment_id
    left join kept_names
        on
            segments.segment_id = kept_names.segment_id
            and segments.is_kept
    left join stability
        on
            segments.segmentation_id = stability.segmentation_id
            and segments.cluster = stability.cluster

),

-- Where no noun may be said a second level is; where no level may be either, they are just customers.
worded as (

    select
        judged.segmentation_id,
        judged.cluster,
        first_parts.tier_zh,
        first_parts.tier_en,
        first_parts.level_zh,
        first_parts.level_en,
        coalesce(
            first_parts.noun_zh,
            first_parts.next_level_zh || '客群',
            case when coalesce(first_parts.tier_zh, first_parts.level_zh) is null then '一般客群' else '客群' end
        ) as noun_zh,
        coalesce(
            first_parts.noun_en,
            first_parts.next_level_en || ' customers',
            case when coalesce(first_parts.tier_en, first_parts.level_en) is null then 'average customers' else 'customers' end
        ) as noun_en
    from judged
    left join first_parts
        on
            judged.segmentation_id = first_parts.segmentation_id
            and judged.cluster = first_parts.cluster
    where not judged.has_own_name and not judged.is_provisional

),

short_names as (

    select
        *,
        {{ segment_name_zh(['tier_zh', 'level_zh', 'noun_zh']) }} as name_zh,
        {{ segment_name_en(['tier_en', 'level_en', 'noun_en']) }} as name_en
    from worded

),

collisions as (

    select
        own.segmentation_id,
        own.cluster,
        other.cluster as other_cluster
    from short_names as own
    inner join short_names as other
        on
            own.segmentation_id = other.segmentation_id
            and own.cluster != other.cluster
            and (own.name_zh = other.name_zh or own.name_en = other.name_en)

),

shared_parts as (

    select distinct
        collisions.segmentation_id,
        collisions.cluster,
        parts.part,
        parts.phrase_zh,
        parts.phrase_en
    from collisions
    inner join parts
        on
            collisions.segmentation_id = parts.segmentation_id
            and collisions.other_cluster = parts.cluster

),

colliding as (

    select distinct
        segmentation_id,
        cluster
    from collisions

),

-- Of segments with one name each is called by what the others lack: another level, else another noun.
own_parts as (

    select
        parts.segmentation_id,
        parts.cluster,
        arg_min(parts.phrase_zh, parts.part_rank) filter (where parts.part = 'level') as level_zh,
        arg_min(parts.phrase_en, parts.part_rank) filter (where parts.part = 'level') as level_en,
        arg_min(parts.phrase_zh, parts.part_rank) filter (where parts.part = 'noun') as noun_zh,
        arg_min(parts.phrase_en, parts.part_rank) filter (where parts.part = 'noun') as noun_en
    from parts
    inner join colliding
        on
            parts.segmentation_id = colliding.segmentation_id
            and parts.cluster = colliding.cluster
    left join shared_parts
        on
            parts.segmentation_id = shared_parts.segmentation_id
            and parts.cluster = shared_parts.cluster
            and parts.part = shared_parts.part
            and (parts.phrase_zh = shared_parts.phrase_zh or parts.phrase_en = shared_parts.phrase_en)
    where shared_parts.part is null
    group by parts.segmentation_id, parts.cluster

),

told_apart as (

    select
        short_names.segmentation_id,
        short_names.cluster,
        short_names.tier_zh,
        short_names.tier_en,
        coalesce(own_parts.level_zh, short_names.level_zh) as level_zh,
        coalesce(own_parts.level_en, short_names.level_en) as level_en,
        case when own_parts.level_zh is null then coalesce(own_parts.noun_zh, short_names.noun_zh) else short_names.noun_zh end as noun_zh,
        case when own_parts.level_en is null then coalesce(own_parts.noun_en, short_names.noun_en) else short_names.noun_en end as noun_en
    from short_names
    left join own_parts
        on
            short_names.segmentation_id = own_parts.segmentation_id
            and short_names.cluster = own_parts.cluster

),

named as (

    select
        judged.segmentation_id,
        judged.cluster,
        judged.segment_id,
        case
            when judged.has_own_name then judged.own_name_zh
            when judged.is_provisional then '待定群体 ' || judged.segment_id
            else {{ segment_name_zh(['told_apart.tier_zh', 'told_apart.level_zh', 'told_apart.noun_zh']) }}
        end as name_zh,
        case
            when judged.has_own_name then judged.own_name_en
            when judged.is_provisional then 'Provisional segment ' || judged.segment_id
            else {{ segment_name_en(['told_apart.tier_en', 'told_apart.level_en', 'told_apart.noun_en']) }}
        end as name_en,
        judged.is_overridden,
        judged.has_own_name,
        judged.is_provisional,
        -- Rounded down: 0.597 is not 0.6.
        floor(round(100 * judged.jaccard, 6)) / 100 as jaccard_shown,
        judged.k,
        judged.customers,
        judged.customer_share,
        judged.segment_value,
        judged.spend_share
    from judged
    left join told_apart
        on
            judged.segmentation_id = told_apart.segmentation_id
            and judged.cluster = told_apart.cluster

),

-- A computed name that is another segment's as well, or a person's, gets the id in both languages.
counted as (

    select
        *,
        not has_own_name
        and not is_provisional
        and (
            count(*) over (partition by segmentation_id, name_zh) > 1
            or count(*) over (partition by segmentation_id, name_en) > 1
        ) as needs_id
    from named

)

select
    segmentation_id,
    cluster,
    segment_id,
    case when needs_id then name_zh || ' ' || segment_id else name_zh end as name_zh,
    case when needs_id then name_en || ' ' || segment_id else name_en end as name_en,
    is_overridden,
    is_provisional,
    case
        when is_provisional
            then printf(
                '自助抽样重新聚类时，平均只有 %d%% 与原群重合（Jaccard %.2f，低于 0.6）', cast(round(100 * jaccard_shown) as integer), jaccard_shown
            ) || case when has_own_name then '' else '，暂不命名' end
    end as provisional_reason_zh,
    case
        when is_provisional
            then printf(
                'When customers are drawn again and clustered, its best match overlaps with it by %d%% on average '
                || '(Jaccard %.2f, below 0.6)',
                cast(round(100 * jaccard_shown) as integer),
                jaccard_shown
            ) || case when has_own_name then '' else ', so it has no name yet' end
    end as provisional_reason_en,
    k,
    customers,
    customer_share,
    segment_value,
    spend_share
from counted
