{{ kept_by('model_version') }}

with

fitted_model as (

    select * from {{ ref('int_fitted_model') }}

),

parameters as (

    select * from {{ ref('int_fitted_parameters') }}

)

select
    fitted_model.model_version,
    parameters.parameter_table,
    parameters.row_number,
    parameters.segmentation_id,
    parameters.cluster,
    parameters.attribute,
    parameters.level,
    parameters.fold,
    parameters.axis,
    parameters.other_axis,
    parameters.encoding,
    parameters.transform,
    parameters.parameter,
    parameters.value
from parameters
cross join fitted_model
