with

attributes as (

    select * from {{ ref('int_attribute_selection') }}

),

counted as (

    select count(*) filter (where in_feature_set_a) as encoded_features
    from attributes

)

select
    encoded_features,
    case when encoded_features > {{ var('max_encoded_features') }} then 'famd_kmeans' else 'kprototypes' end as method
from counted
