{%- set columns = 48 -%}
{%- set rows = 36 -%}

with

coordinates as (

    select * from {{ ref('int_famd_coordinates') }}

),

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

positions as (

    select
        customer_id,
        is_training_customer,
        coordinates[1] as x,
        coalesce(coordinates[2], 0) as y
    from coordinates

),

-- All but the outermost half per cent of the training customers at each end; who is farther out stands at the edge.
bounds as (

    select
        quantile_cont(x, 0.005) as x_min,
        greatest(quantile_cont(x, 0.995) - quantile_cont(x, 0.005), 1e-9) / {{ columns }} as x_step,
        quantile_cont(y, 0.005) as y_min,
        greatest(quantile_cont(y, 0.995) - quantile_cont(y, 0.005), 1e-9) / {{ rows }} as y_step
    from positions
    where is_training_customer

),

cells as (

    select
        positions.customer_id,
        bounds.x_min,
        bounds.x_step,
        bounds.y_min,
        bounds.y_step,
        cast(greatest(least(floor((positions.x - bounds.x_min) / bounds.x_step), {{ columns - 1 }}), 0) as integer)
            as map_column,
        cast(greatest(least(floor((positions.y - bounds.y_min) / bounds.y_step), {{ rows - 1 }}), 0) as integer)
            as map_row
    from positions
    cross join bounds

)

select
    segments.segmentation_id,
    segments.cluster,
    segments.segment_id,
    cells.map_column,
    cells.map_row,
    max(cells.x_min + (cells.map_column + 0.5) * cells.x_step) as x,
    max(cells.y_min + (cells.map_row + 0.5) * cells.y_step) as y,
    count(*) as customers
from cells
inner join scores
    on cells.customer_id = scores.customer_id
inner join segments
    on
        scores.segmentation_id = segments.segmentation_id
        and scores.cluster = segments.cluster
group by segments.segmentation_id, segments.cluster, segments.segment_id, cells.map_column, cells.map_row
