with

checked as (

    select * from {{ ref('base_crm__customers_checked') }}

),

file_rows as (

    select * from {{ ref('base_crm__customers_raw') }}

),

parts as (

    select
        _file_name as file_name,
        min(_row_number) as first_row_number
    from file_rows
    group by _file_name

)

select
    checked.row_number,
    parts.file_name,
    checked.row_number - parts.first_row_number + 1 as file_row_number,
    checked.customer_id,
    checked.rejection_reason,
    checked.rejection_detail,
    coalesce(file_rows._raw_line, cast(to_json(file_rows) as varchar)) as raw_row
from checked
inner join file_rows
    on checked.row_number = file_rows._row_number
inner join parts
    on file_rows._file_name is not distinct from parts.file_name
where checked.rejection_reason is not null
