{{ config(materialized='view') }}

with

checked as (

    select * from {{ ref('base_crm__customers_checked') }}

)

select * exclude (row_number, value_issues, rejection_reason, rejection_detail)
from checked
where rejection_reason is null
