with

segments as (

    select * from {{ ref('int_segments') }}

),

rules as (

    select * from {{ ref('int_segment_rules') }}
    where golden_rank is not null

),

phrases as (

    select * from {{ ref('persona_phrases') }}

),

-- A rule, then of which tree it is, what it found that the clustering did not use, and what the profile says against it.
golden as (

    select
        *,
        10 * golden_rank as position,
        'rule_golden' as phrase
    from rules

),

own_trees as (

    select
        *,
        10 * golden_rank + 1 as position,
        'rule_one_segment' as phrase
    from rules
    where tree = 'one_segment'

),

discoveries as (

    select
        *,
        10 * golden_rank + 2 as position,
        'rule_discovery' as phrase
    from rules
    where is_discovery

),

contradictions as (

    select
        *,
        10 * golden_rank + 3 as position,
        'rule_contradiction' as phrase
    from rules
    where not is_corroborated

),

said as (

    select * from golden
    union all
    select * from own_trees
    union all
    select * from discoveries
    union all
    select * from contradictions

),

of_segments as (

    select
        segments.segmentation_id,
        segments.cluster,
        coalesce(said.position, 10) as position,
        coalesce(said.phrase, 'rule_none') as phrase,
        said.leaf,
        said.conditions_zh,
        said.conditions_en,
        {{ percent_text('said.precision') }} as precision,
        {{ percent_text('said.recall') }} as recall,
        said.discovery_zh,
        said.discovery_en,
        said.contradiction_zh,
        said.contradiction_en
    from segments
    left join said
        on
            segments.segmentation_id = said.segmentation_id
            and segments.cluster = said.cluster

)

select
    of_segments.segmentation_id,
    of_segments.cluster,
    '核心规则' as dimension,
    of_segments.position,
    of_segments.phrase,
    {{ phrase_text('phrases.text_zh', {
        'conditions': 'of_segments.conditions_zh',
        'precision': 'of_segments.precision',
        'recall': 'of_segments.recall',
        'discovery': 'of_segments.discovery_zh',
        'contradiction': 'of_segments.contradiction_zh'
    }) }} as text_zh,
    {{ phrase_text('phrases.text_en', {
        'conditions': 'of_segments.conditions_en',
        'precision': 'of_segments.precision',
        'recall': 'of_segments.recall',
        'discovery': 'of_segments.discovery_en',
        'contradiction': 'of_segments.contradiction_en'
    }) }} as text_en,
    'rpt_segment_rules where leaf = ' || of_segments.leaf as evidence
from of_segments
inner join phrases
    on of_segments.phrase = phrases.phrase
