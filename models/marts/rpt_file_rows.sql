with

customers as (

    select * from {{ ref('stg_crm__customers') }}

),

rejected as (

    select * from {{ ref('stg_crm__customers_rejected') }}

),

outcomes as (

    select
        'kept' as outcome,
        count(*) as file_rows
    from customers
    union all
    select
        rejection_reason as outcome,
        count(*) as file_rows
    from rejected
    group by rejection_reason

)

select
    outcome,
    outcome = 'kept' as is_kept,
    file_rows,
    file_rows / sum(file_rows) over () as share_of_rows
from outcomes
