with

customers as (

    select * from {{ ref('int_famd_coordinates') }}

),

parameters as (

    select * from {{ ref('ml_famd_kmeans_parameters') }}

),

populations as (

    select * from {{ ref('int_scored_populations') }}

),

centers as (

    select
        segmentation_id,
        cluster,
        list(value order by axis) as center
    from parameters
    where parameter = 'center'
    group by segmentation_id, cluster

),

segmentations as (

    select
        segmentation_id,
        cast(count(*) as integer) as k,
        max(len(center)) as n_axes,
        list(center order by cluster) as centers
    from centers
    group by segmentation_id

),

distances as (

    select
        customers.customer_id,
        customers.is_training_customer,
        segmentations.segmentation_id,
        segmentations.k,
        list_transform(
            range(1, segmentations.k + 1),
            lambda c: power(list_distance(customers.coordinates[1:segmentations.n_axes], segmentations.centers[c]), 2)
        ) as distances
    from customers
    inner join populations
        on customers.is_training_customer = populations.is_training_customer
    inner join segmentations
        on populations.segmentation_id = segmentations.segmentation_id

)

select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    {{ ranked_clusters('distances') }} as ranked
from distances
