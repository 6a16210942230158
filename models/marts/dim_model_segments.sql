{{ kept_by('model_version') }}

with

fitted_model as (

    select * from {{ ref('int_fitted_model') }}

),

segments as (

    select * from {{ ref('dim_segments') }}

)

select
    fitted_model.model_version,
    segments.cluster,
    segments.segment_id,
    segments.name_zh,
    segments.name_en,
    segments.is_provisional,
    segments.customers,
    segments.customer_share,
    segments.mean_silhouette
from segments
inner join fitted_model
    on segments.segmentation_id = fitted_model.segmentation_id
