with

customers as (

    select * from {{ ref('int_customer_flags') }}

),

disagreements as (

    select
        customer_id,
        unnest(disagreeing_flags) as attribute
    from customers

)

select
    attribute,
    count(*) as disagreeing_customers
from disagreements
group by attribute
