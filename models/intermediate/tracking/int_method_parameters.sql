with

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

kprototypes as (

    select * from {{ ref('ml_kprototypes_parameters') }}

),

kmeans as (

    select * from {{ ref('ml_famd_kmeans_parameters') }}

),

mixtures as (

    select * from {{ ref('ml_famd_gmm_parameters') }}

),

agglomerative as (

    select * from {{ ref('ml_agglomerative_parameters') }}

),

parameters as (

    select
        'ml_kprototypes_parameters' as parameter_table,
        segmentation_id,
        cluster,
        attribute,
        level,
        parameter,
        value
    from kprototypes
    union all by name
    select
        'ml_famd_kmeans_parameters' as parameter_table,
        segmentation_id,
        cluster,
        axis,
        other_axis,
        parameter,
        value
    from kmeans
    union all by name
    select
        'ml_famd_gmm_parameters' as parameter_table,
        segmentation_id,
        cluster,
        axis,
        other_axis,
        parameter,
        value
    from mixtures
    -- Beside the components there is the BIC of every type of covariance.
    where cluster is not null
    union all by name
    select
        'ml_agglomerative_parameters' as parameter_table,
        segmentation_id,
        cluster,
        attribute,
        level,
        parameter,
        value
    from agglomerative

)

select parameters.*
from parameters
inner join decision
    on parameters.segmentation_id = decision.segmentation_id
