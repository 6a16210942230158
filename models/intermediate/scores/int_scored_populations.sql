with

labels as (

    select * from {{ ref('int_training_labels') }}

),

ranges as (

    select * from {{ ref('ml_technical_range') }}

),

main_method as (

    select * from {{ ref('int_main_method') }}

),

features as (

    select * from {{ ref('int_customer_features') }}

),

populations as (

    select distinct is_training_customer
    from features

),

segmentations as (

    select distinct
        segmentation_id,
        method,
        k
    from labels

),

-- The K of the technical range are those that the decision chooses from, unless a person names another.
judged as (

    select
        segmentations.segmentation_id,
        segmentations.method = {{ sql_literal(var('final_method')) if var('final_method') else 'main_method.method' }}
        and {{ 'segmentations.k = ' ~ var('final_k') if var('final_k') is not none
            else "list_contains(string_split(ranges.k_values, ','), cast(segmentations.k as varchar))" }} as can_be_final
    from segmentations
    inner join ranges
        on segmentations.method = ranges.method
    cross join main_method

),

paired as (

    select
        judged.segmentation_id,
        populations.is_training_customer,
        judged.can_be_final,
        count(*) over (partition by judged.segmentation_id) as populations
    from judged
    cross join populations

)

select
    segmentation_id,
    is_training_customer,
    can_be_final,
    case when can_be_final or populations = 1 then 'everyone' else 'training customers' end as basis
from paired
where is_training_customer or can_be_final
