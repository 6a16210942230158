with

customer_levels as (

    select * from {{ ref('int_customer_levels') }}

),

training_customers as (

    select * from {{ ref('int_training_customers') }}

)

select
    customer_levels.attribute,
    customer_levels.level,
    count(*) as customers,
    count(training_customers.customer_id) as training_customers
from customer_levels
left join training_customers
    on customer_levels.customer_id = training_customers.customer_id
group by customer_levels.attribute, customer_levels.level
