with

phrases as (

    select * from {{ ref('int_persona_phrases') }}

),

dimensions as (

    select distinct
        dimension_order,
        dimension,
        dimension_en
    from {{ ref('persona_dimensions') }}

),

segments as (

    select * from {{ ref('int_segments') }}

)

select
    phrases.segmentation_id,
    phrases.cluster,
    segments.segment_id,
    phrases.dimension,
    dimensions.dimension_en,
    cast(dimensions.dimension_order as integer) as dimension_order,
    string_agg(phrases.text_zh, '' order by phrases.phrase_rank) as text_zh,
    string_agg(phrases.text_en, ' ' order by phrases.phrase_rank) as text_en,
    string_agg(phrases.phrase, ', ' order by phrases.phrase_rank) as phrase_ids,
    string_agg(phrases.evidence, '; ' order by phrases.phrase_rank) as evidence
from phrases
inner join dimensions
    on phrases.dimension = dimensions.dimension
inner join segments
    on
        phrases.segmentation_id = segments.segmentation_id
        and phrases.cluster = segments.cluster
group by
    phrases.segmentation_id,
    phrases.cluster,
    segments.segment_id,
    phrases.dimension,
    dimensions.dimension_en,
    dimensions.dimension_order
