with

rules as (

    select * from {{ ref('int_segment_rules') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

)

select
    rules.segmentation_id,
    rules.leaf,
    rules.tree,
    rules.cluster,
    rules.segment_id,
    rules.predicate_sql,
    {{ rule_sentence_zh('rules.conditions_zh', 'rules.precision', 'segments.name_zh') }} as rule_zh,
    {{ rule_sentence_en('rules.conditions_en', 'rules.precision', 'segments.name_en') }} as rule_en,
    rules.conditions,
    rules.customers,
    rules.precision,
    rules.recall,
    rules.coverage,
    rules.lift,
    rules.golden_rank is not null as is_golden,
    rules.golden_rank,
    rules.is_corroborated,
    rules.contradiction_zh,
    rules.contradiction_en,
    rules.is_discovery,
    rules.discovery_zh,
    rules.discovery_en
from rules
inner join segments
    on
        rules.segmentation_id = segments.segmentation_id
        and rules.cluster = segments.cluster
