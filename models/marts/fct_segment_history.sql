{{ kept_by('as_of_date') }}

with

customers as (

    select * from {{ ref('fct_customer_segments') }}

),

attributes as (

    select
        customer_id,
        greatest(coalesce(cast({{ var('value_attribute') }} as double), 0), 0) as customer_value
    from {{ ref('int_customer_attributes') }}

),

previous_model_scores as (

    select * from {{ ref('int_previous_model_scores') }}

)

select
    customers.as_of_date,
    customers.customer_id,
    customers.segment_id,
    customers.segmentation_id,
    customers.cluster,
    customers.model_version,
    previous_model_scores.segment_id as segment_id_by_previous_model,
    attributes.customer_value,
    customers.silhouette,
    customers.is_borderline
from customers
inner join attributes
    on customers.customer_id = attributes.customer_id
left join previous_model_scores
    on customers.customer_id = previous_model_scores.customer_id
