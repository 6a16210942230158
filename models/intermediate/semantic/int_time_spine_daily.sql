with

customers as (

    select * from {{ ref('fct_customer_segments') }}

),

years as (

    select
        date_trunc('year', min(as_of_date)) as first_day,
        date_trunc('year', max(as_of_date)) + interval 1 year as first_day_after
    from customers

)

select cast(unnest(range(first_day, first_day_after, interval 1 day)) as date) as date_day
from years
