with

segments as (

    select * from {{ ref('int_segments') }}

),

labels as (

    select * from {{ ref('rpt_segment_labels') }}
    where verdict in ('clearly_better', 'clearly_worse')

),

numbers as (

    select * from {{ ref('int_persona_numbers') }}

),

levels as (

    select * from {{ ref('int_persona_levels') }}

),

-- Of two segments each is the other's opposite: that says more than a comparison with everyone.
theme_labels as (

    select
        labels.segmentation_id,
        labels.cluster,
        labels.theme,
        -1 as position,
        labels.verdict as phrase,
        labels.label_zh as text_zh,
        labels.label_en as text_en,
        'rpt_segment_labels where theme = ''' || labels.theme || ''' and compared_with = ''' || labels.compared_with || '''' as evidence
    from labels
    inner join segments
        on
            labels.segmentation_id = segments.segmentation_id
            and labels.cluster = segments.cluster
    where (labels.compared_with = 'everyone') = (segments.k > 2)

),

-- What all its indicators set apart is not much like everyone, though it may be most of everyone.
telling_numbers as (

    select numbers.*
    from numbers
    left join theme_labels
        on
            numbers.segmentation_id = theme_labels.segmentation_id
            and numbers.cluster = theme_labels.cluster
            and numbers.theme = theme_labels.theme
    where numbers.phrase != 'numbers_similar' or theme_labels.theme is null

),

said as (

    select * from theme_labels
    union all
    select * from telling_numbers
    union all
    select * from levels

)

select
    segmentation_id,
    cluster,
    theme,
    position,
    phrase,
    text_zh,
    text_en,
    evidence
from said
