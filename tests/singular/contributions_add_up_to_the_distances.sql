-- For every training customer the contributions of the attributes are its distances, and no attribute's is missing.
with

contributions as (

    select * from {{ ref('fct_customer_contributions') }}

),

training_customers as (

    select * from {{ ref('int_training_customers') }}

),

customers as (

    select * from {{ ref('fct_customer_segments') }}
    where customer_id in (select training_customers.customer_id from training_customers)

),

sums as (

    select
        customer_id,
        sum(own_contribution) as distance,
        sum(runner_up_contribution) as runner_up_distance,
        count(*) - count(own_contribution + runner_up_contribution) as missing
    from contributions
    where customer_id in (select training_customers.customer_id from training_customers)
    group by customer_id

)

select
    customers.customer_id,
    customers.distance,
    customers.runner_up_distance,
    sums.distance as sum_of_own,
    sums.runner_up_distance as sum_of_runner_up,
    sums.missing
from customers
left join sums
    on customers.customer_id = sums.customer_id
where
    sums.customer_id is null
    or sums.missing > 0
    or abs(sums.distance - customers.distance) > 1e-9 * greatest(customers.distance, 1)
    or abs(sums.runner_up_distance - customers.runner_up_distance) > 1e-9 * greatest(customers.runner_up_distance, 1)
