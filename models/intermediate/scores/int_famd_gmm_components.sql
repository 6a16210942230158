with

parameters as (

    select * from {{ ref('ml_famd_gmm_parameters') }}
    where cluster is not null

),

-- The columns of P, the inverse covariance being P P'.
whitening_columns as (

    select
        segmentation_id,
        cluster,
        other_axis,
        list(value order by axis) as whitening_column
    from parameters
    where parameter = 'precision_cholesky'
    group by segmentation_id, cluster, other_axis

),

whitenings as (

    select
        segmentation_id,
        cluster,
        list(whitening_column order by other_axis) as whitening
    from whitening_columns
    group by segmentation_id, cluster

),

single_numbers as (

    select
        segmentation_id,
        cluster,
        ln(max(value) filter (where parameter = 'weight')) + max(value) filter (where parameter = 'log_determinant') as constant,
        list(value order by axis) filter (where parameter = 'mean') as mean
    from parameters
    group by segmentation_id, cluster

)

select
    single_numbers.segmentation_id,
    cast(count(*) as integer) as k,
    max(len(single_numbers.mean)) as n_axes,
    list(
        {'constant': single_numbers.constant, 'mean': single_numbers.mean, 'whitening': whitenings.whitening}
        order by single_numbers.cluster
    ) as components
from single_numbers
inner join whitenings
    on
        single_numbers.segmentation_id = whitenings.segmentation_id
        and single_numbers.cluster = whitenings.cluster
group by single_numbers.segmentation_id
