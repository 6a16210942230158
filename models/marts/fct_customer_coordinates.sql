{{ config(materialized='view') }}

with

coordinates as (

    select * from {{ ref('int_famd_coordinates') }}

),

by_axis as (

    select
        customer_id,
        unnest(range(1, array_length(coordinates) + 1)) as axis,
        unnest(coordinates) as coordinate
    from coordinates

)

select
    customer_id,
    cast(axis as integer) as axis,
    coordinate
from by_axis
