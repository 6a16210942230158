with

flows as (

    select * from {{ ref('int_segment_flows') }}

),

segments as (

    select * from {{ ref('dim_model_segments') }}

)

select
    flows.from_date,
    flows.to_date,
    flows.movement,
    flows.from_segment_id,
    from_segments.name_zh as from_name_zh,
    from_segments.name_en as from_name_en,
    flows.to_segment_id,
    to_segments.name_zh as to_name_zh,
    to_segments.name_en as to_name_en,
    flows.customers,
    flows.moved_by_customer,
    flows.moved_by_model,
    case
        when flows.from_segment_id is not null
            then flows.customers / sum(flows.customers) over (partition by flows.to_date, flows.from_segment_id)
    end as transition_probability,
    flows.value_before,
    flows.value_after,
    flows.from_model_version != flows.to_model_version as is_refit
from flows
left join segments as from_segments
    on
        flows.from_model_version = from_segments.model_version
        and flows.from_segment_id = from_segments.segment_id
left join segments as to_segments
    on
        flows.to_model_version = to_segments.model_version
        and flows.to_segment_id = to_segments.segment_id
