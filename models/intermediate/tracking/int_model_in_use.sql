with

models as (

    select * from {{ ref('dim_models') }}

),

fitted_model as (

    select * from {{ ref('int_fitted_model') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

)

select
    models.model_version,
    models.segmentation_id,
    models.method,
    models.k,
    -- Whether it was fitted on this very snapshot: only then the tree of Ward's method has put these customers where they are.
    models.as_of_date = snapshot.as_of_date and models.model_version = fitted_model.model_version as is_of_this_snapshot
from models
cross join fitted_model
cross join snapshot
where models.model_version = {{ sql_literal(var('model_version')) if var('model_version') else 'fitted_model.model_version' }}
