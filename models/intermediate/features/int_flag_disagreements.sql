with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

disagreements as (

    select
        customer_id,
        contradicted_flags,
        unnest(disagreeing_flags) as attribute
    from customers

)

select
    attribute,
    count(*) as disagreeing_customers,
    count(*) filter (where list_contains(contradicted_flags, attribute)) as contradicted_customers
from disagreements
group by attribute
