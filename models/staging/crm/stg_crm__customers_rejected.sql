with

checked as (

    select * from {{ ref('base_crm__customers_checked') }}

),

file_rows as (

    select * from {{ ref('base_crm__customers_raw') }}

)

select
    checked.row_number,
    checked.customer_id,
    checked.rejection_reason,
    checked.rejection_detail,
    coalesce(file_rows._raw_line, cast(to_json(file_rows) as varchar)) as raw_row
from checked
inner join file_rows
    on checked.row_number = file_rows._row_number
where checked.rejection_reason is not null
