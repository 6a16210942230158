with

triggers as (

    select
        playbook,
        case when attribute = 'value_attribute' then '{{ var("value_attribute") }}' else attribute end as attribute,
        level,
        cast(min_effect as double) as min_effect,
        cast(max_effect as double) as max_effect,
        cast(min_share as double) as min_share,
        cast(min_lift as double) as min_lift
    from {{ ref('playbook_triggers') }}

),

playbooks as (

    select
        playbook,
        cast(priority as integer) as priority
    from {{ ref('playbooks') }}

),

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

trigger_counts as (

    select
        playbook,
        count(*) as triggers
    from triggers
    group by playbook

),

-- Nothing follows from a number that most customers of the segment lack, nor from a difference that may be chance. A bound beyond
-- the average customer asks for a difference; one that leaves the average in only rules out its opposite.
pulled_by_numbers as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        triggers.playbook,
        abs(kpis.effect_size_transformed) as strength
    from kpis
    inner join triggers
        on kpis.attribute = triggers.attribute
    where
        triggers.level is null
        and kpis.known_customers >= 0.5 * kpis.customers
        and kpis.effect_size_transformed >= coalesce(triggers.min_effect, -1e9)
        and kpis.effect_size_transformed < coalesce(triggers.max_effect, 1e9)
        and (
            kpis.p_adjusted_transformed < 0.05
            or coalesce(triggers.min_effect, 0) <= 0 and coalesce(triggers.max_effect, 0) >= 0
        )

),

-- A share is put on the scale of an effect by the standard deviation of having the level.
pulled_by_levels as (

    select
        mix.segmentation_id,
        mix.cluster,
        triggers.playbook,
        (mix.share_of_segment - mix.share_overall) / sqrt(greatest(mix.share_overall * (1 - mix.share_overall), 1e-12)) as strength
    from mix
    inner join triggers
        on
            mix.attribute = triggers.attribute
            and mix.level = triggers.level
    where
        mix.share_of_segment >= coalesce(triggers.min_share, 0)
        and mix.lift >= coalesce(triggers.min_lift, 0)
        and (mix.p_adjusted < 0.05 or coalesce(triggers.min_lift, 0) <= 1)

),

pulled as (

    select * from pulled_by_numbers
    union all
    select * from pulled_by_levels

),

fired as (

    select
        pulled.segmentation_id,
        pulled.cluster,
        pulled.playbook,
        avg(pulled.strength) as strength
    from pulled
    inner join trigger_counts
        on pulled.playbook = trigger_counts.playbook
    group by pulled.segmentation_id, pulled.cluster, pulled.playbook, trigger_counts.triggers
    having count(*) = trigger_counts.triggers

)

select
    fired.segmentation_id,
    fired.cluster,
    fired.playbook,
    fired.strength,
    playbooks.priority,
    row_number() over (
        partition by fired.segmentation_id, fired.cluster
        order by fired.strength desc, playbooks.priority asc, fired.playbook asc
    ) as playbook_rank
from fired
inner join playbooks
    on fired.playbook = playbooks.playbook
