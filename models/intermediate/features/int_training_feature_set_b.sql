with

feature_set_b as (

    select * from {{ ref('int_feature_set_b') }}

),

training_customers as (

    select customer_id from {{ ref('int_training_customers') }}

)

select feature_set_b.*
from feature_set_b
inner join training_customers
    on feature_set_b.customer_id = training_customers.customer_id
