with

fired as (

    select * from {{ ref('int_segment_playbooks') }}

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

-- The three that fire most strongly, and the most urgent of the others: a risk, though few bear it, and what cannot wait.
-- The most urgent of those that are not among the first three, if any is urgent, comes first in its order.
ranked as (

    select
        fired.segmentation_id,
        fired.cluster,
        fired.playbook,
        fired.strength,
        fired.playbook_rank,
        cast(playbooks.priority as integer) as priority,
        row_number() over (
            partition by fired.segmentation_id, fired.cluster
            order by
                fired.playbook_rank <= 3 asc,
                cast(playbooks.priority as integer) asc,
                attributes.theme is not distinct from 'risk' desc,
                fired.playbook_rank asc
        ) as urgency_rank
    from fired
    inner join playbooks
        on fired.playbook = playbooks.playbook
    inner join attributes
        on playbooks.kpi = attributes.attribute

),

chosen as (

    select
        segmentation_id,
        cluster,
        playbook,
        strength,
        playbook_rank
    from ranked
    where playbook_rank <= 3 or (urgency_rank = 1 and priority = 1)

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
        chosen.segmentation_id,
        chosen.cluster,
        segments.segment_id,
        cast(
            row_number() over (partition by chosen.segmentation_id, chosen.cluster order by chosen.playbook_rank) as integer
        ) as playbook_rank,
        chosen.playbook,
        playbooks.label_zh,
        playbooks.label_en,
        playbooks.goal_zh,
        playbooks.goal_en,
        playbooks.action_zh,
        playbooks.action_en,
        cast(playbooks.priority as integer) as priority,
        chosen.strength,
        playbooks.kpi,
        attributes.label_zh as kpi_zh,
        attributes.label_en as kpi_en,
        attributes.data_type = 'flag' as kpi_is_share,
        attributes.unit,
        attributes.data_type = 'flag' or attributes.valid_min = 0 and attributes.valid_max = 1 as is_share,
        watched.value as kpi_value,
        watched.overall_value as kpi_overall_value
    from chosen
    inner join segments
        on
            chosen.segmentation_id = segments.segmentation_id
            and chosen.cluster = segments.cluster
    inner join playbooks
        on chosen.playbook = playbooks.playbook
    inner join attributes
        on playbooks.kpi = attributes.attribute
    left join watched
        on
            chosen.segmentation_id = watched.segmentation_id
            and chosen.cluster = watched.cluster
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
    kpi_is_share,
    kpi_value,
    kpi_overall_value,
    {{ number_text_zh('kpi_value', 'unit', 'is_share') }} as kpi_value_zh,
    {{ number_text_en('kpi_value', 'unit', 'is_share') }} as kpi_value_en,
    {{ number_text_zh('kpi_overall_value', 'unit', 'is_share') }} as kpi_overall_value_zh,
    {{ number_text_en('kpi_overall_value', 'unit', 'is_share') }} as kpi_overall_value_en
from advised
