with

customers as (

    select * from {{ ref('int_famd_coordinates') }}

),

mixtures as (

    select * from {{ ref('int_famd_gmm_components') }}

),

populations as (

    select * from {{ ref('int_scored_populations') }}

),

-- Only the axes that the mixture was fitted on.
located as (

    select
        customers.customer_id,
        customers.is_training_customer,
        mixtures.segmentation_id,
        mixtures.k,
        mixtures.components,
        customers.coordinates[1:mixtures.n_axes] as coordinates
    from customers
    inner join populations
        on customers.is_training_customer = populations.is_training_customer
    inner join mixtures
        on populations.segmentation_id = mixtures.segmentation_id

),

-- Logarithm of weight times density by component; the factor that all components share is left out.
densities as (

    select
        *,
        list_transform(
            components,
            lambda component: component['constant'] - 0.5 * list_sum(
                list_transform(
                    component['whitening'],
                    lambda whitening_column: power(
                        list_dot_product(coordinates, whitening_column) - list_dot_product(component['mean'], whitening_column), 2
                    )
                )
            )
        ) as log_densities
    from located

),

totals as (

    select
        *,
        list_max(log_densities)
        + ln(list_sum(list_transform(log_densities, lambda density: exp(density - list_max(log_densities))))) as log_total
    from densities

),

-- The distance to a component is minus the logarithm of its posterior probability: finite where that underflows.
distances as (

    select
        *,
        list_transform(log_densities, lambda density: log_total - density) as distances
    from totals

)

select
    customer_id,
    segmentation_id,
    k,
    is_training_customer,
    {{ ranked_clusters('distances') }} as ranked,
    list_transform(distances, lambda distance: exp(-distance)) as probabilities,
    list_max(log_densities) as log_density
from distances
