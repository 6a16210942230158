with

segments as (

    select * from {{ ref('int_segment_names') }}

),

criteria as (

    select * from {{ ref('int_k_criteria') }}

),

rules as (

    select * from {{ ref('int_segment_rules') }}
    where golden_rank = 1

),

phrases as (

    select * from {{ ref('int_persona_phrases') }}

),

dimensions as (

    select distinct
        dimension,
        dimension_order
    from {{ ref('persona_dimensions') }}

),

personas as (

    select
        phrases.segmentation_id,
        phrases.cluster,
        string_agg(phrases.text_zh, '' order by dimensions.dimension_order, phrases.phrase_rank) filter (where phrases.in_persona)
            as persona_zh,
        string_agg(phrases.text_en, ' ' order by dimensions.dimension_order, phrases.phrase_rank) filter (where phrases.in_persona)
            as persona_en,
        string_agg(phrases.text_zh, '' order by phrases.phrase_rank) filter (where phrases.dimension = '建议') as playbook_zh,
        string_agg(phrases.text_en, ' ' order by phrases.phrase_rank) filter (where phrases.dimension = '建议') as playbook_en
    from phrases
    inner join dimensions
        on phrases.dimension = dimensions.dimension
    group by phrases.segmentation_id, phrases.cluster

),

criteria_by_segment as (

    select
        method || '_k' || k as segmentation_id,
        cluster,
        max(value) filter (where criterion = 'jaccard') as jaccard,
        max(verdict) filter (where criterion = 'jaccard') as stability,
        max(verdict_zh) filter (where criterion = 'jaccard') as stability_zh,
        max(value) filter (where criterion = 'silhouette') as mean_silhouette
    from criteria
    group by method, k, cluster

)

select
    segments.segmentation_id,
    segments.cluster,
    segments.segment_id,
    segments.name_zh,
    segments.name_en,
    segments.is_overridden,
    segments.is_provisional,
    segments.provisional_reason_zh,
    segments.provisional_reason_en,
    segments.customers,
    segments.customer_share,
    segments.segment_value,
    segments.spend_share,
    criteria_by_segment.mean_silhouette,
    criteria_by_segment.jaccard,
    criteria_by_segment.stability,
    criteria_by_segment.stability_zh,
    personas.persona_zh,
    personas.persona_en,
    personas.playbook_zh,
    personas.playbook_en,
    coalesce(
        {{ rule_sentence_zh('rules.conditions_zh', 'rules.precision', 'segments.name_zh') }}, '决策树没有找到足够准确的简短规则'
    ) as golden_rule_zh,
    coalesce(
        {{ rule_sentence_en('rules.conditions_en', 'rules.precision', 'segments.name_en') }},
        'The decision tree finds no short rule that is precise enough'
    ) as golden_rule_en
from segments
inner join personas
    on
        segments.segmentation_id = personas.segmentation_id
        and segments.cluster = personas.cluster
left join criteria_by_segment
    on
        segments.segmentation_id = criteria_by_segment.segmentation_id
        and segments.cluster = criteria_by_segment.cluster
left join rules
    on
        segments.segmentation_id = rules.segmentation_id
        and segments.cluster = rules.cluster
