with

segments as (

    select * from {{ ref('int_segment_names') }}

),

said as (

    select * from {{ ref('int_persona_phrases') }}

),

dimensions as (

    select distinct
        dimension_order,
        dimension,
        dimension_en
    from {{ ref('persona_dimensions') }}

),

-- What is told where nothing speaks for a row of the card.
nothing as (

    select * from {{ ref('persona_phrases') }}
    where phrase = 'nothing'

),

lines as (

    select
        segments.segmentation_id,
        segments.cluster,
        segments.segment_id,
        dimensions.dimension,
        dimensions.dimension_en,
        dimensions.dimension_order,
        coalesce(said.phrase_rank, 1) as phrase_rank,
        coalesce(said.phrase, nothing.phrase) as phrase,
        coalesce(said.text_zh, nothing.text_zh || '。') as text_zh,
        coalesce(said.text_en, nothing.text_en || '.') as text_en,
        said.evidence
    from segments
    cross join dimensions
    cross join nothing
    left join said
        on
            segments.segmentation_id = said.segmentation_id
            and segments.cluster = said.cluster
            and dimensions.dimension = said.dimension

)

select
    segmentation_id,
    cluster,
    segment_id,
    dimension,
    dimension_en,
    cast(dimension_order as integer) as dimension_order,
    string_agg(text_zh, '' order by phrase_rank) as text_zh,
    string_agg(text_en, ' ' order by phrase_rank) as text_en,
    string_agg(phrase, ', ' order by phrase_rank) as phrase_ids,
    string_agg(evidence, '; ' order by phrase_rank) as evidence
from lines
group by segmentation_id, cluster, segment_id, dimension, dimension_en, dimension_order
