{{ kept_by('model_version') }}

with

fitted_model as (

    select * from {{ ref('int_fitted_model') }}

),

segmentations as (

    select * from {{ ref('dim_segmentations') }}

)

select
    fitted_model.model_version,
    fitted_model.segmentation_id,
    fitted_model.method,
    fitted_model.k,
    fitted_model.as_of_date,
    fitted_model.training_customers,
    fitted_model.inputs,
    fitted_model.settings,
    segmentations.mean_silhouette
from fitted_model
inner join segmentations
    on fitted_model.segmentation_id = segmentations.segmentation_id
