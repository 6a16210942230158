-- Every row of the file is a customer or a refused row: nothing is lost, nothing is doubled.
with

counts as (

    select
        (select count(*) from {{ ref('base_crm__customers_raw') }}) as file_rows,
        (select count(*) from {{ ref('stg_crm__customers') }}) as kept_rows,
        (select count(*) from {{ ref('stg_crm__customers_rejected') }}) as refused_rows

)

select
    file_rows,
    kept_rows,
    refused_rows
from counts
where file_rows != kept_rows + refused_rows
