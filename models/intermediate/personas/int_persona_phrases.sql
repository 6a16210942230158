with

identity as (

    select * from {{ ref('int_persona_identity') }}

),

rules as (

    select * from {{ ref('int_persona_rules') }}

),

themes as (

    select * from {{ ref('int_persona_themes') }}

),

dimensions as (

    select
        dimension,
        theme
    from {{ ref('persona_dimensions') }}
    where theme is not null

),

examples as (

    select * from {{ ref('int_persona_examples') }}

),

advice as (

    select * from {{ ref('int_persona_advice') }}

),

placed_themes as (

    select
        themes.*,
        dimensions.dimension
    from themes
    inner join dimensions
        on themes.theme = dimensions.theme

),

phrases as (

    select * from identity
    union all by name
    select * from rules
    union all by name
    select * from placed_themes
    union all by name
    select * from examples
    union all by name
    select * from advice

),

-- A persona in one paragraph: its size and, of every theme, what is said first, when it sets the segment apart.
ranked as (

    select
        *,
        row_number() over (partition by segmentation_id, cluster, dimension order by theme asc, position asc) as phrase_rank,
        row_number() over (
            partition by segmentation_id, cluster, theme
            order by phrase in ('whales', 'number_unknown', 'numbers_similar', 'levels_unknown', 'levels_flat') asc, position asc
        ) as theme_rank
    from phrases

)

select
    segmentation_id,
    cluster,
    dimension,
    phrase_rank,
    phrase,
    phrase in ('portrait', 'size')
    or (
        theme is not null
        and theme != 'scale'
        and theme_rank <= case when theme = 'spending_power' then 2 else 1 end
        and phrase not in ('whales', 'number_unknown', 'numbers_similar', 'levels_unknown', 'levels_flat', 'risk_average', 'nothing')
    ) as in_persona,
    rtrim(text_zh, '。') || '。' as text_zh,
    rtrim(text_en, '.') || '.' as text_en,
    evidence
from ranked
