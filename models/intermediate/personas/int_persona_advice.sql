with

segments as (

    select * from {{ ref('int_segment_names') }}

),

playbooks as (

    select * from {{ ref('rpt_segment_playbooks') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

phrases as (

    select * from {{ ref('persona_phrases') }}

),

advice as (

    select
        segments.segmentation_id,
        segments.cluster,
        coalesce(playbooks.playbook_rank, 1) as position,
        case
            when playbooks.playbook is null then 'playbook_none'
            when attributes.data_type = 'flag' then 'playbook_share'
            else 'playbook'
        end as phrase,
        playbooks.playbook_rank,
        playbooks.playbook,
        playbooks.kpi,
        playbooks.label_zh,
        playbooks.label_en,
        playbooks.goal_zh,
        playbooks.goal_en,
        playbooks.action_zh,
        playbooks.action_en,
        playbooks.kpi_zh,
        playbooks.kpi_en,
        playbooks.kpi_value_zh,
        playbooks.kpi_value_en,
        playbooks.kpi_overall_value_zh,
        playbooks.kpi_overall_value_en
    from segments
    left join playbooks
        on
            segments.segmentation_id = playbooks.segmentation_id
            and segments.cluster = playbooks.cluster
    left join attributes
        on playbooks.kpi = attributes.attribute

)

select
    advice.segmentation_id,
    advice.cluster,
    '建议' as dimension,
    advice.position,
    advice.phrase,
    {{ phrase_text('phrases.text_zh', {
        'rank': 'advice.playbook_rank',
        'label': 'advice.label_zh',
        'action': 'advice.action_zh',
        'goal': 'advice.goal_zh',
        'kpi': 'advice.kpi_zh',
        'value': 'advice.kpi_value_zh',
        'overall': 'advice.kpi_overall_value_zh'
    }) }} as text_zh,
    {{ phrase_text('phrases.text_en', {
        'rank': 'advice.playbook_rank',
        'label': 'advice.label_en',
        'action': 'advice.action_en',
        'goal': 'advice.goal_en',
        'kpi': 'advice.kpi_en',
        'value': 'advice.kpi_value_en',
        'overall': 'advice.kpi_overall_value_en'
    }) }} as text_en,
    case when advice.playbook is not null then 'rpt_segment_playbooks where playbook = ''' || advice.playbook || '''' end as evidence
from advice
inner join phrases
    on advice.phrase = phrases.phrase
