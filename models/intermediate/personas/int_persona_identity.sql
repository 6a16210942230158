with

segments as (

    select * from {{ ref('int_segment_names') }}

),

traits as (

    select * from {{ ref('int_segment_traits') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

phrases as (

    select * from {{ ref('persona_phrases') }}

),

-- What they are worth, what they are and do, and what levels they have; three traits of a kind are enough.
told as (

    select
        traits.*,
        list_position(['risk', 'core', 'lifecycle', 'behaviour'], traits.slot) as noun_order,
        case traits.slot when 'tier' then 1 when 'level' then 3 else 2 end as part,
        case
            when traits.level is not null
                then
                    'rpt_segment_mix where attribute = ''' || traits.attribute || ''' and level = '''
                    || replace(traits.level, '''', '''''') || ''''
            when attributes.data_type in ('number', 'integer') then 'rpt_segment_kpis where attribute = ''' || traits.attribute || ''''
            else 'rpt_segment_mix where attribute = ''' || traits.attribute || ''''
        end as evidence
    from traits
    inner join attributes
        on traits.attribute = attributes.attribute
    where traits.trait_rank <= case when traits.slot in ('behaviour', 'level') then 3 else 1 end
    qualify
        row_number() over (
            partition by traits.segmentation_id, traits.cluster, traits.phrase_zh, traits.phrase_en
            order by part asc, noun_order asc, traits.trait_rank asc
        ) = 1

),

trait_lists as (

    select
        segmentation_id,
        cluster,
        part,
        string_agg(regexp_replace(phrase_zh, '群$', ''), '、' order by noun_order, trait_rank) as traits_zh,
        string_agg(phrase_en, ', ' order by noun_order, trait_rank) as traits_en,
        string_agg(evidence, '; ' order by noun_order, trait_rank) as evidence
    from told
    group by segmentation_id, cluster, part

),

-- The traits that a name has no room for.
portraits as (

    select
        segmentation_id,
        cluster,
        string_agg(traits_zh, '；' order by part) as traits_zh,
        string_agg(traits_en, '; ' order by part) as traits_en,
        string_agg(evidence, '; ' order by part) as evidence
    from trait_lists
    group by segmentation_id, cluster

),

named as (

    select
        segments.*,
        portraits.traits_zh,
        portraits.traits_en,
        coalesce(portraits.evidence, 'dim_segments') as trait_evidence
    from segments
    left join portraits
        on
            segments.segmentation_id = portraits.segmentation_id
            and segments.cluster = portraits.cluster

),

said as (

    select
        *,
        '群体命名' as dimension,
        1 as position,
        'name' as phrase,
        'dim_segments' as evidence
    from named
    union all
    select
        *,
        '群体命名' as dimension,
        2 as position,
        case when traits_zh is null then 'portrait_plain' else 'portrait' end as phrase,
        trait_evidence as evidence
    from named
    union all
    select
        *,
        '群体命名' as dimension,
        3 as position,
        'name_overridden' as phrase,
        'dim_segments' as evidence
    from named
    where is_overridden
    union all
    select
        *,
        '群体命名' as dimension,
        4 as position,
        'name_provisional' as phrase,
        'dim_segments' as evidence
    from named
    where is_provisional
    union all
    select
        *,
        '客户占比' as dimension,
        1 as position,
        'size' as phrase,
        'dim_segments' as evidence
    from named

)

select
    said.segmentation_id,
    said.cluster,
    said.dimension,
    said.position,
    said.phrase,
    {{ phrase_text('phrases.text_zh', {
        'name': 'said.name_zh',
        'traits': 'said.traits_zh',
        'reason': 'said.provisional_reason_zh',
        'customers': "format('{:,}', said.customers)",
        'share': percent_text('said.customer_share'),
        'value_share': percent_text('said.spend_share'),
        'label': 'attributes.label_zh'
    }) }} as text_zh,
    {{ phrase_text('phrases.text_en', {
        'name': 'said.name_en',
        'traits': 'said.traits_en',
        'reason': 'said.provisional_reason_en',
        'customers': "format('{:,}', said.customers)",
        'share': percent_text('said.customer_share'),
        'value_share': percent_text('said.spend_share'),
        'label': lower_initial('attributes.label_en')
    }) }} as text_en,
    said.evidence
from said
inner join attributes
    on attributes.attribute = '{{ var("value_attribute") }}'
inner join phrases
    on said.phrase = phrases.phrase
