with

customer_levels as (

    select * from {{ ref('int_customer_levels') }}

)

select
    attribute,
    level,
    count(*) as customers
from customer_levels
group by attribute, level
