with

segments as (

    select * from {{ ref('int_segment_names') }}

),

said as (

    select * from {{ ref('int_persona_phrases') }}

),

dimension_themes as (

    select * from {{ ref('persona_dimensions') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

phrases as (

    select * from {{ ref('persona_phrases') }}

),

dimensions as (

    select
        dimension_themes.dimension_order,
        dimension_themes.dimension,
        dimension_themes.dimension_en,
        coalesce(
            bool_or((attributes.is_in_file or attributes.in_feature_set_a) and attributes.role not in ('id', 'excluded')), false
        ) as is_in_file
    from dimension_themes
    left join attributes
        on dimension_themes.theme = attributes.theme
    group by dimension_themes.dimension_order, dimension_themes.dimension, dimension_themes.dimension_en

),

-- What is told where nothing speaks for a row of the card: the file is silent, or the segment is like everyone.
silences as (

    select
        dimensions.dimension,
        phrases.phrase,
        phrases.text_zh,
        phrases.text_en
    from dimensions
    inner join phrases
        on phrases.phrase = case when dimensions.is_in_file then 'nothing_special' else 'nothing' end

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
        coalesce(said.phrase, silences.phrase) as phrase,
        coalesce(said.text_zh, silences.text_zh || '。') as text_zh,
        coalesce(said.text_en, silences.text_en || '.') as text_en,
        said.evidence
    from segments
    cross join dimensions
    inner join silences
        on dimensions.dimension = silences.dimension
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
