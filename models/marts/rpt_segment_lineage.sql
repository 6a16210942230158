{{ kept_by('as_of_date') }}

with

fitted_model as (

    select * from {{ ref('int_fitted_model') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

),

previous_segments as (

    select * from {{ ref('int_previous_segments') }}

),

segment_overlaps as (

    select * from {{ ref('int_segment_overlaps') }}

),

parameters as (

    select * from {{ ref('fct_model_parameters') }}

),

new_segments as (

    select
        segments.*,
        previous_segments.segment_id is not null as is_kept
    from segments
    inner join fitted_model
        on segments.segmentation_id = fitted_model.segmentation_id
    left join previous_segments
        on segments.segment_id = previous_segments.segment_id

),

pairs as (

    select
        new_segments.segment_id,
        segment_overlaps.segment_id as from_segment_id,
        segment_overlaps.common_customers,
        segment_overlaps.common_customers / segment_overlaps.segment_customers as share_of_previous,
        segment_overlaps.common_customers / new_segments.customers as share_of_segment,
        segment_overlaps.jaccard,
        segment_overlaps.distance,
        row_number() over (
            partition by new_segments.segment_id
            order by segment_overlaps.common_customers desc, segment_overlaps.segment_id asc
        ) as source_rank,
        row_number() over (
            partition by segment_overlaps.segment_id
            order by segment_overlaps.common_customers desc, new_segments.segment_id asc
        ) as destination_rank
    from segment_overlaps
    inner join new_segments
        on
            segment_overlaps.segmentation_id = new_segments.segmentation_id
            and segment_overlaps.cluster = new_segments.cluster

),

-- Of a segment with a new id, where most of it comes from; of an id that is gone, where most of it went.
events as (

    select
        'survived' as event,
        segment_id,
        segment_id as from_segment_id
    from new_segments
    where is_kept
    union all
    select
        case when pairs.share_of_segment >= 0.5 then 'split' else 'born' end as event,
        new_segments.segment_id,
        case when pairs.share_of_segment >= 0.5 then pairs.from_segment_id end as from_segment_id
    from new_segments
    left join pairs
        on
            new_segments.segment_id = pairs.segment_id
            and pairs.source_rank = 1
    where not new_segments.is_kept
    union all
    select
        case when pairs.share_of_previous >= 0.5 then 'absorbed' else 'retired' end as event,
        case when pairs.share_of_previous >= 0.5 then pairs.segment_id end as segment_id,
        previous_segments.segment_id as from_segment_id
    from previous_segments
    left join pairs
        on
            previous_segments.segment_id = pairs.from_segment_id
            and pairs.destination_rank = 1
    left join new_segments
        on previous_segments.segment_id = new_segments.segment_id
    where new_segments.segment_id is null

),

inputs as (

    select distinct
        model_version,
        attribute
    from parameters
    where parameter_table = 'ml_feature_set_a_parameters'

),

new_inputs as (

    select inputs.attribute
    from inputs
    inner join fitted_model
        on inputs.model_version = fitted_model.model_version

),

previous_model as (

    select
        any_value(as_of_date) as as_of_date,
        any_value(model_version) as model_version
    from previous_segments

),

previous_inputs as (

    select inputs.attribute
    from inputs
    inner join previous_model
        on inputs.model_version = previous_model.model_version

),

-- No model before the first one, and so no change of inputs.
changed_inputs as (

    select
        string_agg(new_inputs.attribute, ', ' order by new_inputs.attribute) filter (where previous_inputs.attribute is null)
            as inputs_added,
        string_agg(previous_inputs.attribute, ', ' order by previous_inputs.attribute) filter (where new_inputs.attribute is null)
            as inputs_removed
    from new_inputs
    full join previous_inputs
        on new_inputs.attribute = previous_inputs.attribute
    cross join previous_model
    where previous_model.model_version is not null

)

select
    fitted_model.as_of_date,
    fitted_model.model_version,
    previous_model.as_of_date as previous_as_of_date,
    previous_model.model_version as previous_model_version,
    events.event,
    case events.event
        when 'survived' then '延续'
        when 'split' then '拆分'
        when 'absorbed' then '并入'
        when 'born' then '新生'
        else '消失'
    end as event_zh,
    events.segment_id,
    new_segments.name_zh,
    new_segments.name_en,
    events.from_segment_id,
    previous_segments.name_zh as from_name_zh,
    previous_segments.name_en as from_name_en,
    new_segments.customers,
    previous_segments.customers as from_customers,
    pairs.common_customers,
    pairs.jaccard,
    pairs.share_of_previous,
    pairs.share_of_segment,
    pairs.distance,
    changed_inputs.inputs_added,
    changed_inputs.inputs_removed
from events
cross join fitted_model
cross join changed_inputs
cross join previous_model
left join new_segments
    on events.segment_id = new_segments.segment_id
left join previous_segments
    on events.from_segment_id = previous_segments.segment_id
left join pairs
    on
        events.segment_id = pairs.segment_id
        and events.from_segment_id = pairs.from_segment_id
