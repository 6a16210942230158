with

fired as (

    select * from {{ ref('int_segment_playbooks') }}
    where playbook_rank <= 3

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

-- A number is watched by its median, a flag by the share of customers that have it; of a category there is no one value.
watched as (

    select
        segmentation_id,
        cluster,
        attribute,
        median as value,
        overall_median as overall_value
    from kpis
    union all
    select
        segmentation_id,
        cluster,
        attribute,
        share_of_segment as value,
        share_overall as overall_value
    from mix
    where level = '1'

),

advised as (

    select
        fired.segmentation_id,
        fired.cluster,
        segments.segment_id,
        cast(fired.playbook_rank as integer) as playbook_rank,
        fired.playbook,
        playbooks.label_zh,
        playbooks.label_en,
        playbooks.goal_zh,
        playbooks.goal_en,
        playbooks.action_zh,
        playbooks.action_en,
        cast(playbooks.priority as integer) as priority,
        fired.strength,
        playbooks.kpi,
        attributes.label_zh as kpi_zh,
        attributes.label_en as kpi_en,
        attributes.unit,
        attributes.data_type = 'flag' or attributes.valid_min = 0 and attributes.valid_max = 1 as is_share,
        watched.value as kpi_value,
        watched.overall_value as kpi_overall_value
    from fired
    inner join segments
        on
            fired.segmentation_id = segments.segmentation_id
            and fired.cluster = segments.cluster
    inner join playbooks
        on fired.playbook = playbooks.playbook
    inner join attributes
        on playbooks.kpi = attributes.attribute
    left join watched
        on
            fired.segmentation_id = watched.segmentation_id
            and fired.cluster = watched.cluster
            and playbooks.kpi = watched.attribute

)

select
    segmentation_id,
    cluster,
    segment_id,
    playbook_rank,
    playbook,
    label_zh,
    label_en,
    goal_zh,
    goal_en,
    action_zh,
    action_en,
    priority,
    strength,
    kpi,
    kpi_zh,
    kpi_en,
    kpi_value,
    kpi_overall_value,
    {{ number_text_zh('kpi_value', 'unit', 'is_share') }} as kpi_value_zh,
    {{ number_text_en('kpi_value', 'unit', 'is_share') }} as kpi_value_en,
    {{ number_text_zh('kpi_overall_value', 'unit', 'is_share') }} as kpi_overall_value_zh,
    {{ number_text_en('kpi_overall_value', 'unit', 'is_share') }} as kpi_overall_value_en
from advised
