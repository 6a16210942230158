{{ config(materialized='table') }}

with

file_columns as (

    select * from {{ source('crm', 'file_columns') }}

)

select
    cast(position as integer) as position,
    header,
    column_name,
    attribute
from file_columns
