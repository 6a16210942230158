with

parameters as (

    select * from {{ ref('ml_famd_parameters') }}

),

chosen_axes as (

    select max(n_axes) as n_axes
    from {{ ref('ml_famd_axes') }}
    where is_chosen

),

eigenvalues as (

    select
        axis,
        value as eigenvalue
    from parameters
    where parameter = 'eigenvalue'

)

select
    eigenvalues.axis,
    eigenvalues.eigenvalue,
    eigenvalues.eigenvalue / sum(eigenvalues.eigenvalue) over () as inertia_share,
    sum(eigenvalues.eigenvalue) over (order by eigenvalues.axis) / sum(eigenvalues.eigenvalue) over () as cumulative_share,
    eigenvalues.axis <= chosen_axes.n_axes as is_clustered_on
from eigenvalues
cross join chosen_axes
