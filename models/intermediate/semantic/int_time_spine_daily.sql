with

customers as (

    select * from {{ ref('fct_customer_segments') }}

),

years as (

    select
        date_trunc('year', min(as_of_date)) as first_day,
        date_trunc('year', max(as_of_date)) + interval 1 year - interval 1 day as last_day
    from customers

),

days as (

    select unnest(generate_series(first_day, last_day, interval 1 day)) as day_start
    from years

)

select cast(day_start as date) as date_day
from days
